import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import picocolors from 'picocolors'
import { type Api, openApi } from './call-operation.js'
import type { Connection } from './settings.js'

export const plainColours = picocolors.createColors(false)

export interface ReceivedCall {
  readonly action: string
  readonly parameters: ReadonlyMap<string, string>
  readonly headers: IncomingMessage['headers']
}

export interface FakePeer extends AsyncDisposable {
  readonly origin: string
  readonly calls: readonly ReceivedCall[]
}

/** A server on loopback that answers what the test says. */
export const startPeer = async (
  answer: (call: ReceivedCall, response: ServerResponse) => void | Promise<void>,
): Promise<FakePeer> => {
  const calls: ReceivedCall[] = []
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const call = {
        action: String(request.headers['x-acs-action']),
        parameters: new Map(new URLSearchParams(body)),
        headers: request.headers,
      }
      calls.push(call)
      await answer(call, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const answerJson = (response: ServerResponse, content: unknown, status = 200, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers })
  response.end(JSON.stringify(content))
}

export const connectionTo = (origin: string, other: Partial<Connection> = {}): Connection => ({
  endpoint: new URL(origin),
  endpointSource: '--endpoint',
  key: { accessKeyId: 'id', accessKeySecret: 'secret' },
  keySource: '--access-key-id',
  regionId: 'cn-hangzhou',
  ca: undefined,
  timeoutMs: 20_000,
  server: undefined,
  data: './data',
  ...other,
})

export const apiOf = (peer: FakePeer, other: Partial<Connection> = {}): Api => openApi(connectionTo(peer.origin, other))
