// The socket floor (design §8): a bare TLS server; for each agent one websocket and one idle kept-alive HTTPS connection,
// nothing else. Arguments: file with certificate and key, port (any if it is not given).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { obey, tellReady } from '../measure/controlled.js'

const [certificateFile = '', port = '0'] = process.argv.slice(2)
const material = readFileSync(certificateFile)
/** Serves as the answer to a heartbeat and to a fetch of tasks. */
const BODY = '{"code":200,"nextInterval":60000,"instanceId":"","run":[],"stop":[],"test":[]}'
const server = createServer(
  { key: material, cert: material, noDelay: true, keepAliveTimeout: 120_000 },
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length })
    response.end(BODY)
  },
)
const websockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false })
const open = new Set<WebSocket>()
server.on('upgrade', (request, socket, head) => {
  websockets.handleUpgrade(request, socket, head, (websocket) => {
    open.add(websocket)
    websocket.on('close', () => open.delete(websocket))
  })
})
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 8_192 }, () => {
  obey({ connected: () => open.size })
  tellReady({ tls: (server.address() as AddressInfo).port })
})
