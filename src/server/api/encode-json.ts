// Answers as JSON, from the declared response tree. Compiled once per operation.
import type { Fields, ListShape, Shape } from '../../schema/shape.js'
import { type AnswerText, LongText } from './long-text.js'
import { createTimeText } from './time-text.js'

/** @param answer what the handler returned */
export type EncodeAnswer = (answer: unknown, requestId: string) => AnswerText

/**
 * Puts a value that is there behind what was written so far. Appending to one long text costs half of what joining
 * the texts of all members does.
 * @param head what stands before the value: a member's name and colon, a comma, or nothing
 */
type Append = (written: string, head: string, value: unknown) => string

interface Member {
  readonly name: string
  readonly head: string
  readonly headAfterComma: string
  readonly append: Append
  /** Text in place of a missing value; undefined leaves the member out. */
  readonly absent: string | undefined
}

export const compileJson = (fields: Fields): EncodeAnswer => {
  const declared = Object.hasOwn(fields, 'RequestId')
  const all = declared ? fields : { RequestId: { kind: 'text', about: '' } as const, ...fields }
  const long = new LongText()
  const append = appendMembers(all, long)
  return (answer, requestId) => {
    long.begin()
    return long.end(append('', '', answer, requestId))
  }
}

const appendRecord = (fields: Fields, long: LongText): Append => {
  const append = appendMembers(fields, long)
  return (written, head, value) => append(written, head, value, undefined)
}

/** @returns a function whose last parameter stands for the member RequestId, which no handler knows */
const appendMembers = (fields: Fields, long: LongText) => {
  const members = Object.entries(fields).map(([name, shape]): Member => {
    const head = `${JSON.stringify(name)}:`
    return { name, head, headAfterComma: `,${head}`, append: appendOf(shape, long), absent: absentOf(shape, long) }
  })
  return (written: string, head: string, value: unknown, requestId: string | undefined): string => {
    const values = (value ?? {}) as Readonly<Record<string, unknown>>
    let out = `${written + head}{`
    let isFirst = true
    for (const member of members) {
      const one = requestId !== undefined && member.name === 'RequestId' ? requestId : values[member.name]
      const memberHead = isFirst ? member.head : member.headAfterComma
      if (one !== undefined && one !== null) out = member.append(out, memberHead, one)
      else if (member.absent === undefined) continue
      else out += memberHead + member.absent
      isFirst = false
    }
    return `${out}}`
  }
}

const appendOf = (shape: Shape, long: LongText): Append => {
  switch (shape.kind) {
    case 'text':
      return shape.oneOf === undefined ? appendText : appendOneOf(shape.oneOf)
    case 'integer':
      return (written, head, value) => written + head + numberText(value)
    case 'flag':
      return (written, head, value) => written + head + (value === true ? 'true' : 'false')
    case 'flag-text':
      return (written, head, value) => written + head + (value === true ? '"true"' : '"false"')
    case 'time': {
      const timeText = createTimeText(shape.precision)
      return (written, head, value) => `${written + head}"${timeText(value as number)}"`
    }
    case 'json-map':
      return (written, head, value) =>
        appendText(written, head, JSON.stringify(Object.fromEntries(value as ReadonlyMap<string, unknown>)))
    case 'list':
      return appendList(shape, long)
    case 'record':
      return appendRecord(shape.fields, long)
    default:
      return shape satisfies never
  }
}

const appendList = (shape: ListShape, long: LongText): Append => {
  if (shape.form === 'json')
    return (written, head, value) => appendText(written, head, JSON.stringify([...(value as Iterable<unknown>)]))
  const append = appendOf(shape.of, long)
  const opening = shape.form === 'wrapped' ? `{${JSON.stringify(shape.item)}:[` : '['
  const closing = shape.form === 'wrapped' ? ']}' : ']'
  return (written, head, value) => {
    let out = written + head + opening
    let separator = ''
    for (const one of value as Iterable<unknown>) {
      out = append(long.spill(out), separator, one)
      separator = ','
    }
    return out + closing
  }
}

/** What a missing member looks like (api.md §1). */
const absentOf = (shape: Shape, long: LongText): string | undefined => {
  if (shape.omitted === true) return undefined
  switch (shape.kind) {
    case 'integer':
    case 'flag':
      return undefined
    case 'list':
      return shape.form === 'json' ? '""' : appendList(shape, long)('', '', [])
    case 'record':
      return appendRecord(shape.fields, long)('', '', undefined)
    default:
      return '""'
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are what JSON has to escape
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/
const LONE_SURROGATE = /\p{Surrogate}/gu

const appendText: Append = (written, head, value) => {
  const text = typeof value === 'string' ? value : String(value)
  return NEEDS_ESCAPE.test(text)
    ? written + head + JSON.stringify(text.replace(LONE_SURROGATE, '\ufffd'))
    : `${written + head}"${text}"`
}

/** Values that are known beforehand are looked up, not looked through. */
const appendOneOf = (known: readonly string[]): Append => {
  const texts = new Map(known.map((text) => [text, JSON.stringify(text)]))
  return (written, head, value) => {
    const text = texts.get(value as string)
    return text === undefined ? appendText(written, head, value) : written + head + text
  }
}

const numberText = (value: unknown): string =>
  Number.isFinite(value) || typeof value === 'bigint' ? String(value) : '0'
