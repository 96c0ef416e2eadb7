import { describe, expect, it } from 'vitest'
import { base64Length, decodeBase64, encodeBytes, scriptOf } from './encoded-content.js'

const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

describe('content that is said to be Base64', () => {
  it('is decoded, with the line breaks that MIME puts in', () => {
    expect(decodeBase64('ZWNo\r\nbyAx\nMjM=')?.toString()).toBe('echo 123')
  })

  it.each(['echo hello', 'ls', 'ZWNobw', 'ZWNo=byA', 'ZWNobyAx====', 'ZW-o_yAx', '\u00e9\u00e9\u00e9\u00e9', ' \n'])(
    'is refused when it is %s',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined()
    },
  )

  it('has the length that its bytes need', () => {
    for (const size of [0, 1, 2, 3, 4, 100, 18_432]) {
      expect(base64Length(size)).toBe(Buffer.alloc(size).toString('base64').length)
    }
  })
})

describe('a script', () => {
  it('is what was written, as UTF-8', () => {
    expect(Buffer.from(scriptOf('echo 你好', 'PlainText') ?? []).toString('utf8')).toBe('echo 你好')
  })

  it('is nothing when it cannot be decoded', () => {
    expect(scriptOf('echo 123', 'Base64')).toBeUndefined()
  })
})

describe('bytes in an answer', () => {
  it('are Base64 without breaks when nothing else was asked for', () => {
    const encoded = encodeBytes(new Uint8Array(200).fill(65), undefined)
    expect(encoded).not.toMatch(/\s/)
    expect(Buffer.from(encoded, 'base64').length).toBe(200)
  })

  it('are the bytes of the view, not of what is behind it', () => {
    expect(encodeBytes(Buffer.from('xxabcxx').subarray(2, 5), 'Base64')).toBe('YWJj')
  })

  it('are text with U+FFFD for what is no UTF-8', () => {
    expect(encodeBytes(bytesOf(0x61, 0xff, 0x62, 0xe4, 0xbd), 'PlainText')).toBe('a\ufffdb\ufffd')
  })

  it('keep a byte order mark, which a script may have meant', () => {
    expect(encodeBytes(bytesOf(0xef, 0xbb, 0xbf, 0x61), 'PlainText')).toBe('\ufeffa')
  })

  it('are empty when there are none', () => {
    expect(encodeBytes(undefined, undefined)).toBe('')
    expect(encodeBytes(new Uint8Array(), 'PlainText')).toBe('')
  })
})
