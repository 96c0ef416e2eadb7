import { inspect } from 'node:util'

// What may be in a log line: bounded, and without control characters, because part of it comes from hosts and callers.

const MAX_TEXT = 1_000
const MAX_STACK = 4_000
const MAX_CAUSES = 3

/** One text of a log line: control characters escaped, and no longer than the limit. */
export const logText = (text: string, limit = MAX_TEXT): string => {
  const cut = text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text
  return hasControl(cut) ? cut.replace(CONTROL, escaped) : cut
}

// C0 without the line break that a stack needs, DEL and C1 (terminals obey it, too), and what turns text around.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const hasControl = (text: string): boolean => {
  CONTROL.lastIndex = 0
  return CONTROL.test(text)
}
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * What of an error is logged. Of a driver's error only the usual members are taken: its details hold values of rows.
 */
export const errorFields = (error: unknown, depth = 0): Readonly<Record<string, unknown>> => {
  if (!(error instanceof Error)) return { message: logText(String(error)) }
  const { code } = error as NodeJS.ErrnoException
  return {
    type: error.name,
    message: logText(error.message),
    ...(typeof code === 'string' ? { code: logText(code, 100) } : {}),
    ...(error.stack === undefined ? {} : { stack: logText(error.stack, MAX_STACK) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: errorFields(error.cause, depth + 1) }),
  }
}

/** The fields of a line as they may be written: texts cleaned, errors told, absent values left out. */
export const logFields = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const clean: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') clean[name] = logText(value)
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) clean[name] = value
    else if (value instanceof Error) clean[name] = errorFields(value)
    else if (value !== undefined)
      clean[name] = logText(inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY }))
  }
  return clean
}

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'WARN', 50: 'ERROR' }

/** A JSON line as a person reads it: time, level, room, message, fields. */
export const humanLine = (json: string): string => {
  const { level, time, room, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const words = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`)
  const head = `${String(time).slice(11, 19)} ${(LEVELS[Number(level)] ?? String(level)).padEnd(5)} ${String(room)}:`
  return `${[head, logText(String(msg)), ...words].join(' ')}\n`
}

const valueText = (value: unknown): string => {
  if (typeof value === 'object' && value !== null && 'stack' in value) return String(value.stack)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return logText(/^[^\s"]+$/.test(text) ? text : JSON.stringify(value))
}
