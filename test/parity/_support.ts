// A declaration in the words of the catalogue, and what is different between both.
import type { Operation } from '../../src/server/contract/define-operation.js'
import type { Fields, Shape } from '../../src/schema/shape.js'

export interface CatalogParameter {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly [limit: string]: unknown
}

export interface CatalogMember {
  readonly path: string
  readonly type: string
  readonly items?: string
  readonly enum?: readonly string[]
  readonly omitted?: true
  readonly fleet?: false
}

export interface CatalogError {
  readonly code: string
  readonly status: number
  readonly message: string
}

export interface CatalogOperation {
  readonly access: 'read' | 'write'
  readonly params: readonly CatalogParameter[]
  readonly response: readonly CatalogMember[]
  readonly errors: readonly CatalogError[]
}

export interface Catalog {
  readonly operations: Readonly<Record<string, CatalogOperation>>
}

/** One thing that is not as the catalogue says. `null` stands for nothing. */
export interface Difference {
  readonly operation: string
  readonly what: string
  readonly catalogue: unknown
  readonly ours: unknown
}

const LIMITS = [
  'enum',
  'default',
  'min',
  'max',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'deprecated',
] as const

const plainLimits = (shape: Shape): Record<string, unknown> => {
  const limits: Record<string, unknown> = shape.deprecated === true ? { deprecated: true } : {}
  if (shape.kind === 'text') {
    const { oneOf, minLength, maxLength } = shape
    return { ...limits, enum: oneOf, minLength, maxLength, default: shape.default }
  }
  if (shape.kind === 'integer') return { ...limits, min: shape.min, max: shape.max, default: shape.default }
  if (shape.kind === 'json-map') return { ...limits, maxItems: shape.max }
  if (shape.kind === 'list') return { ...limits, minItems: shape.min, maxItems: shape.max }
  return shape.kind === 'flag' ? { ...limits, default: shape.default } : limits
}

const requestType = (shape: Shape): string => {
  if (shape.kind === 'integer') return 'integer'
  if (shape.kind === 'flag') return 'boolean'
  return shape.kind === 'json-map' ? 'json' : 'string'
}

const parametersOf = (
  fields: Fields,
  prefix = '',
  above: Record<string, unknown> = {},
  within = true,
): CatalogParameter[] =>
  Object.entries(fields).flatMap(([name, shape]): CatalogParameter[] => {
    const full = prefix + name
    // A member of a list that need not be there is not required either.
    const required = shape.optional !== true && within
    if (shape.kind === 'list' && shape.form === 'repeated') {
      const limits = plainLimits(shape)
      if (shape.of.kind === 'record') return parametersOf(shape.of.fields, `${full}.N.`, limits, required)
      const of = plainLimits(shape.of)
      const index = prefix === '' ? 'N' : 'M'
      return [{ ...of, ...limits, name: `${full}.${index}`, type: requestType(shape.of), required }]
    }
    return [{ ...plainLimits(shape), ...above, name: full, type: requestType(shape), required }]
  })

const responseType = (shape: Shape): string => {
  if (shape.kind === 'integer') return 'integer'
  if (shape.kind === 'flag') return 'boolean'
  return shape.kind === 'record' ? 'object' : 'string'
}

const memberEnum = (shape: Shape): readonly string[] | undefined => {
  if (shape.kind === 'flag-text') return ['true', 'false']
  return shape.kind === 'text' ? shape.oneOf : undefined
}

const membersOf = (fields: Fields, prefix = ''): CatalogMember[] =>
  Object.entries(fields).flatMap(([name, shape]): CatalogMember[] => {
    const full = prefix + name
    const omitted = shape.omitted === true ? ({ omitted: true } as const) : {}
    if (shape.kind === 'list') {
      const path = shape.form === 'flat' ? `${full}[]` : `${full}.${shape.item}[]`
      const inner = shape.of.kind === 'record' ? membersOf(shape.of.fields, `${path}.`) : []
      const array: CatalogMember = { path, type: 'array', items: responseType(shape.of) }
      return shape.form === 'flat'
        ? [{ ...array, ...omitted }, ...inner]
        : [{ path: full, type: 'wrapper', ...omitted }, array, ...inner]
    }
    const values = memberEnum(shape)
    const member = {
      path: full,
      type: responseType(shape),
      ...omitted,
      ...(values === undefined ? {} : { enum: values }),
    }
    return shape.kind === 'record' ? [member, ...membersOf(shape.fields, `${full}.`)] : [member]
  })

/** What the operation declares, in the words of the catalogue. RegionId and RequestId are every operation's. */
const inCatalogWords = (operation: Operation): CatalogOperation => ({
  access: operation.access,
  params: [
    ...(operation.regionless === true ? [] : [{ name: 'RegionId', type: 'string', required: true }]),
    ...parametersOf(operation.request),
  ],
  response: membersOf({ RequestId: { kind: 'text', about: '' }, ...operation.response }),
  errors: operation.errors,
})

const sameList = (one: unknown, other: unknown): boolean =>
  Array.isArray(one) && Array.isArray(other)
    ? one.length === other.length && one.every((value) => other.includes(value))
    : one === other

const keyed = <T>(list: readonly T[], key: (one: T) => string): ReadonlyMap<string, T> =>
  new Map(list.map((one) => [key(one), one]))

/** Everything in which a declaration is not as the catalogue says. */
export const differencesOf = (operation: Operation, catalogue: CatalogOperation): Difference[] => {
  const ours = inCatalogWords(operation)
  const found: Difference[] = []
  const note = (what: string, theirs: unknown, own: unknown): void => {
    if (!sameList(theirs ?? null, own ?? null)) {
      found.push({ operation: operation.name, what, catalogue: theirs ?? null, ours: own ?? null })
    }
  }
  note('access', catalogue.access, ours.access)

  const ownParameters = keyed(ours.params, (one) => one.name)
  const theirParameters = keyed(catalogue.params, (one) => one.name)
  for (const name of new Set([...theirParameters.keys(), ...ownParameters.keys()])) {
    const theirs = theirParameters.get(name)
    const own = ownParameters.get(name)
    note(`param ${name}`, theirs && 'present', own && 'present')
    if (theirs === undefined || own === undefined) continue
    for (const word of ['type', 'required', ...LIMITS]) note(`param ${name} ${word}`, theirs[word], own[word])
  }

  const ownMembers = keyed(ours.response, (one) => one.path)
  const theirMembers = keyed(catalogue.response, (one) => one.path)
  for (const path of new Set([...theirMembers.keys(), ...ownMembers.keys()])) {
    const theirs = theirMembers.get(path)
    const own = ownMembers.get(path)
    if (own === undefined && theirs?.fleet === false) note(`no-fleet member ${path}`, 'present', null)
    else note(`member ${path}`, theirs && 'present', own && 'present')
    if (theirs === undefined || own === undefined) continue
    for (const word of ['type', 'items', 'enum', 'omitted'] as const) {
      note(`member ${path} ${word}`, theirs[word], own[word])
    }
  }

  const text = (row: CatalogError): string => `${row.code} ${row.status} ${row.message}`
  const ownErrors = new Set(ours.errors.map(text))
  const theirErrors = new Set(catalogue.errors.map(text))
  for (const row of theirErrors) if (!ownErrors.has(row)) note(`error ${row}`, 'present', null)
  for (const row of ownErrors) if (!theirErrors.has(row)) note(`error ${row}`, null, 'present')
  return found
}
