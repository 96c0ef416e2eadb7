// Answers as XML, from the declared response tree, written by hand: a general library costs four times as much
// (design §9). Compiled once per operation.
import type { Fields, ListShape, Shape } from '../../schema/shape.js'
import type { EncodeAnswer } from './encode-json.js'
import { createTimeText } from './time-text.js'

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

/** Content of an element, for a value that is there. */
type Write = (value: unknown) => string

interface Member {
  readonly name: string
  /** The whole element or elements. */
  readonly write: Write
  /** Text in place of a missing value; '' leaves the element out. */
  readonly absent: string
}

export const compileXml = (action: string, fields: Fields): EncodeAnswer => {
  const declared = Object.hasOwn(fields, 'RequestId')
  const write = contentOfRecord(declared ? fields : { RequestId: { kind: 'text', about: '' }, ...fields })
  const opening = `${XML_DECLARATION}<${action}Response>`
  const closing = `</${action}Response>`
  return (answer, requestId) => opening + write({ ...(answer as object), RequestId: requestId }) + closing
}

const contentOfRecord = (fields: Fields): Write => {
  const members = Object.entries(fields).map(
    ([name, shape]): Member => ({ name, write: elementOf(name, shape), absent: absentOf(name, shape) }),
  )
  return (value) => {
    const values = (value ?? {}) as Readonly<Record<string, unknown>>
    let body = ''
    for (const { name, write, absent } of members) {
      const one = values[name]
      body += one === undefined || one === null ? absent : write(one)
    }
    return body
  }
}

const elementOf = (name: string, shape: Shape): Write => {
  const opening = `<${name}>`
  const closing = `</${name}>`
  if (shape.kind === 'list' && shape.form === 'flat') return repeat(elementOf(name, shape.of))
  const content = contentOf(shape)
  return (value) => opening + content(value) + closing
}

const contentOf = (shape: Shape): Write => {
  switch (shape.kind) {
    case 'text':
      return escapeXml
    case 'integer':
      return (value) => String(value)
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
      return contentOfList(shape)
    case 'record':
      return contentOfRecord(shape.fields)
    default:
      return shape satisfies never
  }
}

const contentOfList = (shape: ListShape): Write => {
  if (shape.form === 'json') return (value) => escapeXml(JSON.stringify(value))
  return repeat(elementOf(shape.item, shape.of))
}

const repeat =
  (write: Write): Write =>
  (value) => {
    let body = ''
    for (const one of value as readonly unknown[]) body += write(one)
    return body
  }

/** What a missing member looks like (api.md §1): an empty element, except for numbers, flags and bare lists. */
const absentOf = (name: string, shape: Shape): string => {
  if (shape.omitted === true || shape.kind === 'integer' || shape.kind === 'flag') return ''
  if (shape.kind === 'list' && shape.form === 'flat') return ''
  if (shape.kind === 'record') return elementOf(name, shape)(undefined)
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
