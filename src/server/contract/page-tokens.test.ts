import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from '../domain/faults.js'
import { createPageTokens } from './page-tokens.js'

const KEY = Buffer.alloc(32, 1)
const tokens = createPageTokens(KEY, 'list of a')
const refusal = (open: () => unknown): unknown => {
  try {
    return open()
  } catch (error) {
    return error
  }
}
const MALFORMED = new Fault('page-token/malformed')

describe('page tokens', () => {
  it('give back the cursor that they were made of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }), (cursor) => {
        const token = tokens.seal(cursor)
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(tokens.open(token)).toBe(cursor)
      }),
    )
  })

  it('are empty when there is no cursor', () => {
    expect(tokens.seal(undefined)).toBe('')
  })

  it('are good on every node with the same key, however the key and the binding come', () => {
    expect(createPageTokens(createSecretKey(KEY), () => 'list of a').open(tokens.seal('c'))).toBe('c')
  })

  it('are not good for another list, or with another key', () => {
    const token = tokens.seal('c')
    expect(refusal(() => createPageTokens(KEY, 'list of b').open(token))).toEqual(MALFORMED)
    expect(refusal(() => createPageTokens(Buffer.alloc(32, 2), 'list of a').open(token))).toEqual(MALFORMED)
  })

  it('are not good when a single character was changed, added or taken away', () => {
    const token = tokens.seal('2026-11-24/i-1')
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === 'A' ? 'B' : 'A'
      expect(refusal(() => tokens.open(token.slice(0, index) + other + token.slice(index + 1)))).toEqual(MALFORMED)
    }
    for (const wrong of [`${token}A`, token.slice(0, -1), `${token}=`, ` ${token}`, `${token}\n`]) {
      expect(refusal(() => tokens.open(wrong))).toEqual(MALFORMED)
    }
  })

  it('that nobody made are refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.base64String(), fc.string({ minLength: 3_000, maxLength: 4_000 })),
        (text) => {
          expect(refusal(() => tokens.open(text))).toEqual(MALFORMED)
        },
      ),
    )
  })
})
