// A JSON body of a V3 request: its top-level members are parameters (rpc.md §1.2).
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { invalidParameter } from './form.js'
import { WireError } from './wire-errors.js'

/** Lists of objects that hold lists: deeper than any declared parameter. */
const MAX_DEPTH = 5

/**
 * The same flat parameters that a query would carry: `{"Tag":[{"Key":"a"}]}` is `Tag.1.Key=a`. A list or object is also
 * there under its own name as JSON text, for parameters that are documents.
 */
export const decodeJsonBody = (text: string, maxParameters: number): Map<string, string> => {
  const body = parseObject(text)
  const parameters = new Map<string, string>()
  const put = (name: string, value: string): void => {
    if (parameters.has(name) || hasForbiddenCharacter(name) || hasForbiddenCharacter(value))
      throw invalidParameter(name)
    if (parameters.size >= maxParameters) throw new WireError(GATEWAY_ERRORS.tooManyParameters, [maxParameters])
    parameters.set(name, value)
  }
  const flatten = (name: string, value: unknown, depth: number): void => {
    if (value === null || value === undefined) return
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      put(name, String(value))
      return
    }
    if (depth >= MAX_DEPTH) throw invalidParameter(name)
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) flatten(`${name}.${index + 1}`, one, depth + 1)
    } else {
      for (const [key, one] of Object.entries(value)) flatten(`${name}.${key}`, one, depth + 1)
    }
  }
  for (const [name, value] of Object.entries(body)) {
    flatten(name, value, 0)
    if (value !== null && typeof value === 'object') put(name, JSON.stringify(value))
  }
  return parameters
}

const parseObject = (text: string): object => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw invalidParameter('')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw invalidParameter('')
  return body
}

/** NUL, or half of a surrogate pair: JSON can spell both, no store can keep them. */
export const hasForbiddenCharacter = (text: string): boolean => FORBIDDEN.test(text)

const FORBIDDEN = /[\0\p{Surrogate}]/u
