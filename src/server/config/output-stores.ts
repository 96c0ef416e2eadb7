// The file that says where outputs can be delivered to: a JSON object, one store for each `oss://bucket/prefix`.
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { OutputStoreSettings } from '../outputs/settings.js'
import { Secret } from '../telemetry/secret.js'

/** The AccessKey of stores that name none. */
export interface OutputKey {
  readonly accessKeyId: string
  readonly accessKeySecret: Secret
}

/** @throws Error with a sentence for each thing that is wrong, a line each */
export const readOutputStores = (file: string, key: OutputKey | undefined): readonly OutputStoreSettings[] => {
  const entries = entriesOf(file)
  const problems: string[] = []
  const stores: OutputStoreSettings[] = []
  for (const [address, value] of entries) {
    const found: string[] = []
    const store = storeOf(address, value, key, dirname(file), found)
    if (store !== undefined) stores.push(store)
    problems.push(...found.map((what) => `The store ${JSON.stringify(address)} in ${file} ${what}.`))
  }
  // Windows has no such modes; there the folder's access list protects the file.
  const hasSecret = entries.some(([, value]) => isObject(value) && value['accessKeySecret'] !== undefined)
  if (hasSecret && process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    problems.push(`The file ${file} holds secrets and can be read by others. Restrict it with: chmod 600 ${file}`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return stores
}

const entriesOf = (file: string): readonly (readonly [string, unknown])[] => {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    // What a parser says of a text may repeat the text, secrets and all.
    const why = cause instanceof SyntaxError ? 'it is no JSON' : (cause as Error).message
    throw new Error(`The file of output stores ${file} cannot be read: ${why}.`, { cause })
  }
  if (!isObject(parsed)) throw new Error(`The file of output stores ${file} cannot be read: it holds no object.`)
  return Object.entries(parsed)
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const S3_MEMBERS = ['endpoint', 'region', 'bucket', 'prefix', 'pathStyle', 'accessKeyId', 'accessKeySecret']

/** @param found takes what is wrong, as the end of a sentence about the store */
const storeOf = (
  address: string,
  value: unknown,
  key: OutputKey | undefined,
  base: string,
  found: string[],
): OutputStoreSettings | undefined => {
  const match = /^oss:\/\/([^/\\]+)((?:\/[^/\\]+)*)\/?$/.exec(address)
  const prefix = (match?.[2] ?? '').split('/').slice(1)
  if (match === null || prefix.some((part) => part === '.' || part === '..'))
    found.push('must be for an address such as oss://bucket or oss://bucket/prefix')
  if (!isObject(value)) {
    found.push('must be an object')
    return undefined
  }
  const mapped = { bucket: match?.[1] ?? '', prefix }
  const known = value['directory'] === undefined ? S3_MEMBERS : ['directory']
  for (const name of Object.keys(value)) {
    if (![...known, 'directory'].includes(name)) found.push(`must not have ${JSON.stringify(name)}`)
    if (name !== 'pathStyle' && typeof value[name] !== 'string') found.push(`must have a text as "${name}"`)
  }
  if (found.length > 0) return undefined
  if (value['directory'] === undefined) return s3Of(mapped, value, key, found)
  const directory = resolve(base, textIn(value, 'directory'))
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    found.push(`names ${directory}, which is no directory`)
  return { ...mapped, kind: 'directory', directory }
}

const s3Of = (
  mapped: { readonly bucket: string; readonly prefix: readonly string[] },
  value: Members,
  key: OutputKey | undefined,
  found: string[],
): OutputStoreSettings => {
  const given = textIn(value, 'endpoint')
  const endpoint = URL.canParse(given) ? new URL(given) : undefined
  if (endpoint === undefined || !/^https?:$/.test(endpoint.protocol) || !`${endpoint.origin}/`.startsWith(given))
    found.push('must have a directory, or an endpoint such as https://s3.example.com')
  const { pathStyle = true } = value
  if (typeof pathStyle !== 'boolean') found.push('must have true or false as "pathStyle"')
  const hasOwnKey = value['accessKeyId'] !== undefined
  if (hasOwnKey !== (value['accessKeySecret'] !== undefined))
    found.push('must have both an accessKeyId and an accessKeySecret, or none of them')
  if (!hasOwnKey && key === undefined)
    found.push('has no accessKeyId, and OPENASSIST_OUTPUT_ACCESS_KEY_ID is not given')
  const storeBucket = textIn(value, 'bucket') || mapped.bucket
  // It is a part of a path or of a host name.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/.test(storeBucket)) {
    const isLength = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(storeBucket)
    const length = `of 2 to 63 characters, not ${storeBucket.length}`
    found.push(
      `must have a bucket ${isLength ? length : 'of letters, digits, . _ and -, beginning with one of the first two'}`,
    )
  }
  const storePrefix = textIn(value, 'prefix')
  if (storePrefix.split('/').some((part) => part === '.' || part === '..'))
    found.push('must have a prefix without dots alone')
  return {
    ...mapped,
    kind: 's3',
    endpoint: endpoint?.origin ?? '',
    region: textIn(value, 'region') || 'us-east-1',
    storeBucket,
    storePrefix,
    pathStyle: pathStyle === true,
    accessKeyId: hasOwnKey ? textIn(value, 'accessKeyId') : (key?.accessKeyId ?? ''),
    accessKeySecret: hasOwnKey
      ? new Secret(textIn(value, 'accessKeySecret'))
      : (key?.accessKeySecret ?? new Secret('')),
  }
}

const textIn = (value: Members, name: string): string => {
  const member = value[name]
  return typeof member === 'string' ? member : ''
}
