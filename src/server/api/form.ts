// `a=1&b=2` of a URL or a form body. Decoded strictly: what is verified is what is executed.
import { isAscii, isUtf8 } from 'node:buffer'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { WireError } from './wire-errors.js'

/**
 * Decoded pairs in order of appearance; `+` is a space. Refuses names that come twice, what is not UTF-8, and NUL,
 * which no store can keep.
 */
export const decodeForm = (text: string, maxParameters: number): Map<string, string> => {
  const parameters = new Map<string, string>()
  const mayHoldNul = text.includes('\0') || text.includes('%00')
  let start = 0
  while (start <= text.length) {
    const ampersand = text.indexOf('&', start)
    const end = ampersand < 0 ? text.length : ampersand
    if (end > start) {
      const equals = text.indexOf('=', start)
      const nameEnd = equals < 0 || equals > end ? end : equals
      const name = decode(text.slice(start, nameEnd), '')
      const value = nameEnd === end ? '' : decode(text.slice(nameEnd + 1, end), name)
      if (parameters.has(name)) throw invalidParameter(name)
      if (mayHoldNul && (name.includes('\0') || value.includes('\0'))) throw invalidParameter(name)
      if (parameters.size >= maxParameters) throw new WireError(GATEWAY_ERRORS.tooManyParameters, [maxParameters])
      parameters.set(name, value)
    }
    start = end + 1
  }
  return parameters
}

/** The first value of a name in a text that may be broken elsewhere; undefined when it is not there or broken itself. */
export const findInForm = (text: string, wanted: string): string | undefined => {
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    try {
      if (equals >= 0 && decode(pair.slice(0, equals), '') === wanted) return decode(pair.slice(equals + 1), wanted)
    } catch {
      // What is broken is told by the error that it was looked for for.
    }
  }
  return undefined
}

/** Text of bytes that must be UTF-8. */
export const decodeText = (bytes: Buffer): string => {
  if (isAscii(bytes)) return bytes.toString('latin1')
  if (!isUtf8(bytes)) throw invalidParameter('')
  return bytes.toString('utf8')
}

/** Node hands out the bytes of a URL or header one character each. */
export const decodeLatin1 = (text: string): string =>
  IS_ASCII.test(text) ? text : decodeText(Buffer.from(text, 'latin1'))

// oxlint-disable-next-line no-control-regex -- control characters are part of ASCII
const IS_ASCII = /^[\x00-\x7f]*$/

export const invalidParameter = (name: string): WireError =>
  new WireError(GATEWAY_ERRORS.invalidParameter, [PRINTABLE.test(name) ? name : ''])

const PRINTABLE = /^[\x21-\x7e]{1,128}$/

const decode = (raw: string, name: string): string => {
  const text = raw.includes('+') ? raw.replaceAll('+', ' ') : raw
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // Not hex digits after a percent sign, or bytes that are not UTF-8.
    throw invalidParameter(name)
  }
}
