import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messages } from '../../protocol/messages/index.js'
import { startGateway, type TestGateway, type TestHost, TestRoom, until } from './_support.js'

// Whatever a peer sends: no 5xx, no failure told, no crash, and the door still serves others.

let room: TestRoom
let door: TestGateway
let host: TestHost

beforeAll(async () => {
  room = new TestRoom()
  host = room.add('mi-1')
  door = await startGateway(room, { bodyTimeoutMs: 500 })
})

afterAll(() => door[Symbol.asyncDispose]())

const serves = async (): Promise<void> => {
  expect((await door.call(host, 'GET', '/luban/api/heart-beat')).status).toBe(200)
  expect(room.kinds()).not.toContain('failed')
  room.events.length = 0
}

/** Characters that a client can put into a request line. */
const targetText = fc.stringMatching(/^[!-~]{0,200}$/)
const parameters = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'taskId',
        'start',
        'end',
        'exitCode',
        'dropped',
        'errCode',
        'param',
        'value',
        'reason',
        'pid',
        'x',
      ),
      fc.oneof(
        targetText,
        fc.constantFrom('t-1', '0', '-1', '1e9', 'NaN', '99999999999999999999', '%00', '%ff%fe', '%', '__proto__'),
      ),
    ),
    { maxLength: 12 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))
const bodies = fc.oneof(
  fc.json(),
  fc.string(),
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('', '{}', '[]', 'null', '{"tag":[null]}', '{"plugin":[[]]}', '['.repeat(5_000)),
)
const endpoint = fc.constantFrom(
  ...Object.values(messages).filter((message) => message.path !== '/luban/api/instance/deregister'),
)

describe('garbage', () => {
  it('in queries and bodies of every endpoint, signed or not, gets an answer below 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        endpoint,
        fc.boolean(),
        fc.oneof(targetText, parameters),
        bodies,
        async (message, sign, query, body) => {
          const target = `${message.path}?${query.replaceAll('#', '')}`
          const headers = sign ? door.signed(host) : {}
          const answer = await door.ask(message.method, target, headers, message.method === 'GET' ? '' : body)
          expect(answer.status).toBeLessThan(500)
          expect(answer.headers['content-type']).toMatch(/^(?:application\/json|text\/plain)$/)
        },
      ),
      { numRuns: 400 },
    )
    await serves()
  })

  it('in identity headers gets 401', async () => {
    const headerText = fc.stringMatching(/^[\x20-\x7e]{0,700}$/)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('x-acs-instance-id', 'x-acs-timestamp', 'x-acs-request-id', 'x-acs-signature'),
        headerText,
        async (name, value) => {
          const answer = await door.ask('GET', '/luban/api/heart-beat', { ...door.signed(host), [name]: value })
          expect(answer.status).toBe(401)
        },
      ),
      { numRuns: 100 },
    )
    await serves()
  })

  it('in place of websocket frames ends the socket and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }), async (chunks) => {
        const socket = connect(door.port, '127.0.0.1')
        socket.on('error', () => undefined)
        const lines = Object.entries(door.signed(host)).map(([name, value]) => `${name}: ${value}\r\n`)
        const answered = new Promise<string>((resolve) =>
          socket.once('data', (data) => resolve(data.toString('latin1'))),
        )
        socket.write(
          `GET /luban/notify_server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${lines.join('')}\r\n`,
        )
        expect(await answered).toMatch(/^HTTP\/1.1 101/)
        for (const chunk of chunks) socket.write(chunk)
        socket.end()
        await new Promise((resolve) => socket.once('close', resolve))
      }),
      { numRuns: 150 },
    )
    await until(() => door.gateway.connectionCount() === 0, 'that every socket is closed')
    await serves()
  })

  it('of handshakes is refused below 500', async () => {
    const line = fc.stringMatching(/^[\x20-\x7e]{0,60}$/)
    await fc.assert(
      fc.asyncProperty(line, line, fc.constantFrom('GET', 'POST', 'PUT'), async (key, version, method) => {
        const socket = connect(door.port, '127.0.0.1')
        socket.on('error', () => undefined)
        const chunks: Buffer[] = []
        socket.on('data', (chunk) => chunks.push(chunk))
        const lines = Object.entries(door.signed(host)).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.write(
          `${method} /luban/notify_server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: ${key}\r\n${lines.join('')}\r\n`,
        )
        await until(() => chunks.length > 0, 'an answer')
        expect(Number(Buffer.concat(chunks).toString('latin1').slice(9, 12))).toBeLessThan(500)
        socket.destroy()
      }),
      { numRuns: 100 },
    )
    await serves()
  })

  it('a body that never comes to its end is not waited for', async () => {
    const headers = { ...door.signed(host), 'content-length': '100' }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = connect(door.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write(`POST /luban/api/v1/task/running?taskId=t-1&start=1 HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\nabc`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 408 /)
    await serves()
  })

  it('many half-open requests and cut-off bodies leave nothing behind', async () => {
    for (let index = 0; index < 50; index++) {
      const socket = connect(door.port, '127.0.0.1')
      socket.on('error', () => undefined)
      const lines = Object.entries(door.signed(host)).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`POST /luban/api/v1/task/running?taskId=t-1&start=1 HTTP/1.1\r\nHost: x\r\ncontent-length: 10\r\n`)
      socket.write(`${lines.join('')}\r\nabc`)
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.destroy()
    }
    door.server.closeIdleConnections()
    await until(async () => (await openSockets(door)) === 0, 'that every connection is closed')
    await serves()
  })
})

const openSockets = (gateway: TestGateway): Promise<number> =>
  new Promise((resolve, reject) => {
    gateway.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
