import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillBuiltInParameters } from './built-in-parameters.js'
import { decodeBase64 } from './decode-script.js'

describe('the content of a task', () => {
  it('is any bytes in base64, line ends inside are skipped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        expect(decodeBase64(text)).toEqual(Buffer.from(bytes))
        expect(decodeBase64(text.replace(/(.{5})/g, '$1\r\n'))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('is refused when it is something else', () => {
    for (const [text, at] of [
      ['%%%', 0],
      ['YW\u00e4j', 2],
      ['YWJj!', 4],
      ['YWJ', 0],
      ['YWJjYQ', 4],
      ['YWJj=', 4],
      ['YQ=a', 2],
      ['YW-_', 2],
    ] as const) {
      expect(decodeBase64(text)).toBe(`illegal base64 data at input byte ${at}`)
    }
  })
})

describe('built-in parameters', () => {
  it('are replaced everywhere in bytes of any encoding', () => {
    const script = Buffer.concat([
      Buffer.from('a {{ACS::One}} '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('{{  ACS::One\r\n}} {{ACS :: One}}'),
    ])
    const filled = fillBuiltInParameters(script, new Map([['One', 'grün']]))
    expect(filled).toEqual(Buffer.concat([Buffer.from('a grün '), Buffer.from([0xff, 0xfe]), Buffer.from('grün grün')]))
  })

  it('leave other double braces alone', () => {
    const script = Buffer.from('{{name}} {{ACS:One}} {{.Go}}')
    expect(fillBuiltInParameters(script, new Map())).toEqual(script)
  })

  it('are not looked for in what was filled in', () => {
    const filled = fillBuiltInParameters(Buffer.from('{{ACS::A}}'), new Map([['A', '{{ACS::B}} $& $1']]))
    expect(filled.toString()).toBe('{{ACS::B}} $& $1')
  })
})
