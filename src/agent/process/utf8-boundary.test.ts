import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { completeLength, strayPrefix } from './utf8-boundary.js'

const bytes = (text: string): Buffer => Buffer.from(text)

describe('a cut between UTF-8 characters', () => {
  it('leaves a character that is not complete yet behind', () => {
    for (const character of ['é', '中', '😀']) {
      const whole = bytes(character)
      for (let present = 1; present < whole.length; present++) {
        expect(completeLength(Buffer.concat([bytes('ab'), whole.subarray(0, present)]))).toBe(2)
      }
      expect(completeLength(Buffer.concat([bytes('ab'), whole]))).toBe(2 + whole.length)
    }
  })

  it('takes nothing away from bytes that are no UTF-8, but for one that may begin a character', () => {
    expect(completeLength(Buffer.from([0xff, 0xfe, 0xff]))).toBe(3)
    expect(completeLength(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80]))).toBe(5)
    expect(completeLength(Buffer.from([0x00, 0xe4]))).toBe(1)
    expect(completeLength(new Uint8Array())).toBe(0)
  })

  it('finds the rest of a character at the start', () => {
    expect(strayPrefix(bytes('😀x').subarray(1))).toBe(3)
    expect(strayPrefix(bytes('éx').subarray(1))).toBe(1)
    expect(strayPrefix(bytes('x'))).toBe(0)
    expect(strayPrefix(Buffer.alloc(10, 0x80))).toBe(0)
  })

  it('puts any text together again, piece by piece', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 4, max: 9 }), (text, size) => {
        const whole = bytes(text)
        const pieces: Buffer[] = []
        for (let at = 0; at < whole.length; ) {
          const piece = whole.subarray(at, at + size)
          const length = at + size >= whole.length ? piece.length : completeLength(piece)
          pieces.push(piece.subarray(0, length))
          at += length
        }
        for (const piece of pieces) expect(Buffer.from(piece.toString())).toEqual(piece)
        expect(Buffer.concat(pieces)).toEqual(whole)
      }),
    )
  })
})
