// Documents inside a text parameter: `Parameters={"a":"b"}`, `InstanceIds=["i-1"]`.
import { hasForbiddenCharacter } from './json-body.js'

/** Documents are flat by their nature; a deep one would only cost. */
const MAX_NESTING = 32

export type JsonFlaw = 'malformed' | 'duplicate' | 'illegal-character'

/** Members of a JSON object in order, or what is wrong with the text. */
export const parseJsonMap = (text: string): ReadonlyMap<string, unknown> | JsonFlaw => {
  const value = parse(text)
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value)) return 'malformed'
  const members = Object.entries(value)
  // JSON.parse lets the last of two equal names win.
  if (scan(text).topLevelColons !== members.length) return 'duplicate'
  return holdsForbiddenCharacter(value) ? 'illegal-character' : new Map(members)
}

/** Texts of a JSON array, or what is wrong with it. */
export const parseJsonList = (text: string): readonly string[] | JsonFlaw => {
  const value = parse(text)
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return 'malformed'
  return holdsForbiddenCharacter(value) ? 'illegal-character' : value
}

const parse = (text: string): unknown => {
  if (scan(text).depth > MAX_NESTING) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How deep brackets go, and how many members the outermost object has, without building anything. */
const scan = (text: string): { readonly depth: number; readonly topLevelColons: number } => {
  let depth = 0
  let deepest = 0
  let topLevelColons = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === BACKSLASH) index++
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) deepest = Math.max(deepest, ++depth)
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
    else if (code === COLON && depth === 1) topLevelColons++
  }
  return { depth: deepest, topLevelColons }
}

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const holdsForbiddenCharacter = (value: unknown): boolean => {
  if (typeof value === 'string') return hasForbiddenCharacter(value)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([name, one]) => hasForbiddenCharacter(name) || holdsForbiddenCharacter(one))
}
