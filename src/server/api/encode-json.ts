// Answers as JSON, from the declared response tree. Compiled once per operation.
import type { Fields, ListShape, Shape } from '../../schema/shape.js'
import { createTimeText } from './time-text.js'

/** @param answer what the handler returned */
export type EncodeAnswer = (answer: unknown, requestId: string) => string

/** Text of a value that is there. */
type Write = (value: unknown) => string

interface Member {
  readonly name: string
  readonly opening: string
  readonly write: Write
  /** Text in place of a missing value; undefined leaves the member out. */
  readonly absent: string | undefined
}

export const compileJson = (fields: Fields): EncodeAnswer => {
  const declared = Object.hasOwn(fields, 'RequestId')
  const write = writeRecord(declared ? fields : { RequestId: { kind: 'text', about: '' }, ...fields })
  return (answer, requestId) => write({ ...(answer as object), RequestId: requestId })
}

const writeRecord = (fields: Fields): Write => {
  const members = Object.entries(fields).map(
    ([name, shape]): Member => ({
      name,
      opening: `${JSON.stringify(name)}:`,
      write: writeOf(shape),
      absent: absentOf(shape),
    }),
  )
  return (value) => {
    const values = (value ?? {}) as Readonly<Record<string, unknown>>
    let body = ''
    for (const { name, opening, write, absent } of members) {
      const one = values[name]
      const text = one === undefined || one === null ? absent : write(one)
      if (text === undefined) continue
      body += body === '' ? opening + text : `,${opening}${text}`
    }
    return `{${body}}`
  }
}

const writeOf = (shape: Shape): Write => {
  switch (shape.kind) {
    case 'text':
      return writeText
    case 'integer':
      return writeNumber
    case 'flag':
      return (value) => (value === true ? 'true' : 'false')
    case 'flag-text':
      return (value) => (value === true ? '"true"' : '"false"')
    case 'time': {
      const timeText = createTimeText(shape.precision)
      return (value) => `"${timeText(value as number)}"`
    }
    case 'json-map':
      return (value) => writeText(JSON.stringify(Object.fromEntries(value as ReadonlyMap<string, unknown>)))
    case 'list':
      return writeList(shape)
    case 'record':
      return writeRecord(shape.fields)
    default:
      return shape satisfies never
  }
}

const writeList = (shape: ListShape): Write => {
  if (shape.form === 'json') return (value) => writeText(JSON.stringify(value))
  const write = writeOf(shape.of)
  const opening = shape.form === 'wrapped' ? `{${JSON.stringify(shape.item)}:[` : '['
  const closing = shape.form === 'wrapped' ? ']}' : ']'
  return (value) => {
    let body = ''
    for (const one of value as readonly unknown[]) body += body === '' ? write(one) : `,${write(one)}`
    return opening + body + closing
  }
}

/** What a missing member looks like (api.md §1). */
const absentOf = (shape: Shape): string | undefined => {
  if (shape.omitted === true) return undefined
  switch (shape.kind) {
    case 'integer':
    case 'flag':
      return undefined
    case 'list':
      return shape.form === 'json' ? '""' : writeList(shape)([])
    case 'record':
      return writeRecord(shape.fields)(undefined)
    default:
      return '""'
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are what JSON has to escape
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/
const LONE_SURROGATE = /\p{Surrogate}/gu

const writeText = (value: unknown): string => {
  const text = typeof value === 'string' ? value : String(value)
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text.replace(LONE_SURROGATE, '\ufffd')) : `"${text}"`
}

const writeNumber = (value: unknown): string =>
  Number.isFinite(value) || typeof value === 'bigint' ? String(value) : '0'
