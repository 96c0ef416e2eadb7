// Values that nobody should send.
import type { Chance } from '../random.js'

const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'NaN',
  'true',
  'null',
  'undefined',
  '[]',
  '{}',
  '[[[[',
  '{"a":',
  '["i-a","i-b"',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '%00',
  '\u0000',
  'a\u0000b',
  '\u001b[31m',
  "' or 1=1 --",
  '$(id)',
  '`id`',
  '{{ACS::InstanceId}}',
  '{{a}}',
  '\ud800',
  '\udfff\ud800',
  '\ufffe\uffff',
  '💥',
  'ä'.repeat(130),
  '*',
  '????',
  '9'.repeat(40),
  '-9223372036854775809',
  '4294967296',
  '2026-13-45T99:99:99Z',
  'cn-hangzhou',
  'cn-nowhere',
  'i-0123456789abcdefghij',
  't-hz0000000000000000000000',
  'mi-hz0000000000000000000000',
] as const

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~ \t/\\"\'<>&;%=+#'

export const word = (chance: Chance, length: number): string => {
  let text = ''
  for (let index = 0; index < length; index += 1) text += LETTERS[chance.between(0, LETTERS.length - 1)]
  return text
}

export const text = (chance: Chance): string => {
  if (chance.chance(0.6)) return chance.pick(TEXTS)
  if (chance.chance(0.1)) return word(chance, chance.between(1_000, 30_000))
  return word(chance, chance.between(1, 40))
}

/** Names that end where no list ends, and names that mean something to JavaScript. */
export const parameterName = (chance: Chance, known: readonly string[]): string => {
  const name = chance.chance(0.7) && known.length > 0 ? chance.pick(known) : text(chance)
  const roll = chance.next()
  if (roll < 0.5) return name
  const index = chance.pick(['0', '1', '-1', '99999999', '4294967297', '1e3', '01', '', ' 1', '٣', '9'.repeat(300)])
  if (roll < 0.65) return `${name}.${index}`
  if (roll < 0.8) return `${name}.${index}.${chance.pick(['Key', 'Value', '__proto__', 'constructor', '', '1.1.1.1'])}`
  if (roll < 0.9) return name.toUpperCase()
  return `${name}${'.1'.repeat(chance.between(1, 200))}`
}

/** A document that is deep, cyclic in its names, or no document. */
export const json = (chance: Chance, depth = 0): string => {
  const roll = chance.next()
  if (depth > 4 || roll < 0.3) {
    const value = text(chance)
    return chance.pick([JSON.stringify(value), String(chance.between(-5, 5)), 'null', 'true', '1e400', '-0', value])
  }
  if (roll < 0.4) {
    const levels = chance.between(10, 2_000)
    return `${'['.repeat(levels)}${']'.repeat(chance.between(0, levels))}`
  }
  const size = chance.between(0, 5)
  if (roll < 0.6) return `[${Array.from({ length: size }, () => json(chance, depth + 1)).join(',')}]`
  const members = Array.from({ length: size }, () => {
    const name = chance.pick(['__proto__', 'constructor', 'code', 'instanceId', 'publicKey', 'a', ''])
    return `${JSON.stringify(name)}:${json(chance, depth + 1)}`
  })
  return `{${members.join(',')}}`
}

/** Percent-encodes all that is not a letter or digit; lone surrogates as the bytes that UTF-8 forbids. */
export const encode = (value: string): string => {
  let encoded = ''
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    if (/^[A-Za-z0-9._~-]$/.test(character)) encoded += character
    else if (code >= 0xd800 && code <= 0xdfff)
      encoded += `%${(0xe0 | (code >> 12)).toString(16)}%${(0x80 | ((code >> 6) & 63)).toString(16)}%${(0x80 | (code & 63)).toString(16)}`
    else
      encoded += [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
        .join('')
  }
  return encoded
}
