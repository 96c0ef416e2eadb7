import { Secret } from '../telemetry/secret.js'

// What a setting is: where it may be given, what it may say, what it is when nobody says anything. The command line's
// help and the documentation are made from these declarations.

/** What the command line, the environment or the file gave, before it is checked. */
export type Given = string | readonly string[] | boolean

interface Described<T> {
  /** Option of `serve`, without the dashes; absent where a process list must not show the value. */
  readonly flag?: string
  readonly env?: string
  /** Whether the config file may hold it; the key is the setting's name. */
  readonly inFile: boolean
  /** What stands for the value in help, such as `HOST:PORT`. */
  readonly value: string
  readonly about: string
  readonly group: string
  readonly default: T
  /** How help shows the default; empty for none. */
  readonly defaultText: string
  /** The value is never repeated in a message. */
  readonly secret: boolean
}

export interface Setting<T> extends Described<T> {
  readonly kind: 'text' | 'texts' | 'flag'
  /** @throws Error whose message goes on after the setting's name: "must be …" */
  readonly parse: (given: Given) => T
}

/** The part of a declaration that is not its value's. */
export interface Place {
  readonly flag?: string
  readonly env?: string
  readonly inFile?: false
  readonly value?: string
  readonly about: string
  readonly group: string
}

const placed = (place: Place, value: string) => ({
  inFile: true,
  secret: false,
  value,
  ...place,
})

const one = (given: Given): string => {
  if (typeof given !== 'string') throw new Error('must be one text')
  return given
}

/** A text that `parse` turns into the value. */
export const textSetting = <T>(
  place: Place,
  value: string,
  fallback: { readonly value: T; readonly text: string },
  parse: (text: string) => T,
): Setting<T> => ({
  ...placed(place, value),
  kind: 'text',
  default: fallback.value,
  defaultText: fallback.text,
  parse: (given) => parse(one(given)),
})

/** A text that may be absent. */
export const optionalSetting = <T>(place: Place, value: string, parse: (text: string) => T): Setting<T | undefined> =>
  textSetting<T | undefined>(place, value, { value: undefined, text: '' }, parse)

/** As {@link optionalSetting}; its value appears in no message. */
export const secretSetting = (
  place: Place,
  value: string,
  check: (text: string) => string,
): Setting<Secret | undefined> => ({
  ...optionalSetting(place, value, (text) => new Secret(check(text))),
  secret: true,
})

/** Several texts: the option repeated, the variable with commas, a list in the file. */
export const textsSetting = <T>(
  place: Place,
  value: string,
  fallback: readonly T[],
  parse: (text: string) => T,
): Setting<readonly T[]> => ({
  ...placed(place, value),
  kind: 'texts',
  default: fallback,
  defaultText: fallback.join(', '),
  parse(given) {
    if (typeof given === 'boolean') throw new Error('must be a list of texts')
    const texts = typeof given === 'string' ? [given] : given
    if (texts.length > MAX_ENTRIES) throw new Error(`must have at most ${MAX_ENTRIES} entries`)
    return [...new Set(texts.map(parse))]
  },
})

const MAX_ENTRIES = 100

export const integerSetting = (
  place: Place,
  range: { readonly min: number; readonly max: number; readonly default: number },
): Setting<number> =>
  textSetting(place, 'NUMBER', { value: range.default, text: String(range.default) }, integerIn(range))

export const optionalIntegerSetting = (
  place: Place,
  range: { readonly min: number; readonly max: number },
): Setting<number | undefined> => optionalSetting(place, 'NUMBER', integerIn(range))

const integerIn =
  ({ min, max }: { readonly min: number; readonly max: number }) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`)
    return number
  }

export const choiceSetting = <const C extends string>(place: Place, choices: readonly C[], fallback: C): Setting<C> =>
  textSetting(place, choices.join('|'), { value: fallback, text: fallback }, (text) => {
    const choice = choices.find((known) => known === text)
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
    return choice
  })

/** On or off; the option alone turns it to what it is not by default. */
export const flagSetting = (place: Place, fallback: boolean): Setting<boolean> => ({
  ...placed(place, ''),
  kind: 'flag',
  default: fallback,
  defaultText: fallback ? 'true' : '',
  parse(given) {
    if (typeof given === 'boolean') return given
    if (given === 'true' || given === '1') return true
    if (given === 'false' || given === '0') return false
    throw new Error('must be true or false')
  },
})
