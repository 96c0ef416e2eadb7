import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, redactText } from './redactor.js'

const text = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString()

/** The whole, written in these pieces by a redactor that is made anew for each. */
const inPieces = (secrets: readonly string[], pieces: readonly Uint8Array[]): string => {
  const told: Uint8Array[] = []
  let held: ReturnType<ReturnType<typeof createRedactor>['held']>
  for (const piece of pieces) {
    const redactor = createRedactor(secrets, held)
    told.push(redactor.write(piece))
    held = redactor.held()
  }
  return text(...told, createRedactor(secrets, held).end())
}

describe('a redactor', () => {
  it.each([
    ['nothing to hide', ['s3cret'], 'plain text', 'plain text'],
    ['no secret', [], 's3cret', 's3cret'],
    ['a secret', ['s3cret'], 'a s3cret b', 'a *** b'],
    ['the same one after itself', ['s3cret'], 's3crets3cret', '******'],
    ['one within another', ['cret', 'secrets'], 'secrets cret secret', '*** *** se***'],
    ['one that overlaps another', ['abcd', 'cdef'], 'abcdef', '***'],
    ['one that overlaps itself', ['abab'], 'xabababy', 'x***y'],
    ['one that begins again within', ['aaab'], 'aaaab', 'a***'],
    ['letters of more bytes', ['grün-中'], 'x grün-中 y', 'x *** y'],
    ['one that is too short to be one', ['abc'], 'abc', 'abc'],
    ['lines of one of many lines', ['-----BEGIN-----\nMIIEvQIBAD\nshort\n'], '> MIIEvQIBAD\r\nshort', '> ***\r\nshort'],
    ['one that is cut off', ['s3cret-value'], 'a s3cret-v', 'a ***'],
    ['an end that begins like one', ['s3cret'], 'a s3', 'a s3'],
  ])('%s', (_what, secrets, written, told) => {
    expect(redactText(written, secrets)).toBe(told)
  })

  it('tells what is no beginning of a secret at once', () => {
    const redactor = createRedactor(['s3cret'])
    expect(text(redactor.write(Buffer.from('out s3c')))).toBe('out ')
    expect(redactor.held()).toMatchObject({ covered: 0 })
    expect(text(redactor.write(Buffer.from('ond')))).toBe('s3cond')
    expect(redactor.held()).toBeUndefined()
  })

  it('holds less than the longest secret, however long one goes on', () => {
    const redactor = createRedactor(['abab'])
    let told = ''
    for (let round = 0; round < 100; round += 1) {
      told += text(redactor.write(Buffer.from('abababab')))
      expect(redactor.held()?.bytes.byteLength ?? 0).toBeLessThanOrEqual(4)
    }
    expect(told + text(redactor.end())).toBe('***')
  })

  it.each([
    ['what overlaps it goes on and is no secret', ['aaba'], ['aaaabaa', 'b'], 'aa***ab'],
    ['a shorter one ends within it', ['abaa', 'bbbaa', 'abaabaab'], 'abaabaabacaccb'.split(''), '***acaccb'],
    ['one begins in front of a shorter one', ['bbaa', 'bbaaaaa', 'abbbaaa'], 'abbbaaaabc'.split(''), '***abc'],
  ])('does not tell what it hid already, when %s', (_what, secrets, pieces, told) => {
    expect(
      inPieces(
        secrets,
        pieces.map((piece) => Buffer.from(piece)),
      ),
    ).toBe(told)
    expect(redactText(pieces.join(''), secrets)).toBe(told)
  })

  it('tells the same wherever it is cut, and no secret that was whole', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 40 })
    const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 9 }), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(secrets, letters, fc.array(fc.nat(40), { maxLength: 20 }), (all, written, cuts) => {
        const bytes = Buffer.from(written)
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const pieces = at.slice(1).map((to, index) => bytes.subarray(at[index], to))
        const told = inPieces(all, pieces)
        expect(told).toBe(redactText(written, all))
        for (const secret of all) expect(told).not.toContain(secret)
      }),
      { numRuns: 2_000 },
    )
  })
})
