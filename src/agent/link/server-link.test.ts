import { createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpened, makeCertificates } from '../_support.js'
import { parseServerAddress } from './server-address.js'
import { isSuccess, openServerLink } from './server-link.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

/** A link to a server that answers a request with these bytes, or as a function does. */
const linkTo = async (answer: string | ((socket: TLSSocket) => void), trusted = true) => {
  const { ca, certificate } = await makeCertificates()
  const sockets = new Set<TLSSocket>()
  const server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => (typeof answer === 'string' ? socket.write(answer) : answer(socket)))
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.add({
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  const link = openServerLink({
    address: parseServerAddress(`127.0.0.1:${(server.address() as AddressInfo).port}`),
    ca: trusted ? ca : (await makeCertificates()).ca,
    userAgent: 'linux_amd64/1.0.0.1',
  })
  opened.add({ stop: async () => link.close() })
  return link
}

const request = { method: 'POST', target: '/', contentType: 'text/plain; charset=utf-8', timeoutMs: 2_000 } as const

/** Something without end, until the socket closes. */
const endlessly =
  (bytes: string, begin = '') =>
  (socket: TLSSocket): void => {
    socket.write(begin)
    const timer = setInterval(() => socket.write(bytes), 1)
    socket.on('close', () => clearInterval(timer))
  }

describe('a request ends, whatever the server does:', () => {
  it.each<[string, string | ((socket: TLSSocket) => void)]>([
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['an answer that is none', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['nothing', ''],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'],
    [
      'half an answer and the end',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
    ],
    ['headers without end', endlessly(`x-${'y'.repeat(100)}: z\r\n`, 'HTTP/1.1 200 OK\r\n')],
    ['a body without end', endlessly('x'.repeat(1_000), 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')],
    ['promises without end', endlessly('HTTP/1.1 100 Continue\r\n\r\n')],
    ['a reset', (socket) => socket.destroy()],
  ])('%s', async (_what, answer) => {
    const link = await linkTo(answer)
    const exchange = await link.exchange({ ...request, answerLimit: 100_000 })
    expect(exchange.kind).toMatch(/unsent|unanswered/)
  })

  it('a certificate of another authority', async () => {
    const exchange = await (await linkTo('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', false)).exchange(request)
    expect(exchange).toMatchObject({ kind: 'unsent', reason: expect.stringMatching(/certificate/) })
  })
})

describe('success', () => {
  it('is an answer from where the request was sent: a redirection is not followed, and acknowledges nothing', async () => {
    const link = await linkTo('HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n')
    const exchange = await link.exchange(request)
    expect(exchange).toMatchObject({ kind: 'answered', status: 302 })
    expect(isSuccess(302)).toBe(false)
  })

  it.each([
    [200, true],
    [204, true],
    [300, false],
    [399, false],
    [400, true],
    [401, false],
    [500, false],
  ])('status %d: %s', (status, success) => {
    expect(isSuccess(status)).toBe(success)
  })
})
