import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ask, dial, readToEnd, startTestFront } from './_support.js'

// Bytes that are no request, or nearly one: each connection is answered below 500 or closed, and the next request is
// served.

const TOKENS = [
  'GET',
  'POST',
  'OPTIONS',
  'CONNECT',
  'PRI',
  ' ',
  '/',
  '/luban/notify_server',
  '/healthz',
  '?Format=XML',
  'http://evil.example/',
  '%',
  '*',
  ' HTTP/1.1',
  ' HTTP/1.0',
  '\r\n',
  '\n',
  '\r\n\r\n',
  'Host: localhost',
  'Host: evil.example',
  'Origin: null',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Connection: Upgrade',
  'Connection: close',
  'Content-Length: 3',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Expect: 100-continue',
  'Expect: x',
  'X-Forwarded-For: 1.2.3.4',
  'Forwarded: for="[::1]:1";proto=http',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '\0',
  '\x80\xff',
  'a',
] as const

const request = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...TOKENS) }, fc.string({ maxLength: 20 })), {
    maxLength: 25,
  })
  .map((parts) => parts.join(''))

const nearlyOne = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'FOO'),
    fc.constantFrom('/', '/luban/x', '/luban/notify_server', '/healthz', '*', 'http://localhost/', '//', '/?a=%zz'),
    fc.array(fc.constantFrom(...TOKENS.filter((token) => /^[A-Z][\w-]+: /.test(token))), { maxLength: 6 }),
    fc.constantFrom('', '0\r\n\r\n', 'abc', '3\r\nabc\r\n0\r\n\r\n', 'zz\r\n'),
  )
  .map(([method, target, headers, body]) =>
    [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n'),
  )

it('answers or closes whatever comes, never with a failure of its own, and goes on', { timeout: 120_000 }, async () => {
  await using test = await startTestFront({ settings: { trustedProxies: ['127.0.0.1'] } })
  await fc.assert(
    fc.asyncProperty(fc.oneof(request, nearlyOne), async (bytes) => {
      const socket = await dial(test.plainPort)
      const answer = readToEnd(socket)
      // The end of what is sent makes the server end too, unless a websocket was opened.
      socket.end(Buffer.from(bytes, 'latin1'))
      let given = 'time'
      const limit = setTimeout(() => {
        given = 'no more time'
        socket.destroy()
      }, 10_000)
      // The test's websocket stays open; nothing else may.
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('HTTP/1.1 101 ')) socket.destroy()
      })
      const text = await answer
      clearTimeout(limit)
      expect(given).toBe('time')
      for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d+) /gm)) expect(Number(status)).toBeLessThan(500)
    }),
    { numRuns: 1_500 },
  )
  expect(test.events.filter((event) => event.startsWith('door failed'))).toEqual([])
  expect(await ask(test.plainPort, '/')).toContain('api GET / 0')
})
