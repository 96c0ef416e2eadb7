// What is sent to a TLS listener in place of a handshake.
import type { Chance } from '../random.js'
import { type Attack, HOST } from './attack.js'

/** The start of a ClientHello of TLS 1.2, as far as its random. */
const HELLO = Buffer.concat([
  Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01, 0x00, 0x00, 0xc4, 0x03, 0x03]),
  Buffer.alloc(32, 7),
])

export const handshakeAttack = (chance: Chance): Attack => {
  const bytes = chance.pick<Buffer | string>([
    `GET / HTTP/1.1\r\n${HOST}\r\n`,
    '',
    'SSH-2.0-x\r\n',
    Buffer.from([0x80, 0x2e, 0x01, 0x00, 0x02]),
    HELLO.subarray(0, chance.between(1, HELLO.length)),
    // A whole record, and no hello in it.
    Buffer.concat([HELLO, chance.bytes(0xc8 - HELLO.length + 5)]),
    // Records that are longer than any may be, and one of a kind that there is not.
    Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0xff, 0xff]), chance.bytes(2_000)]),
    Buffer.concat([Buffer.from([0x99, 0x03, 0x03, 0x00, 0x10]), chance.bytes(16)]),
    // An alert, data, and a change of keys before there are any.
    Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]),
    Buffer.concat([Buffer.from([0x17, 0x03, 0x03, 0x00, 0x40]), chance.bytes(64)]),
    Buffer.from([0x14, 0x03, 0x03, 0x00, 0x01, 0x01]),
    chance.bytes(chance.between(1, 3_000)),
  ])
  return {
    kind: 'no handshake',
    door: 'api',
    bytes: [bytes],
    answers: 1,
    mayClose: true,
    spoils: true,
    halfClose: true,
    inClear: true,
  }
}
