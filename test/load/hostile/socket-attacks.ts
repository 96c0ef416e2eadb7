// Bytes that are no HTTP, or not all of it, and websockets that are none.
import type { Chance } from '../random.js'
import { apiAttack, type KnownOperation, signedV1 } from './api-attacks.js'
import type { Prey } from './agent-attacks.js'
import { type Attack, HOST, http } from './attack.js'

const door = 'api'

const malformed = (chance: Chance): Attack => {
  const bytes = chance.pick<string | Buffer>([
    '\r\n\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`,
    `GET / HTTP/1.1\r\n${HOST} folded: 1\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}bad name: 1\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}a: \0\r\n\r\n`,
    `GET /\0 HTTP/1.1\r\n${HOST}\r\n`,
    `GET http://evil.example/ HTTP/1.1\r\n${HOST}\r\n`,
    `GET //x HTTP/1.1\r\n${HOST}\r\n`,
    `GET /?${'a'.repeat(300_000)} HTTP/1.1\r\n${HOST}\r\n`,
    `GET / HTTP/1.1\r\n${HOST}${Array.from({ length: 900 }, (_, index) => `x-${index}: 1\r\n`).join('')}\r\n`,
    `GET / HTTP/1.1\r\n${HOST}x: ${'y'.repeat(280_000)}\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x10\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5, 5\r\n\r\nhello`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Expect: nothing\r\n\r\n`,
    `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `GET / HTTP/1.0\r\n\r\n`,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    chance.bytes(chance.between(1, 500)),
  ])
  return {
    kind: 'malformed',
    door,
    bytes: [bytes],
    answers: 1,
    mayClose: true,
    spoils: true,
    halfClose: true,
    mayPass: false,
  }
}

/** A good request, up to somewhere. */
const truncated = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const whole = Buffer.from(apiAttack(chance, operations).bytes[0] ?? '')
  const bytes = whole.subarray(0, chance.between(0, whole.length - 1))
  return {
    kind: 'truncated',
    door,
    bytes: [bytes],
    answers: 1,
    mayClose: true,
    mayPass: true,
    spoils: true,
    halfClose: true,
  }
}

/** Says less than it promises and goes away. */
const lyingLength = (chance: Chance): Attack => ({
  kind: 'less than promised',
  door,
  bytes: [`POST / HTTP/1.1\r\n${HOST}Content-Length: ${chance.between(10, 4_000_000)}\r\n\r\nabc`],
  answers: 1,
  mayClose: true,
  spoils: true,
  halfClose: true,
})

const slow = (chance: Chance): Attack => {
  const whole = Buffer.from(
    http(
      'GET',
      `/?${signedV1('GET', [
        ['Action', 'NoSuchAction'],
        ['Format', 'JSON'],
      ])}`,
    ),
  )
  const step = Math.ceil(whole.length / chance.between(3, 12))
  const bytes: Buffer[] = []
  for (let at = 0; at < whole.length; at += step) bytes.push(whole.subarray(at, at + step))
  return { kind: 'slow', door, bytes, answers: 1, pauseMs: 20 }
}

const pipelined = (chance: Chance): Attack => {
  const amount = chance.between(2, 20)
  const one = (): string =>
    String(
      http(
        'GET',
        `/?${signedV1('GET', [
          ['Action', chance.pick(['NoSuchAction', 'DescribeRegions'])],
          ['Format', 'JSON'],
        ])}`,
      ),
    )
  const all = Array.from({ length: amount }, one).join('')
  return { kind: 'pipelined', door, bytes: [all], answers: amount, mayPass: true }
}

const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A frame as nobody should write it: unmasked, reserved bits, lengths that lie. */
const frame = (chance: Chance): Buffer => {
  const head = Buffer.from([chance.between(0, 255), chance.between(0, 255)])
  return chance.chance(0.4)
    ? Buffer.concat([head, chance.bytes(chance.between(0, 200))])
    : chance.pick([
        Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]),
        Buffer.from([0x80, 0x80, 0, 0, 0, 0]),
        Buffer.from([0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0]),
        Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]),
        Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
        Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x00, 0x01]),
        Buffer.from([0x88, 0x80, 0, 0, 0, 0]),
        Buffer.concat(Array.from({ length: 700 }, () => Buffer.from([0x89, 0x80, 0, 0, 0, 0]))),
        Buffer.concat(Array.from({ length: 100 }, () => Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x61]))),
      ])
}

const websocket = (chance: Chance, { hosts }: Prey): Attack => {
  const roll = chance.next()
  const path = chance.chance(0.8) ? '/luban/notify_server' : chance.pick(['/luban/', '/luban/x', '/', '/luban/session'])
  const signed =
    roll < 0.6
      ? Object.entries(chance.pick(hosts).signed())
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')
      : ''
  const key = chance.chance(0.8) ? KEY : chance.pick(['', 'Sec-WebSocket-Version: 99\r\n', 'Sec-WebSocket-Key: x\r\n'])
  const frames = Array.from({ length: chance.between(0, 4) }, () => frame(chance))
  return {
    kind: 'websocket',
    door: 'agent',
    bytes: [`GET ${path} HTTP/1.1\r\n${HOST}${HANDSHAKE}${key}${signed}\r\n`, ...frames],
    answers: 1,
    // Where nothing was upgraded, a frame is a malformed request behind one that is not answered yet.
    mayClose: frames.length > 0,
    mayPass: true,
    spoils: true,
    pauseMs: chance.pick([0, 5]),
  }
}

export const socketAttack = (chance: Chance, operations: readonly KnownOperation[], prey: Prey): Attack => {
  const roll = chance.next()
  if (roll < 0.4) return malformed(chance)
  if (roll < 0.55) return truncated(chance, operations)
  if (roll < 0.65) return lyingLength(chance)
  if (roll < 0.7) return slow(chance)
  if (roll < 0.8) return pipelined(chance)
  return websocket(chance, prey)
}
