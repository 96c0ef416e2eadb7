import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Treats a request that asks for another protocol as the plain request that it is without that wish (RFC 9110 §7.8).
 * Java's HTTP client asks for h2c in its first request, and so does `curl --http2`; Node hands every such request to
 * the websocket listener. So the request is put back on its socket without the wish and is read again.
 * @param event `connection`, or `secureConnection` on a TLS server
 */
export const replayWithoutUpgrade = (
  server: Server,
  event: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`]
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const lowerName = name.toLowerCase()
    if (lowerName === 'upgrade' || lowerName === 'http2-settings') continue
    if (lowerName !== 'connection') {
      lines.push(`${name}: ${value}`)
      continue
    }
    const kept = value.split(',').filter((token) => !/^\s*(upgrade|http2-settings)\s*$/i.test(token))
    if (kept.length > 0) lines.push(`${name}: ${kept.join(',')}`)
  }
  if (head.length > 0) socket.unshift(head)
  // Node reads header bytes as Latin-1.
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  server.emit(event, socket)
}
