// Answers as XML, from the declared response tree, written by hand: a general library costs four times as much
// (design §9). Compiled once per operation.
import type { Fields, RecordShape, Shape } from '../../schema/shape.js'
import type { EncodeAnswer } from './encode-json.js'
import { LongText } from './long-text.js'
import { createTimeText } from './time-text.js'

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

/** Puts the element or elements of a value that is there behind what was written so far, as in encode-json.ts. */
type Append = (written: string, value: unknown) => string

interface Member {
  readonly name: string
  readonly append: Append
  /** Text in place of a missing value; '' leaves the element out. */
  readonly absent: string
}

export const compileXml = (action: string, fields: Fields): EncodeAnswer => {
  const declared = Object.hasOwn(fields, 'RequestId')
  const all = declared ? fields : { RequestId: { kind: 'text', about: '' } as const, ...fields }
  const long = new LongText()
  const append = appendMembers(all, long)
  const opening = `${XML_DECLARATION}<${action}Response>`
  const closing = `</${action}Response>`
  return (answer, requestId) => {
    long.begin()
    return long.end(append(opening, { ...(answer as object), RequestId: requestId }) + closing)
  }
}

const appendMembers = (fields: Fields, long: LongText): Append => {
  const members = Object.entries(fields).map(
    ([name, shape]): Member => ({
      name,
      append: appendElement(name, shape, long),
      absent: absentOf(name, shape, long),
    }),
  )
  return (written, value) => {
    const values = (value ?? {}) as Readonly<Record<string, unknown>>
    let out = written
    for (const { name, append, absent } of members) {
      const one = values[name]
      out = one === undefined || one === null ? out + absent : append(out, one)
    }
    return out
  }
}

const appendElement = (name: string, shape: Shape, long: LongText): Append => {
  if (shape.kind === 'list' && shape.form === 'flat') return appendEach(appendElement(name, shape.of, long), long)
  const opening = `<${name}>`
  const closing = `</${name}>`
  if (shape.kind === 'list' && shape.form !== 'json') {
    const append = appendEach(appendElement(shape.item, shape.of, long), long)
    return (written, value) => append(written + opening, value) + closing
  }
  if (shape.kind === 'record') {
    const append = appendMembers(shape.fields, long)
    return (written, value) => append(written + opening, value) + closing
  }
  const textOf = textReader(shape)
  return (written, value) => written + opening + textOf(value) + closing
}

const appendEach =
  (append: Append, long: LongText): Append =>
  (written, value) => {
    let out = written
    for (const one of value as Iterable<unknown>) out = append(long.spill(out), one)
    return out
  }

const textReader = (shape: Exclude<Shape, RecordShape>): ((value: unknown) => string) => {
  switch (shape.kind) {
    case 'text':
      return escapeXml
    case 'integer':
      return String
    case 'flag':
    case 'flag-text':
      return (value) => (value === true ? 'true' : 'false')
    case 'time': {
      const timeText = createTimeText(shape.precision)
      return (value) => timeText(value as number)
    }
    case 'json-map':
      return (value) => escapeXml(JSON.stringify(Object.fromEntries(value as ReadonlyMap<string, unknown>)))
    case 'list':
      return (value) => escapeXml(JSON.stringify([...(value as Iterable<unknown>)]))
    default:
      return shape satisfies never
  }
}

/** What a missing member looks like (api.md §1): an empty element, except for numbers, flags and bare lists. */
const absentOf = (name: string, shape: Shape, long: LongText): string => {
  if (shape.omitted === true || shape.kind === 'integer' || shape.kind === 'flag') return ''
  if (shape.kind === 'list' && shape.form === 'flat') return ''
  if (shape.kind === 'record') return appendElement(name, shape, long)('', undefined)
  return `<${name}></${name}>`
}

/** Characters that have a meaning, would be lost (CR), or that XML 1.0 has no way to say. */
// oxlint-disable-next-line no-control-regex -- control characters are what XML cannot say
const NEEDS_ESCAPE = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff\ud800-\udfff]/
// oxlint-disable-next-line no-control-regex -- as above
const TO_ESCAPE = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/gu

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' }

/** Text as the content of an element. */
export const escapeXml = (value: unknown): string => {
  const text = typeof value === 'string' ? value : String(value)
  return NEEDS_ESCAPE.test(text) ? text.replace(TO_ESCAPE, (character) => ESCAPES[character] ?? '\ufffd') : text
}
