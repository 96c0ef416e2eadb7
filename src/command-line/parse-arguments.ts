import { escapeControl } from './escape-control.js'
import { UsageError } from './failures.js'
import type { Option, Options, Pair } from './options.js'
import type { Positional, Subcommand } from './subcommand.js'
import { didYouMean } from './suggest.js'
import { type Token, tokensOf } from './tokens.js'

export interface ParsedArguments {
  readonly options: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
  readonly rest: readonly string[] | undefined
}

/** Options that every subcommand has. */
export const HELP: Options = {
  help: { kind: 'flag', about: 'Show this help.', short: 'h' },
}

/** Was help asked for? Looked at before anything is checked, so that it helps with a wrong line too. */
export const wantsHelp = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h')
}

/**
 * The values of a command line, by a subcommand's declaration; options win over the environment, which wins over
 * defaults. @throws UsageError with one sentence that says what is wrong
 */
export const parseArguments = (
  subcommand: Subcommand,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedArguments => {
  const declared: Options = { ...subcommand.options, ...HELP }
  const given = new Map<string, (string | true)[]>()
  const words: string[] = []
  let rest: string[] | undefined
  for (const token of tokensOf(declared, argv)) {
    if (token.kind === 'option-terminator') rest = []
    else if (token.kind === 'positional') (rest ?? words).push(token.value)
    else {
      const option = Object.hasOwn(declared, token.name) ? declared[token.name] : undefined
      if (option === undefined) throw unknownOption(token.rawName, Object.keys(declared), subcommand)
      const values = given.get(token.name) ?? []
      values.push(checkedValue(token, option))
      given.set(token.name, values)
    }
  }
  checkWords(subcommand, words, rest)
  const options: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(subcommand.options)) {
    options[name] = valueOf(name, option, given.get(name), env)
  }
  return { options, words, rest }
}

type OptionToken = Extract<Token, { kind: 'option' }>

const unknownOption = (rawName: string, names: readonly string[], subcommand: Subcommand): UsageError => {
  const shown = escapeControl(rawName)
  const guess = rawName.startsWith('--') ? didYouMean(rawName.slice(2), names, (name) => `--${name}`) : ''
  const dashes =
    guess === '' && subcommand.rest !== undefined
      ? ` If it belongs to the ${subcommand.rest.name}, write -- before the ${subcommand.rest.name}.`
      : ''
  return new UsageError(`unknown option ${shown}.${guess}${dashes}`)
}

const checkedValue = (token: OptionToken, option: Option): string | true => {
  const name = token.rawName
  if (option.kind === 'flag') {
    if (token.value !== undefined) throw new UsageError(`${name} takes no value.`)
    return true
  }
  if (token.value === undefined)
    throw new UsageError(`${name} needs a value${option.value ? `: ${option.value}` : ''}.`)
  if (!token.inlineValue && /^--?[A-Za-z]/.test(token.value)) {
    throw new UsageError(
      `${name} needs a value, and ${escapeControl(token.value)} looks like an option. ` +
        `For a value that begins so, write ${name}=${escapeControl(token.value)}.`,
    )
  }
  return token.value
}

const checkWords = (subcommand: Subcommand, words: readonly string[], rest: readonly string[] | undefined): void => {
  const positionals: readonly Positional[] = subcommand.positionals ?? []
  if (rest !== undefined && subcommand.rest === undefined) throw new UsageError('nothing may follow --.')
  const last = positionals.at(-1)
  if (words.length > positionals.length && last?.many !== true) {
    throw new UsageError(`unexpected word ${escapeControl(words[positionals.length] ?? '')}.`)
  }
  const missing = positionals[words.length]
  if (missing !== undefined && missing.optional !== true) {
    throw new UsageError(`${missing.name} is missing: ${missing.about}`)
  }
}

const valueOf = (
  name: string,
  option: Option,
  given: readonly (string | true)[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): unknown => {
  // An empty variable is the same as none, as everywhere in a shell.
  const fromEnv = option.env === undefined || (env[option.env] ?? '') === '' ? undefined : env[option.env]
  const source = given === undefined && fromEnv !== undefined ? `${option.env}` : `--${name}`
  const values = given ?? (fromEnv === undefined ? [] : [fromEnv])
  if (option.kind === 'flag') {
    return given === undefined ? fromEnv !== undefined && isYes(fromEnv, source) : true
  }
  const strings = values.filter((value) => value !== true)
  switch (option.kind) {
    case 'text': {
      if (strings.length > 1) throw new UsageError(`${source} is given ${strings.length} times.`)
      const [value] = strings
      if (value === undefined && option.required === true) {
        throw new UsageError(`--${name} is missing${option.env === undefined ? '' : ` (or set ${option.env})`}.`)
      }
      return value === undefined ? option.default : checkedText(value, option, source)
    }
    case 'texts':
      return strings.map((value) => checkedText(value, option, source))
    case 'integer': {
      if (strings.length > 1) throw new UsageError(`${source} is given ${strings.length} times.`)
      const [value] = strings
      return value === undefined ? option.default : checkedInteger(value, option, source)
    }
    case 'pairs':
      return strings.map((value) => pairOf(value, option.valueRequired === true, source))
    default:
      return option satisfies never
  }
}

const isYes = (value: string, source: string): boolean => {
  if (/^(1|true|yes|on)$/i.test(value)) return true
  if (/^(0|false|no|off)$/i.test(value)) return false
  throw new UsageError(`${source} is ${escapeControl(value)}, and can be true or false.`)
}

const checkedText = (
  value: string,
  option: { readonly oneOf?: readonly string[]; readonly mayBeEmpty?: true },
  source: string,
): string => {
  if (value === '' && option.mayBeEmpty !== true) throw new UsageError(`${source} is empty.`)
  if (option.oneOf !== undefined && !option.oneOf.includes(value)) {
    throw new UsageError(
      `${source} is ${escapeControl(value)}, and can be ${option.oneOf.join(', ')}.${didYouMean(value, option.oneOf)}`,
    )
  }
  return value
}

const checkedInteger = (
  value: string,
  limits: { readonly min?: number; readonly max?: number },
  source: string,
): number => {
  const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(number)) throw new UsageError(`${source} is ${escapeControl(value)}, and must be a whole number.`)
  const { min, max } = limits
  if ((min !== undefined && number < min) || (max !== undefined && number > max)) {
    const range = min === undefined ? `at most ${max}` : max === undefined ? `at least ${min}` : `from ${min} to ${max}`
    throw new UsageError(`${source} is ${number}, and must be ${range}.`)
  }
  return number
}

const pairOf = (value: string, valueRequired: boolean, source: string): Pair => {
  const at = value.indexOf('=')
  const pair = at === -1 ? { name: value, value: undefined } : { name: value.slice(0, at), value: value.slice(at + 1) }
  if (pair.name === '' || (valueRequired && pair.value === undefined)) {
    throw new UsageError(`${source} is ${escapeControl(value)}, and must look like name=value.`)
  }
  return pair
}
