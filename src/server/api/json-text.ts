// Documents inside a text parameter: `Parameters={"a":"b"}`, `InstanceIds=["i-1"]`.
import { hasForbiddenCharacter } from './json-body.js'

/** Documents are flat by their nature; a deep one would only cost. */
const MAX_NESTING = 32

export type JsonFlaw = 'malformed' | 'duplicate' | 'illegal-character'

/** Members of a JSON object in order, numbers as they are written, or what is wrong with the text. */
export const parseJsonMap = (text: string): ReadonlyMap<string, unknown> | JsonFlaw => {
  const value = parse(text, quoteNumbers)
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

const parse = (text: string, rewrite?: (text: string) => string): unknown => {
  if (scan(text).depth > MAX_NESTING) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return rewrite === undefined ? value : JSON.parse(rewrite(text))
  } catch {
    return undefined
  }
}

/** Valid JSON with its numbers as texts: a script gets 12345678901234567890 and 1.0, which a double would change. */
const quoteNumbers = (text: string): string => {
  let out = ''
  let copied = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === BACKSLASH) index++
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      NUMBER.lastIndex = index
      const number = NUMBER.exec(text)?.[0] ?? ''
      out += `${text.slice(copied, index)}"${number}"`
      copied = index + number.length
      index = copied - 1
    }
  }
  return out + text.slice(copied)
}

const NUMBER = /-?[\d.eE+-]+/y

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
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
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
