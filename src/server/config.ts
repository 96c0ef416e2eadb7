// The only reader of the environment and the config file. Precedence: options, environment, file, defaults.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Given, Setting } from './config/setting.js'
import { readOutputStores } from './config/output-stores.js'
import { SETTINGS, type Settings } from './config/settings.js'
import { canonicalAddress, isLoopback } from './front/host-name.js'
import type { OutputStoreSettings } from './outputs/settings.js'
import type { Secret } from './telemetry/secret.js'

export { SETTINGS } from './config/settings.js'

type Values = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never }

/** What the operator decided, checked. */
export interface Config
  extends Omit<
    Values,
    | 'accessKeyId'
    | 'accessKeySecret'
    | 'maxConnections'
    | 'outputStores'
    | 'outputAccessKeyId'
    | 'outputAccessKeySecret'
  > {
  readonly maxConnections: number
  /** The AccessKey that is there from the start; without one the server makes one, once (design D9). */
  readonly firstAccessKey: { readonly accessKeyId: string; readonly accessKeySecret: Secret } | undefined
  /** Where outputs can be delivered to. */
  readonly outputStores: readonly OutputStoreSettings[]
  readonly configFile: string | undefined
  /** Sentences for the operator about what is allowed and still worth a thought. */
  readonly warnings: readonly string[]
}

export interface ConfigSource {
  /** Values of options by their name without dashes; undefined, false and an empty list mean "not given". */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Directory that relative paths of options and variables start from; those in the file start from the file's. */
  readonly cwd: string
}

/** The option and the variable that name the config file. */
export const CONFIG_FILE = {
  flag: 'config',
  env: 'OPENASSIST_CONFIG',
  value: 'FILE',
  about: 'Read settings from this JSON file; options and environment variables override it.',
} as const

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

interface Found {
  readonly given: Given
  /** How a message names the place: `--listen`, `OPENASSIST_LISTEN`, `listen in FILE`. */
  readonly where: string
  /** Directory that a relative path in it starts from. */
  readonly base: string
}

const PATHS: readonly string[] = ['dataDir', 'keyFile', 'tlsCert', 'tlsKey', 'outputStores']

/** @throws ConfigError with every problem, not the first */
export const readConfig = (source: ConfigSource): Config => {
  const problems: string[] = []
  const flagNames = new Set<string>(Object.values(SETTINGS).flatMap(({ flag }) => flag ?? []))
  for (const name of Object.keys(source.flags)) {
    if (name !== CONFIG_FILE.flag && !flagNames.has(name)) problems.push(`--${name} is not an option of the server.`)
  }
  const configFile = fileOf(source)
  const inFile = configFile === undefined ? {} : readFile(configFile, problems)

  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const found = find(name, setting, source, configFile, inFile, problems)
    if (found === undefined) {
      values[name] = setting.default
      continue
    }
    try {
      values[name] = setting.parse(found.given)
    } catch (error) {
      const shown = setting.secret || typeof found.given === 'boolean' ? '' : ` "${String(found.given).slice(0, 200)}"`
      problems.push(`${found.where}${shown} ${(error as Error).message}.`)
      values[name] = setting.default
      continue
    }
    if (PATHS.includes(name)) values[name] = resolve(found.base, String(values[name]))
  }
  values['dataDir'] = resolve(source.cwd, String(values['dataDir']))

  const checked = values as unknown as Values
  problems.push(...contradictions(checked))
  const outputStores = outputStoresOf(checked, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  const { accessKeyId, accessKeySecret, outputAccessKeyId: _, outputAccessKeySecret: __, ...rest } = checked
  return Object.freeze({
    ...rest,
    maxConnections: rest.maxConnections ?? 2 * rest.maxAgents + 2_000,
    firstAccessKey:
      accessKeyId === undefined || accessKeySecret === undefined ? undefined : { accessKeyId, accessKeySecret },
    outputStores,
    configFile,
    warnings: [...warningsOf(checked), ...clearStores(outputStores)],
  })
}

const fileOf = (source: ConfigSource): string | undefined => {
  const named = source.flags[CONFIG_FILE.flag] ?? source.env[CONFIG_FILE.env]
  return typeof named === 'string' && named !== '' ? resolve(source.cwd, named) : undefined
}

const readFile = (file: string, problems: string[]): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it holds no object')
    for (const name of Object.keys(parsed)) {
      const setting = (SETTINGS as Readonly<Record<string, Setting<unknown> | undefined>>)[name]
      if (setting === undefined) problems.push(`"${name}" in ${file} is not a setting of the server.`)
      else if (!setting.inFile) problems.push(`"${name}" cannot be in ${file}: give it as ${placesOf(setting)}.`)
    }
    return parsed as Readonly<Record<string, unknown>>
  } catch (error) {
    problems.push(`The config file ${file} cannot be read: ${(error as Error).message}.`)
    return {}
  }
}

