// Answers against what a case says, member by member in order, and XML as the same tree.
import type { Made } from './seed.js'
import { fillIn } from './seed.js'

/** What stands for values that are new each time. */
const MATCHERS: Readonly<Record<string, RegExp>> = {
  '{request id}': /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/,
  '{command id}': /^c-[0-9a-z]{12,64}$/,
  '{invoke id}': /^[tf]-[0-9a-z]{12,64}$/,
  '{parameter id}': /^p-[0-9a-z-]{12,64}$/,
  '{activation code}': /^a-[0-9A-Za-z+/]{20,64}$/,
  '{uuid}': /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
  '{token}': /^[0-9A-Za-z_-]{20,2048}$/,
}

/** The expected value, with the actual one in place of each matcher that it matches. */
export const settle = (expected: unknown, actual: unknown, made: Made): unknown => {
  if (typeof expected === 'string') {
    const matcher = MATCHERS[expected]
    if (matcher !== undefined) return typeof actual === 'string' && matcher.test(actual) ? actual : expected
    return fillIn(expected, made)
  }
  if (Array.isArray(expected)) {
    return expected.map((one, at) => settle(one, Array.isArray(actual) ? actual[at] : undefined, made))
  }
  if (typeof expected !== 'object' || expected === null) return expected
  const there = (typeof actual === 'object' && actual !== null ? actual : {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, settle(value, there[name], made)]))
}

/** Takes members away that a case lists as extras; `missing` gets those that were not there. */
export const withoutExtras = (value: unknown, extras: readonly string[], missing: Set<string>, path = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => withoutExtras(one, extras, missing, path))
  if (typeof value !== 'object' || value === null) return value
  const kept: [string, unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    // A wrapper's item has the place of its set.
    const full = path === '' ? name : `${path}.${name}`
    if (extras.includes(full)) missing.delete(full)
    else kept.push([name, withoutExtras(member, extras, missing, full)])
  }
  return Object.fromEntries(kept)
}

/** Text that shows the order of members. */
export const ordered = (value: unknown): string => JSON.stringify(value, undefined, 2)

/** An element: its name, and its text or its children. */
export type Element = readonly [name: string, content: string | readonly Element[]]

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return ENTITIES[name ?? ''] ?? whole
  })

/** Reads a document without attributes. @throws when it is not one */
export const parseXml = (text: string): Element => {
  const tokens = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>/, '').match(/<[^>]*>|[^<]+/g) ?? []
  let at = 0
  const element = (): Element => {
    const name = /^<([A-Za-z]\w*)>$/.exec(tokens[at] ?? '')?.[1]
    if (name === undefined) throw new Error(`no element at ${tokens[at]}`)
    at += 1
    const children: Element[] = []
    let content = ''
    for (; tokens[at] !== `</${name}>`; ) {
      const token = tokens[at]
      if (token === undefined) throw new Error(`${name} is not closed`)
      if (token.startsWith('<')) children.push(element())
      else {
        content += decode(token)
        at += 1
      }
    }
    at += 1
    return [name, children.length > 0 ? children : content]
  }
  const root = element()
  if (at !== tokens.length) throw new Error('something behind the root')
  return root
}

/** The tree that a JSON answer is in XML: a list is its element repeated (api.md §1). */
export const treeOf = (name: string, value: unknown): readonly Element[] => {
  if (Array.isArray(value)) return value.flatMap((one) => treeOf(name, one))
  if (typeof value !== 'object' || value === null) return [[name, String(value)]]
  const children = Object.entries(value).flatMap(([member, inner]) => treeOf(member, inner))
  return [[name, children.length > 0 ? children : '']]
}

/** As `withoutExtras`, for a tree. */
export const treeWithoutExtras = (content: Element[1], extras: readonly string[], path = ''): Element[1] => {
  if (typeof content === 'string') return content
  const kept = content.flatMap(([name, inner]): Element[] => {
    const full = path === '' ? name : `${path}.${name}`
    return extras.includes(full) ? [] : [[name, treeWithoutExtras(inner, extras, full)]]
  })
  return kept.length > 0 ? kept : ''
}

/** As `settle`, for a tree. */
export const settleTree = (expected: Element, actual: Element | undefined, made: Made): Element => {
  const [name, content] = expected
  if (typeof content === 'string') return [name, settle(content, actual?.[1], made) as string]
  const there = Array.isArray(actual?.[1]) ? (actual[1] as readonly Element[]) : []
  return [name, content.map((one, at) => settleTree(one, there[at], made))]
}
