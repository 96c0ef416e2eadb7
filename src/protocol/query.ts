import type { FlagShape, InferFields, IntegerShape, TextShape } from '../schema/shape.js'
import { type Codec, malformed, type Parsed, parsed } from './parsed.js'
import { wellFormed } from './well-formed.js'

// The query strings of this wire: declared once, written as the vendor's agent writes them (order of declaration, Go's
// escaping), read strictly. Unknown names are ignored, as a newer agent may send more.

export type QueryFields = Readonly<Record<string, TextShape | IntegerShape | FlagShape>>

/** Longest query string that is looked at, in characters. */
export const QUERY_LIMIT = 16_384

/** Most `name=value` pairs in one query string. */
const PAIR_LIMIT = 64

const DIGITS = /^-?\d{1,16}$/

export interface QueryCodec<F extends QueryFields> extends Codec<InferFields<F>> {
  readonly fields: F
}

/** Declares a query string. `decode` takes it without its `?`. */
export const defineQuery = <const F extends QueryFields>(fields: F): QueryCodec<F> => {
  const names = new Map(Object.entries(fields).map(([name, shape]) => [name, reader(name, shape)]))
  const required = Object.entries(fields)
    .filter(([, shape]) => shape.optional !== true)
    .map(([name]) => name)
  return {
    fields,
    encode(value) {
      const pairs: string[] = []
      for (const name of names.keys()) {
        const member = (value as Readonly<Record<string, string | number | boolean | undefined>>)[name]
        if (member !== undefined) pairs.push(`${name}=${escape(String(member))}`)
      }
      return pairs.join('&')
    },
    decode(text) {
      if (text.length > QUERY_LIMIT) return malformed('the query is too long')
      const value: Record<string, string | number | boolean> = {}
      let pairs = 0
      for (let at = 0; at < text.length; ) {
        let end = text.indexOf('&', at)
        if (end === -1) end = text.length
        if (++pairs > PAIR_LIMIT) return malformed('the query has too many parameters')
        let equals = text.indexOf('=', at)
        if (equals === -1 || equals > end) equals = end
        const name = text.slice(at, equals)
        const read = names.get(name)
        if (read !== undefined) {
          if (Object.hasOwn(value, name)) return malformed(`${name} is given twice`)
          const member = read(unescape(text.slice(equals + 1, end)))
          if (!member.ok) return member
          value[name] = member.value
        }
        at = end + 1
      }
      for (const name of required) {
        if (!Object.hasOwn(value, name)) return malformed(`${name} is missing`)
      }
      return parsed(value as InferFields<F>)
    },
  }
}

type Member = string | number | boolean

const reader = (name: string, shape: TextShape | IntegerShape | FlagShape): ((raw: string) => Parsed<Member>) => {
  switch (shape.kind) {
    case 'flag':
      return (raw) =>
        raw === 'true' ? parsed(true) : raw === 'false' ? parsed(false) : malformed(`${name} is neither true nor false`)
    case 'integer': {
      const min = shape.min ?? 0
      const max = shape.max ?? Number.MAX_SAFE_INTEGER
      return (raw) => {
        const value = DIGITS.test(raw) ? Number(raw) : Number.NaN
        return value >= min && value <= max ? parsed(value) : malformed(`${name} is not a number in its range`)
      }
    }
    case 'text': {
      const pattern = shape.pattern === undefined ? undefined : new RegExp(`^(?:${shape.pattern})$`)
      const most = shape.maxLength ?? QUERY_LIMIT
      return (raw) => {
        if (raw.length > most) return malformed(`${name} is too long`)
        if (pattern !== undefined && !pattern.test(raw)) return malformed(`${name} is malformed`)
        if (shape.oneOf !== undefined && !shape.oneOf.includes(raw)) return malformed(`${name} has an unknown value`)
        return parsed(wellFormed(raw))
      }
    }
  }
}

/** As Go's `url.QueryEscape`: all but `A-Za-z0-9-_.~` is escaped, a blank is `+`. */
const escape = (text: string): string =>
  UNRESERVED.test(text)
    ? text
    : encodeURIComponent(wellFormed(text))
        .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('%20', '+')

/** Most values of this wire: numbers and ids. */
const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/

const unescape = (raw: string): string => {
  if (!raw.includes('%') && !raw.includes('+')) return raw
  const text = raw.replaceAll('+', ' ')
  try {
    return decodeURIComponent(text)
  } catch {
    return unescapeBytes(text)
  }
}

// Error texts of a Windows host may be in its own code page, and some values are sent unescaped (agent-protocol.md §7):
// what is no UTF-8 becomes U+FFFD, a stray `%` stays.
const unescapeBytes = (text: string): string => {
  const bytes: number[] = []
  for (const part of text.matchAll(/%([0-9A-Fa-f]{2})|[^%]+|%/g)) {
    if (part[1] !== undefined) bytes.push(Number.parseInt(part[1], 16))
    else bytes.push(...Buffer.from(part[0]))
  }
  return Buffer.from(bytes).toString('utf8')
}
