import type { Fields, InferFields, ListShape, RecordShape, Shape } from '../schema/shape.js'
import { type Codec, malformed, type Parsed, parsed } from './parsed.js'
import { wellFormed } from './well-formed.js'

// The JSON documents of this wire. A wrong type anywhere makes the vendor's agent drop a whole answer (agent-protocol.md
// §2.1, trap 9), so documents are built from declared shapes only, and both sides read them as that agent does: unknown
// members are ignored, an absent one or `null` is the zero of its type, a wrong type spoils the document.
//
// Of the schema language texts, integers, flags, lists, records and `jsonMap` are spoken here; a `jsonMap` is a plain
// object of texts on this wire.

export interface JsonCodec<F extends Fields> extends Codec<InferFields<F>> {
  readonly fields: F
}

/** Declares a JSON document. */
export const defineJson = <const F extends Fields>(fields: F): JsonCodec<F> => {
  const document = compileRecord('', fields)
  return {
    fields,
    encode: (value) => JSON.stringify(document.encode(value)),
    decode(text) {
      let raw: unknown
      try {
        raw = JSON.parse(text)
      } catch {
        return malformed('the document is not JSON')
      }
      try {
        return parsed(document.decode(raw) as InferFields<F>)
      } catch (error) {
        if (error instanceof Mismatch) return malformed(error.message)
        throw error
      }
    },
  }
}

/** Declares a plain text answer, such as `ok`. */
export const defineText = (maxLength: number): Codec<string> => ({
  encode: (value) => value,
  decode: (text): Parsed<string> => (text.length <= maxLength ? parsed(text) : malformed('the text is too long')),
})

/** A member that is a list of records, at most so many. */
export const recordsOf = <const F extends Fields>(
  about: string,
  fields: F,
  max?: number,
): Omit<ListShape, 'of'> & { readonly of: Omit<RecordShape, 'fields'> & { readonly fields: F } } => ({
  kind: 'list',
  form: 'flat',
  item: '',
  about,
  of: recordOf(fields),
  ...(max === undefined ? {} : { max }),
})

/** A member that is a record. */
export const recordOf = <const F extends Fields>(fields: F): Omit<RecordShape, 'fields'> & { readonly fields: F } => ({
  kind: 'record',
  about: '',
  fields,
})

interface Compiled {
  readonly encode: (value: unknown) => unknown
  readonly decode: (raw: unknown) => unknown
}

/** What a peer sent does not fit its shape. Never leaves this file. */
class Mismatch extends Error {}

const compile = (name: string, shape: Shape): Compiled => {
  switch (shape.kind) {
    case 'text':
      return compileText(name, shape)
    case 'integer': {
      const min = shape.min ?? Number.MIN_SAFE_INTEGER
      const max = shape.max ?? Number.MAX_SAFE_INTEGER
      const fits = (value: unknown) =>
        Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      return {
        encode: (value) => (fits(value) ? value : unfit(name)),
        decode(raw) {
          if (raw === undefined || raw === null) return 0
          if (!fits(raw)) throw new Mismatch(`${name} is not a number in its range`)
          return raw
        },
      }
    }
    case 'flag':
      return {
        encode: (value) => (typeof value === 'boolean' ? value : unfit(name)),
        decode(raw) {
          if (raw === undefined || raw === null) return false
          if (typeof raw !== 'boolean') throw new Mismatch(`${name} is neither true nor false`)
          return raw
        },
      }
    case 'json-map':
      return {
        encode: (value) => Object.fromEntries(value as ReadonlyMap<string, string>),
        decode(raw) {
          if (raw === undefined || raw === null) return new Map()
          if (typeof raw !== 'object' || Array.isArray(raw)) throw new Mismatch(`${name} is not an object`)
          const entries = Object.entries(raw)
          if (entries.length > (shape.max ?? Number.MAX_SAFE_INTEGER))
            throw new Mismatch(`${name} has too many members`)
          if (entries.some(([, value]) => typeof value !== 'string'))
            throw new Mismatch(`${name} holds more than texts`)
          return new Map(entries)
        },
      }
    case 'list': {
      const item = compile(name, shape.of)
      return {
        encode: (value) => (Array.isArray(value) ? value.map((entry) => item.encode(entry)) : unfit(name)),
        decode(raw) {
          if (raw === undefined || raw === null) return []
          if (!Array.isArray(raw)) throw new Mismatch(`${name} is not a list`)
          if (raw.length > (shape.max ?? Number.MAX_SAFE_INTEGER)) throw new Mismatch(`${name} has too many entries`)
          return raw.map((entry) => item.decode(entry))
        },
      }
    }
    case 'record':
      return compileRecord(name, shape.fields)
    case 'flag-text':
    case 'time':
      throw new Error(`${name}: a ${shape.kind} does not exist on this wire`)
  }
}

const compileText = (name: string, shape: Extract<Shape, { kind: 'text' }>): Compiled => {
  const pattern = shape.pattern === undefined ? undefined : new RegExp(`^(?:${shape.pattern})$`)
  const most = shape.maxLength ?? Number.MAX_SAFE_INTEGER
  const least = shape.minLength ?? 0
  const fits = (value: string) =>
    value.length <= most &&
    value.length >= least &&
    (pattern === undefined || pattern.test(value)) &&
    (shape.oneOf === undefined || shape.oneOf.includes(value))
  return {
    encode: (value) => (typeof value === 'string' && fits(value) ? value : unfit(name)),
    decode(raw) {
      if (raw !== undefined && raw !== null && typeof raw !== 'string') throw new Mismatch(`${name} is not a text`)
      const value = wellFormed(raw ?? '')
      if (value.length > most) throw new Mismatch(`${name} is longer than ${most} characters`)
      if (!fits(value)) throw new Mismatch(value === '' ? `${name} is missing` : `${name} is malformed`)
      return value
    },
  }
}

const compileRecord = (name: string, fields: Fields): Compiled => {
  const members = Object.entries(fields).map(([member, shape]) => ({
    member,
    optional: shape.optional === true,
    ...compile(member, shape),
  }))
  return {
    encode(value) {
      const record: Record<string, unknown> = {}
      for (const { member, optional, encode } of members) {
        const given = (value as Readonly<Record<string, unknown>>)[member]
        if (given !== undefined || !optional) record[member] = encode(given)
      }
      return record
    },
    decode(raw) {
      if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
        throw new Mismatch(name === '' ? 'the document is not an object' : `${name} is not an object`)
      }
      const record: Record<string, unknown> = {}
      for (const { member, optional, decode } of members) {
        const given: unknown = Object.hasOwn(raw, member) ? (raw as Record<string, unknown>)[member] : undefined
        if (optional && (given === undefined || given === null)) continue
        record[member] = decode(given)
      }
      return record
    },
  }
}

const unfit = (name: string): never => {
  throw new TypeError(`${name} does not fit its declared shape`)
}
