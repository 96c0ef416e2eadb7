// "Tag.1.Key=a" ⇄ nested values. Compiled once per operation from its declared shapes (rpc.md §1.7, api.md §1).
import type { Fields, ListShape, Shape } from '../../schema/shape.js'
import type { Flaw, FlawReason } from '../../schema/validate.js'
import { parseJsonList, parseJsonMap } from './json-text.js'
import { parseTimestamp } from './signature/timestamp.js'

/** Values by declared name, and what could not be read. */
export interface Parameters {
  readonly values: Readonly<Record<string, unknown>>
  /** By top-level name; such a parameter has no value. */
  readonly unreadable: ReadonlyMap<string, FlawReason>
  /** How many parameters the action does not know. SDKs send some; they are accepted, and counted. */
  readonly unknown: number
}

export type ReadParameters = (given: ReadonlyMap<string, string>) => Parameters

/** Parameters that every action takes without declaring them (rpc.md §1.1). */
export const TOLERATED: ReadonlySet<string> = new Set([
  'AcceptLanguage',
  'AccessKeyId',
  'Action',
  'BearerToken',
  'Format',
  'OwnerAccount',
  'OwnerId',
  'RegionId',
  'ResourceOwnerAccount',
  'ResourceOwnerId',
  'SecureTransport',
  'SecurityToken',
  'Signature',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureType',
  'SignatureVersion',
  'SourceIp',
  'Timestamp',
  'Version',
])

/** Indexes count from 1. Beyond this a list is too long for every bound that a configuration may set. */
const MAX_INDEX = 100_000
const INDEX = /^[1-9]\d{0,8}$/

export const compileParameters = (fields: Fields): ReadParameters => {
  const scalars = new Map<string, ReadScalar>()
  const nested = new Map<string, NestedShape>()
  for (const [name, shape] of Object.entries(fields)) {
    if (isNested(shape)) nested.set(name, shape)
    else scalars.set(name, scalarReader(shape))
  }
  const outruled = Object.entries(fields).flatMap(([name, { ignoredWith }]) =>
    ignoredWith === undefined ? [] : [[name, ignoredWith] as const],
  )
  return (given) => {
    const values: Record<string, unknown> = {}
    const unreadable = new Map<string, FlawReason>()
    let branches: Map<string, Branch> | undefined
    let bare: Map<string, string> | undefined
    let unknown = 0
    for (const [name, text] of given) {
      const read = scalars.get(name)
      if (read !== undefined) {
        // An empty value is one that was not given (rpc.md §1.4).
        if (text === '') continue
        const value = read(text)
        if (value instanceof Unreadable) unreadable.set(name, `${name}/${value.flaw}`)
        else values[name] = value
        continue
      }
      if (TOLERATED.has(name)) continue
      const dot = name.indexOf('.')
      const root = dot < 0 ? name : name.slice(0, dot)
      const shape = nested.get(root)
      if (shape === undefined) {
        unknown++
        continue
      }
      if (dot < 0 && saysNothing(shape, text)) continue
      branches ??= new Map()
      let branch = branches.get(root)
      if (branch === undefined) {
        branch = new Map()
        branches.set(root, branch)
      }
      if (dot < 0) {
        bare ??= new Map()
        bare.set(root, text)
        continue
      }
      const flaw = place(branch, shape, name, dot, text)
      if (flaw === 'not-declared') unknown++
      else if (flaw !== undefined && !unreadable.has(root)) unreadable.set(root, `${root}/${flaw}`)
    }
    if (branches !== undefined) {
      for (const [name, branch] of branches) {
        const shape = nested.get(name)
        if (shape === undefined || unreadable.has(name)) continue
        const alone = branch.size === 0 && takesBare(shape) ? bare?.get(name) : undefined
        const value = build(shape, alone === undefined ? branch : new Map([['1', alone]]))
        if (value instanceof Unreadable)
          unreadable.set(name, `${value.path === '' ? name : `${name}.${value.path}`}/${value.flaw}`)
        else if (value !== undefined) values[name] = value
        else if (mayBeEmpty(shape) && bare?.has(name) !== true) continue
        // Something was said, and no element can be made of it.
        else if (namesElements(shape)) unreadable.set(name, `${name}/missing`)
        else if (bare?.has(name) === true) unreadable.set(name, `${name}/malformed`)
      }
    }
    for (const [name, others] of outruled) {
      if (!others.some((other) => values[other] !== undefined || unreadable.has(other))) continue
      delete values[name]
      unreadable.delete(name)
    }
    return { values, unreadable, unknown }
  }
}

/** A value that is not what its shape says. */
class Unreadable {
  readonly flaw: Flaw
  readonly path: string
  constructor(flaw: Flaw, path = '') {
    this.flaw = flaw
    this.path = path
  }
}

const MALFORMED = new Unreadable('malformed')

type ReadScalar = (text: string) => unknown

/** As long as one of 64 bits, which is what the vendor calls an integer. */
const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/
/** Larger ones are as far beyond every limit as this one, which is exact. */
const MOST_INTEGER = 999_999_999_999_999
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
])

