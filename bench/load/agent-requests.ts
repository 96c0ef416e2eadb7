// Requests of the vendor's agent as they go over the socket (agent-protocol.md §4), from headers that were signed before.

const COMMON = 'Host: localhost\r\nUser-Agent: linux_amd64/2.2.3.578\r\nAccept-Encoding: identity\r\n'

const get = (path: string, headers: string): string => `GET ${path} HTTP/1.1\r\n${COMMON}${headers}\r\n`

const post = (path: string, headers: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\n${COMMON}${headers}Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

export const heartBeat = (headers: string, index: number): string =>
  get(
    `/luban/api/heart-beat?uptime=86400000&timestamp=${Date.now()}&pid=4242&process_uptime=3600000&index=${index}&seq_no=${index}`,
    headers,
  )

export const running = (headers: string, taskId: string, start: number): string =>
  post(`/luban/api/v1/task/running?taskId=${taskId}&invokeVersion=1&start=${start}`, headers)

export const finish = (headers: string, taskId: string, start: number, output: string): string =>
  post(
    `/luban/api/v1/task/finish?taskId=${taskId}&invokeVersion=1&start=${start}&end=${start + 5}&exitCode=0&dropped=0`,
    headers,
    output,
  )

/** The handshake of the notify socket. */
export const notifyHandshake = (headers: string): string =>
  get(
    '/luban/notify_server',
    `${headers}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
  )
