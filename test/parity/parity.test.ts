// Declarations against the catalogue. What is different on purpose is in differences.json, a reason per line.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operations as all } from '../../src/server/operations/index.js'
import { type Catalog, type Difference, differencesOf } from './_support.js'

interface Allowed {
  /** One operation, several, or `*`. */
  readonly operations: readonly string[]
  /** `*` stands for anything. */
  readonly what: string
  /** The values of both, where they say more than that one is there and the other is not. */
  readonly catalogue?: unknown
  readonly ours?: unknown
  readonly reason: string
}

// The catalogue is of product Ecs.
const operations = all.filter(({ product }) => product === undefined)

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const catalog = read('catalog.json') as Catalog
const allowed = read('differences.json') as readonly Allowed[]

const matches = (line: Allowed, found: Difference): boolean => {
  const words = line.what.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return (
    (line.operations.includes('*') || line.operations.includes(found.operation)) &&
    new RegExp(`^${words.join('.*')}$`, 's').test(found.what) &&
    (!('catalogue' in line) || JSON.stringify(line.catalogue) === JSON.stringify(found.catalogue)) &&
    (!('ours' in line) || JSON.stringify(line.ours) === JSON.stringify(found.ours))
  )
}

/** What the vendor has; this server's own operations are in no catalogue. */
const vendors = operations.filter((operation) => operation.addition !== true)

const found = operations.flatMap((operation) => {
  const entry = catalog.operations[operation.name]
  return entry === undefined ? [] : differencesOf(operation, entry)
})

describe('the declarations and the catalogue', () => {
  it('name the same operations', () => {
    expect(vendors.map((operation) => operation.name).sort()).toEqual(Object.keys(catalog.operations).sort())
  })

  it.each(vendors.map((operation) => operation.name))('%s differs only where a reason is given', (name) => {
    const unexplained = found.filter(
      (difference) => difference.operation === name && !allowed.some((line) => matches(line, difference)),
    )
    expect(unexplained).toEqual([])
  })

  it('differ in everything that a reason is given for', () => {
    expect(allowed.filter((line) => !found.some((difference) => matches(line, difference)))).toEqual([])
    expect(allowed.filter((line) => line.reason.trim() === '')).toEqual([])
  })
})
