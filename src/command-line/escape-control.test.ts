import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeControl, escapeControlInJson, escapeControlInXml, escapeControlKeepingLines } from './escape-control.js'

const ESC = '\u001b'

describe('what a host supplied', () => {
  it('cannot move the cursor, colour the screen or set the title', () => {
    expect(escapeControl(`${ESC}[2J${ESC}]0;owned\u0007`)).toBe('\\x1b[2J\\x1b]0;owned\\x07')
  })

  it('cannot use the eight-bit forms of the same controls', () => {
    expect(escapeControl('a\u009b31mb\u0085')).toBe('a\\x9b31mb\\x85')
  })

  it('cannot turn the direction of what is read', () => {
    expect(escapeControl('user\u202e\u2066nimda\u2069')).toBe('user\\u202e\\u2066nimda\\u2069')
  })

  it('cannot hide text in tags, byte order marks or half surrogates', () => {
    expect(escapeControl('a\u{e0041}\ufeff\ud800b')).toBe('a\\u{e0041}\\ufeff\\ud800b')
  })

  it('keeps ordinary text of any language', () => {
    const text = 'grüße 中文 😀 العربية 👨‍👩‍👧 ~\\'
    expect(escapeControl(text)).toBe(text)
  })

  it('keeps lines and tabs where several lines are shown, and a lone carriage return is visible', () => {
    expect(escapeControlKeepingLines('a\tb\r\nc\rd\n')).toBe('a\tb\nc\\rd\n')
    expect(escapeControl('a\tb\nc')).toBe('a\\tb\\nc')
  })

  it('never leaves a control character, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
        expect(escapeControl(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  it('shows JSON as the same document', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = escapeControlInJson(JSON.stringify({ text }, null, 2))
        expect(JSON.parse(shown)).toEqual({ text })
        expect(shown).not.toMatch(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  it('shows XML as the same document, by character references', () => {
    expect(escapeControlInXml('<Output>a\u202eb\u009bc</Output>\n')).toBe('<Output>a&#x202e;b&#x9b;c</Output>\n')
  })
})