const clamped = (value: number): number => Math.max(-MOST_INTEGER, Math.min(MOST_INTEGER, value))

const scalarReader = (shape: Shape): ReadScalar => {
  switch (shape.kind) {
    case 'text':
      return (text) => text
    case 'integer':
      return (text) => (INTEGER.test(text) ? clamped(Number(text)) : MALFORMED)
    case 'flag':
    case 'flag-text':
      return (text) => FLAGS.get(text) ?? MALFORMED
    case 'time':
      return (text) => parseTimestamp(text) ?? parseTimestamp(text.replace(/Z$/, ':00Z')) ?? MALFORMED
    case 'json-map':
      return (text) => readable(parseJsonMap(text))
    case 'list':
      return (text) => readable(parseJsonList(text))
    case 'record':
      return () => MALFORMED
    default:
      return shape satisfies never
  }
}

const readable = <T>(value: T): unknown => (typeof value === 'string' ? new Unreadable(value as Flaw) : value)

/** Shapes that are spread over several parameters. */
type NestedShape =
  | (ListShape & { readonly form: 'repeated' | 'wrapped' | 'flat' })
  | (Shape & { readonly kind: 'record' })

const isNested = (shape: Shape): shape is NestedShape =>
  shape.kind === 'record' || (shape.kind === 'list' && shape.form !== 'json')

/** A repeated parameter of plain values: `InstanceId.1`. */
const namesElements = (shape: NestedShape): boolean => shape.kind === 'list' && !isNested(shape.of)

/** Elements of it that are empty count as not sent (rpc.md §1.4), and nothing else is said by them. */
const mayBeEmpty = (shape: NestedShape): boolean => shape.kind === 'list' && shape.mayBeEmpty === true

/** Its one element may stand under its bare name. */
const takesBare = (shape: NestedShape): boolean => shape.kind === 'list' && shape.bare === true

/**
 * Any other list under its bare name is not understood (api.md §1): it counts as said, without an element. A JSON body has the
 * whole list there beside its elements, so an empty one of objects says nothing.
 */
const saysNothing = (shape: NestedShape, text: string): boolean =>
  text === '' || (text === '[]' && (!namesElements(shape) || takesBare(shape)))

/** Texts by index or member name, as they come. */
type Branch = Map<string, string | Branch>

/** Puts the text of `Root.1.Key` where it belongs. */
const place = (
  root: Branch,
  rootShape: NestedShape,
  name: string,
  firstDot: number,
  text: string,
): Flaw | 'not-declared' | undefined => {
  let branch = root
  let shape: Shape = rootShape
  let dot = firstDot
  while (dot >= 0) {
    const next = name.indexOf('.', dot + 1)
    let segment = next < 0 ? name.slice(dot + 1) : name.slice(dot + 1, next)
    if (!isNested(shape)) return 'not-declared'
    if (shape.kind === 'record') {
      const member = memberName(shape.fields, segment)
      if (member === undefined) return 'not-declared'
      segment = member
      shape = shape.fields[member] as Shape
    } else {
      if (!INDEX.test(segment)) return 'malformed'
      if (Number(segment) > MAX_INDEX) return 'too-many'
      shape = shape.of
    }
    if (next < 0) {
      if (isNested(shape)) return 'not-declared'
      if (text === '') return undefined
      if (branch.has(segment)) return 'conflict'
      branch.set(segment, text)
      return undefined
    }
    if (!isNested(shape)) return 'not-declared'
    let below = branch.get(segment)
    if (typeof below !== 'object') {
      below = new Map()
      branch.set(segment, below)
    }
    branch = below
    dot = next
  }
  return undefined
}

/** Some clients write members of a list with a small first letter: `Tag.1.key`. */
const memberName = (fields: Fields, segment: string): string | undefined => {
  if (Object.hasOwn(fields, segment)) return segment
  const capital = segment.charAt(0).toUpperCase() + segment.slice(1)
  return Object.hasOwn(fields, capital) ? capital : undefined
}

/** Undefined when nothing was given in there. */
const build = (shape: NestedShape, branch: Branch): unknown => {
  if (shape.kind === 'record') {
    const values: Record<string, unknown> = {}
    let any = false
    for (const [name, member] of branch) {
      const value = buildOne(shape.fields[name] as Shape, member)
      if (value instanceof Unreadable)
        return new Unreadable(value.flaw, value.path === '' ? name : `${name}.${value.path}`)
      if (value === undefined) continue
      values[name] = value
      any = true
    }
    return any ? values : undefined
  }
  const list: unknown[] = []
  for (const index of [...branch.keys()].map(Number).sort((a, b) => a - b)) {
    const value = buildOne(shape.of, branch.get(String(index)) as string | Branch)
    if (value instanceof Unreadable) return value
    if (value !== undefined) list.push(value)
  }
  return list.length === 0 ? undefined : list
}

const buildOne = (shape: Shape, member: string | Branch): unknown => {
  if (typeof member !== 'string') return isNested(shape) ? build(shape, member) : undefined
  return scalarReader(shape)(member)
}
