import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAuthorization } from './authorization-header.js'
import { equalTexts } from './equal-texts.js'
import { percentEncode, percentEncodeTwice } from './percent-encode.js'
import { createSigningKeys } from './signing-keys.js'
import { sortedNames } from './sorted-names.js'

const text = fc.string({ unit: 'binary' })

/** By the letter of rpc.md §1.3. */
const encodeBytes = (value: string): string => {
  let encoded = ''
  for (const byte of Buffer.from(value)) {
    const character = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9\-_.~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

describe('canonical form', () => {
  it('encodes every byte that is not unreserved, once or twice', () => {
    expect(percentEncode(` *+/!'()\n\r~-_.aZ9%=&ü😀`)).toBe(
      '%20%2A%2B%2F%21%27%28%29%0A%0D~-_.aZ9%25%3D%26%C3%BC%F0%9F%98%80',
    )
    fc.assert(
      fc.property(text, (value) => {
        expect(percentEncode(value)).toBe(encodeBytes(value))
        expect(percentEncodeTwice(value)).toBe(encodeBytes(encodeBytes(value)))
      }),
    )
  })

  it('sorts names by their bytes', () => {
    const ids = ['InstanceId.2', 'InstanceId.11', 'InstanceId.10', 'InstanceId.1']
    expect(sortedNames(ids)).toEqual(['InstanceId.1', 'InstanceId.10', 'InstanceId.11', 'InstanceId.2'])
    expect(sortedNames(['\u{10000}', '\uffee', 'a'])).toEqual(['a', '\uffee', '\u{10000}'])
    fc.assert(
      fc.property(fc.array(text), (names) => {
        const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(sortedNames(names)).toEqual(byBytes)
      }),
    )
  })

  it('is compared whole', () => {
    expect(equalTexts('abc', 'abc')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '', 'ABC']) expect(equalTexts('abc', other)).toBe(false)
  })
})

describe('Authorization', () => {
  const parsed = { algorithm: 'A', accessKeyId: 'k', signedHeaders: ['host', 'x-acs-date'], signature: 's=' }

  it('is read in any order, with or without spaces', () => {
    expect(parseAuthorization('A Credential=k,SignedHeaders=host;x-acs-date,Signature=s=')).toEqual(parsed)
    expect(parseAuthorization('A Signature=s=, SignedHeaders=host;x-acs-date , Credential=k')).toEqual(parsed)
  })

  it.each([
    '',
    'A',
    'A ',
    'A Credential=k,Signature=s',
    'A Credential=k,SignedHeaders=,Signature=s',
    'A Credential=k,SignedHeaders=Host,Signature=s',
    'A Credential=k,SignedHeaders=a b,Signature=s',
    'A Credential=k,SignedHeaders=host,Signature=s,Signature=s',
    'A Credential=k,SignedHeaders=host,Signature=s,nonsense',
    `A Credential=k,SignedHeaders=${'a;'.repeat(100)}a,Signature=s`,
  ])('%.60j does not conform', (header) => {
    expect(parseAuthorization(header)).toBeUndefined()
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (header) => void parseAuthorization(`ACS3-HMAC-SHA256 ${header}`)))
  })
})

describe('signing keys', () => {
  it('are made once, and again for another secret', () => {
    const keys = createSigningKeys()
    const first = keys.of('a', 'one')
    expect(keys.of('a', 'one')).toBe(first)
    const second = keys.of('a', 'two')
    expect(second).not.toBe(first)
    const hmac = (secret: string) => createHmac('sha1', secret).update('text').digest('hex')
    expect(second.v1.sign('sha1', 'text', 'hex')).toBe(hmac('two&'))
    expect(second.v3.sign('sha1', 'text', 'hex')).toBe(hmac('two'))
  })

  it('are kept for a bounded number of ids', () => {
    const keys = createSigningKeys(2)
    const first = keys.of('a', 's')
    keys.of('b', 's')
    keys.of('c', 's')
    expect(keys.of('a', 's')).not.toBe(first)
  })
})
