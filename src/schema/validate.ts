// Values against shapes. Compiled once per declaration; says the first thing that is wrong, in declaration order.
import type { Fields, ListShape, RecordShape, Shape } from './shape.js'

/** What can be wrong with a value. */
export type Flaw =
  | 'missing'
  | 'malformed'
  | 'unknown'
  | 'too-long'
  | 'too-short'
  | 'too-big'
  | 'too-small'
  | 'too-many'
  | 'too-few'
  | 'duplicate'
  | 'illegal-character'
  | 'conflict'
  | 'not-supported'

/** Whose value, and what is wrong with it: `InstanceId/too-many`, `Tag.Key/missing`. Indexes are left out. */
export type FlawReason = `${string}/${Flaw}`

export type Values = Readonly<Record<string, unknown>>

/** What reading the wire already found wrong, by the name of the top-level member. Such a member has no value. */
export type Unreadable = ReadonlyMap<string, FlawReason>

export interface Validator {
  /** The first required member that was not given. */
  findMissing(values: Values, unreadable: Unreadable): FlawReason | undefined
  /** The first member, in declaration order, whose value breaks its shape. */
  findFlaw(values: Values, unreadable: Unreadable): FlawReason | undefined
}

/** Nothing wrong, or the first thing that is. A value that is there is of the kind its shape says. */
type Check = (value: unknown) => FlawReason | undefined

export const compileValidator = (fields: Fields): Validator => {
  const members = Object.entries(fields).map(([name, shape]) => ({
    name,
    required: shape.optional !== true,
    missing: `${name}/missing` as const,
    check: checkOf(shape, name),
  }))
  const required = members.filter((member) => member.required)
  return {
    findMissing(values, unreadable) {
      for (const member of required) {
        if (values[member.name] !== undefined) continue
        if ((unreadable.get(member.name) ?? member.missing) === member.missing) return member.missing
      }
      return undefined
    },
    findFlaw(values, unreadable) {
      for (const { name, check } of members) {
        const value = values[name]
        const reason = value === undefined ? unreadable.get(name) : check?.(value)
        if (reason !== undefined) return reason
      }
      return undefined
    },
  }
}

/** @param path name of the member, without indexes */
const checkOf = (shape: Shape, path: string): Check | undefined => {
  switch (shape.kind) {
    case 'text':
      return textCheck(shape, path)
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = shape
      return (value) => {
        const number = value as number
        if (number < min) return `${path}/too-small`
        return number > max ? `${path}/too-big` : undefined
      }
    }
    case 'json-map': {
      const { max } = shape
      if (max === undefined) return undefined
      return (value) => ((value as ReadonlyMap<string, unknown>).size > max ? `${path}/too-many` : undefined)
    }
    case 'list':
      return listCheck(shape, path)
    case 'record':
      return recordCheck(shape, path)
    case 'flag':
    case 'flag-text':
    case 'time':
      return undefined
    default:
      return shape satisfies never
  }
}

const textCheck = (shape: Shape & { kind: 'text' }, path: string): Check => {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = shape
  const known = shape.oneOf === undefined ? undefined : new Set(shape.oneOf)
  const pattern = shape.pattern === undefined ? undefined : new RegExp(`^(?:${shape.pattern})$`, 'u')
  const isLonger = LONGER[shape.lengthIn ?? 'characters']
  return (value) => {
    const text = value as string
    if (known !== undefined && !known.has(text)) return `${path}/unknown`
    if (isLonger(text, maxLength)) return `${path}/too-long`
    if (minLength > 0 && !isLonger(text, minLength - 1)) return `${path}/too-short`
    return pattern === undefined || pattern.test(text) ? undefined : `${path}/malformed`
  }
}

/** In code points: what a reader takes for one character counts once, also where a string holds it in two units. */
const hasMoreCharacters = (text: string, most: number): boolean => {
  if (text.length <= most) return false
  if (text.length > 2 * most) return true
  let count = 0
  for (let at = 0; at < text.length && count <= most; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return count > most
}

/** In UTF-8. */
const hasMoreBytes = (text: string, most: number): boolean => text.length > most || Buffer.byteLength(text) > most

/** As MIME breaks lines: none of it counts. Measured only where the whole is too long. */
const hasMoreThanSpaces = (text: string, most: number): boolean =>
  hasMoreCharacters(text, most) && hasMoreCharacters(text.replace(/[ \t\r\n]+/g, ''), most)

const LONGER = { characters: hasMoreCharacters, bytes: hasMoreBytes, 'no-spaces': hasMoreThanSpaces } as const

const listCheck = (shape: ListShape, path: string): Check => {
  const { min = 0, max = Number.POSITIVE_INFINITY } = shape
  const element = checkOf(shape.of, path)
  const keyed = holdsTags(shape, path)
  return (value) => {
    const list = value as readonly unknown[]
    if (list.length > max && (shape.counts !== 'distinct' || new Set(list).size > max)) return `${path}/too-many`
    if (list.length < min) return `${path}/too-few`
    if (element !== undefined) {
      for (const one of list) {
        const reason = element(one)
        if (reason !== undefined) return reason
      }
    }
    return keyed && repeatsKey(list as readonly Values[]) ? `${path}/duplicate` : undefined
  }
}

const recordCheck = (shape: RecordShape, path: string): Check => {
  const members = Object.entries(shape.fields).map(([name, member]) => ({
    name,
    missing: member.optional === true ? undefined : (`${path}.${name}/missing` as const),
    check: checkOf(member, `${path}.${name}`),
  }))
  return (value) => {
    const values = value as Values
    for (const { name, missing } of members) {
      if (missing !== undefined && values[name] === undefined) return missing
    }
    for (const { name, check } of members) {
      const one = values[name]
      const reason = one === undefined ? undefined : check?.(one)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

/** `Tag.N` and `ResourceTag.N`: each key may come once (api.md §2.3). */
const holdsTags = (shape: ListShape, path: string): boolean =>
  path.endsWith('Tag') && shape.of.kind === 'record' && shape.of.fields['Key'] !== undefined

const repeatsKey = (list: readonly Values[]): boolean => {
  if (list.length < 2) return false
  return new Set(list.map((one) => one['Key'])).size < list.length
}
