// `{{name}}` in scripts (api.md §4.1, §5.3). Pure.
import { Fault, someOf } from '../faults.js'

/** Distinct names in one script. */
export const MOST_NAMES = 20
/** Bytes of a name in a script, characters of one that is sent. */
const LONGEST_NAME = 64
/** Entries in the Parameters of one run. */
export const MOST_PARAMETERS = 10
/** Bytes of a script in its Base64 form, parameters filled in (api.md §4.1). */
export const LONGEST_CONTENT = 24_576

// Blanks and line breaks around the name do not count. No braces inside: `{{{a}}}` holds `{{a}}`.
export const PLACEHOLDER = /\{\{([^{}]*)\}\}/g
// The prefix is reserved in any case; blanks do not count around the colons either, as agents read it.
const BUILT_IN = /^\s*acs\s*::/i
// A name never has a colon, so what looks like a reference to a secret is told apart from a bad name.
const SECRET = /^(?:oos|oos-secret)\s*:/i

/**
 * A script as text in which each byte is one character. A script for Windows need not be UTF-8, and filling values in
 * must not change what is around them. Everything that is looked for is ASCII.
 */
export const textOfScript = (content: Uint8Array): string =>
  Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1')

/** The bytes of such a text. */
export const bytesOfScript = (script: string): Uint8Array => Buffer.from(script, 'latin1')

/** The custom names in a script, as first written, distinct without regard to case. Faults: `command-parameter/*`. */
export const parameterNames = (script: string): readonly string[] => {
  const names = new Map<string, string>()
  for (const [, inside = ''] of script.matchAll(PLACEHOLDER)) {
    const name = inside.trim()
    if (builtInOf(name) !== undefined || SECRET.test(name)) continue
    if (name === '') throw new Fault('command-parameter/empty-name')
    if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new Fault('command-parameter/malformed-name')
    if (name.length > LONGEST_NAME) throw new Fault('command-parameter/name-too-long')
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
  }
  if (names.size > MOST_NAMES) throw new Fault('command-parameter/too-many')
  return [...names.values()]
}

/** The name in a placeholder without `ACS::`, `''` for none; undefined when that is no built-in parameter. */
export const builtInOf = (inside: string): string | undefined => {
  const prefix = BUILT_IN.exec(inside)?.[0]
  return prefix === undefined ? undefined : inside.slice(prefix.length).trim()
}

/** Names of the built-in parameters that a script uses, without `ACS::`. */
export const builtInNames = (script: string): readonly string[] => {
  const names = new Set<string>()
  for (const [, inside = ''] of script.matchAll(PLACEHOLDER)) {
    const name = builtInOf(inside)
    if (name !== undefined) names.add(name)
  }
  return [...names]
}

/** A script with its built-in parameters in the one form that every agent reads. */
export const builtInsInOneForm = (script: string): string =>
  script.replace(PLACEHOLDER, (whole, inside: string) => {
    const name = builtInOf(inside)
    return name === undefined ? whole : `{{ACS::${name}}}`
  })

/** Fills built-in parameters in; one without a value stays. */
export const fillInBuiltIns = (script: string, values: ReadonlyMap<string, string>): string =>
  script.replace(PLACEHOLDER, (whole, inside: string) => {
    const value = values.get(builtInOf(inside) ?? '')
    return value === undefined ? whole : textOfScript(Buffer.from(value, 'utf8'))
  })

/**
 * The values of a run, checked against the names of its command. Names compare without regard to case.
 * Faults: `parameters/*`.
 * @param sent as the caller sent them; undefined for none
 */
export const parameterValues = (
  enabled: boolean,
  names: readonly string[],
  sent: ReadonlyMap<string, unknown> | undefined,
): ReadonlyMap<string, string> => {
  const values = new Map<string, string>()
  if (sent === undefined || sent.size === 0) return values
  if (!enabled) throw new Fault('parameters/disabled')
  if (sent.size > MOST_PARAMETERS) throw new Fault('parameters/too-many')
  const known = new Set(names.map((name) => name.toLowerCase()))
  for (const [name, value] of sent) {
    checkNameLength(name)
    const key = name.toLowerCase()
    if (values.has(key)) throw new Fault('parameters/duplicate')
    if (!known.has(key)) {
      const its = names.length === 0 ? 'nor any other.' : `it has: ${someOf(names, MOST_NAMES)}.`
      throw new Fault('parameters/not-matched', [], {
        detail: `The script has no parameter “${someOf([name])}”, ${its}`,
      })
    }
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new Fault('parameters/type-not-supported', [], {
        detail: `The value of the parameter ${someOf([name])} is no text, number, true or false.`,
      })
    values.set(key, String(value))
  }
  return values
}

/** Of a name that was sent: in characters (api.md §5.3). Fault: `parameters/name-too-long`. */
export const checkNameLength = (name: string): void => {
  if (name.length > LONGEST_NAME && Array.from(name).length > LONGEST_NAME) throw new Fault('parameters/name-too-long')
}

/** Fills custom parameters in; those without a value become empty. Built-in ones and secrets stay for the hand-out. */
export const fillIn = (script: string, values: ReadonlyMap<string, string>): string =>
  script.replace(PLACEHOLDER, (whole, inside: string) => {
    const name = inside.trim()
    return builtInOf(name) !== undefined || SECRET.test(name)
      ? whole
      : textOfScript(Buffer.from(values.get(name.toLowerCase()) ?? '', 'utf8'))
  })

/** Fault `command/content-too-long` when a script's Base64 form is over the limit. */
export const checkLength = (bytes: number): void => {
  if (4 * Math.ceil(bytes / 3) > LONGEST_CONTENT) throw new Fault('command/content-too-long', [LONGEST_CONTENT / 1_024])
}