const placesOf = ({ flag, env }: Setting<unknown>): string =>
  [flag === undefined ? [] : [`--${flag}`], env ?? []].flat().join(' or ')

const find = (
  name: string,
  setting: Setting<unknown>,
  source: ConfigSource,
  configFile: string | undefined,
  inFile: Readonly<Record<string, unknown>>,
  problems: string[],
): Found | undefined => {
  const flagged = setting.flag === undefined ? undefined : asGiven(source.flags[setting.flag])
  if (flagged !== undefined && flagged !== false && (typeof flagged !== 'object' || flagged.length > 0)) {
    // The option alone says the opposite of the default.
    return {
      given: setting.kind === 'flag' ? setting.default !== true : flagged,
      where: `--${setting.flag}`,
      base: source.cwd,
    }
  }
  const text = setting.env === undefined ? undefined : source.env[setting.env]
  if (setting.env !== undefined && text !== undefined && text !== '') {
    const given = setting.kind === 'texts' ? text.split(',').flatMap((part) => part.trim() || []) : text
    return { given, where: setting.env, base: source.cwd }
  }
  if (!setting.inFile || !Object.hasOwn(inFile, name)) return undefined
  const where = `"${name}" in ${configFile}`
  const given = asGiven(inFile[name])
  if (given !== undefined) return { given, where, base: dirname(configFile ?? '') }
  problems.push(`${where} must be a text, a number, true or false, or a list of texts.`)
  return undefined
}

const asGiven = (value: unknown): Given | undefined => {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined
}

const contradictions = (values: Values): string[] => {
  const found: string[] = []
  if (values.listen === undefined && values.listenTls === undefined) {
    found.push('--listen and --listen-tls are both none: the server would not listen at all.')
  }
  if ((values.tlsCert === undefined) !== (values.tlsKey === undefined)) {
    found.push('--tls-cert and --tls-key belong together: one of them is missing.')
  }
  if (values.newCa && values.tlsCert !== undefined) {
    found.push('--new-ca makes a new authority, and with --tls-cert the server has none.')
  }
  if ((values.accessKeyId === undefined) !== (values.accessKeySecret === undefined)) {
    found.push('OPENASSIST_ACCESS_KEY_ID and OPENASSIST_ACCESS_KEY_SECRET belong together: one of them is missing.')
  }
  if ((values.outputAccessKeyId === undefined) !== (values.outputAccessKeySecret === undefined)) {
    found.push(
      'OPENASSIST_OUTPUT_ACCESS_KEY_ID and OPENASSIST_OUTPUT_ACCESS_KEY_SECRET belong together: one of them is missing.',
    )
  }
  if (values.database !== undefined && values.keyFile === undefined) {
    found.push('With PostgreSQL the key that encrypts secrets must be given: --key-file or OPENASSIST_KEY_FILE.')
  }
  return found
}

const outputStoresOf = (values: Values, problems: string[]): readonly OutputStoreSettings[] => {
  const { outputStores: file, outputAccessKeyId: accessKeyId, outputAccessKeySecret: accessKeySecret } = values
  if (file === undefined) return []
  try {
    const isWhole = accessKeyId !== undefined && accessKeySecret !== undefined
    return readOutputStores(file, isWhole ? { accessKeyId, accessKeySecret } : undefined)
  } catch (error) {
    problems.push(...(error as Error).message.split('\n'))
    return []
  }
}

/** Stores on other machines that are spoken to without TLS. */
const clearStores = (stores: readonly OutputStoreSettings[]): readonly string[] =>
  stores.flatMap((store) => {
    if (store.kind !== 's3' || !store.endpoint.startsWith('http:')) return []
    const { hostname, host } = new URL(store.endpoint)
    const address = canonicalAddress(hostname.replace(/^\[(.*)\]$/, '$1'))
    if (hostname === 'localhost' || (isIP(address) !== 0 && isLoopback(address))) return []
    return `Outputs are delivered to ${host} in clear: whoever is on the way can read them. Give an https endpoint.`
  })

const warningsOf = (values: Values): string[] => {
  const warnings: string[] = []
  const { listen } = values
  if (
    listen !== undefined &&
    listen.host !== 'localhost' &&
    !(isIP(listen.host) !== 0 && isLoopback(canonicalAddress(listen.host)))
  ) {
    warnings.push(
      `Plain HTTP on ${listen.host}:${listen.port} can be read on the network: secrets and outputs travel in clear. ` +
        'Let only a proxy that ends TLS reach it.',
    )
  }
  return warnings
}
