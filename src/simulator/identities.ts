import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { SimulatedHost } from './signer.js'

// Who the hosts of a fleet are. Every host has an identity of its own; key pairs, which take long to make, are shared by
// many. Both may be kept in a file for the next run.

export interface SharedKey {
  readonly privateKey: KeyObject
  /** Base64 of its PEM text, as a registration carries it. */
  readonly publicKey: string
}

export interface RegisteredHost extends SimulatedHost {
  readonly keyNumber: number
}

export interface Identities {
  readonly keys: readonly SharedKey[]
  /** Hosts of an earlier run. */
  readonly hosts: readonly RegisteredHost[]
  /** Keeps hosts for the next run; does nothing without a file. */
  keep(hosts: readonly RegisteredHost[]): Promise<void>
}

interface IdentityFile {
  /** Which server these hosts are registered with. */
  readonly server: string
  readonly keys: readonly string[]
  readonly hosts: readonly (readonly [instanceId: string, machineId: string, keyNumber: number])[]
}

const KEY_BITS = 2_048

/**
 * @param keyCount key pairs to have
 * @throws Error when the file holds something else, and errors of the file system
 */
export const openIdentities = async (
  file: string | undefined,
  server: { readonly address: string; readonly ca: string | undefined },
  keyCount: number,
): Promise<Identities> => {
  // A server that was set up anew has another CA: the hosts of the old one are unknown to it.
  const mark = createHash('sha256')
    .update(`${server.address}\n${server.ca ?? ''}`)
    .digest('hex')
  const kept = file === undefined ? undefined : await readIdentityFile(file)
  const isOurs = kept?.server === mark
  const privateKeys = (kept?.keys ?? []).map((pem) => createPrivateKey(pem))
  const missing = Math.max(0, keyCount - privateKeys.length)
  const made = await Promise.all(
    Array.from({ length: missing }, () => promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS })),
  )
  const keys = [...privateKeys, ...made.map(({ privateKey }) => privateKey)]
  const hosts = (isOurs ? kept.hosts : []).flatMap(([instanceId, machineId, keyNumber]) => {
    const key = keys[keyNumber]
    return key === undefined ? [] : [{ instanceId, machineId, key, keyNumber }]
  })
  return {
    keys: keys.map((privateKey) => ({ privateKey, publicKey: publicTextOf(privateKey) })),
    hosts,
    async keep(all) {
      if (file === undefined) return
      const content: IdentityFile = {
        server: mark,
        keys: keys.map((key) => key.export({ type: 'pkcs8', format: 'pem' }).toString()),
        hosts: all.map(({ instanceId, machineId, keyNumber }) => [instanceId, machineId, keyNumber]),
      }
      const draft = `${file}.draft-${process.pid}`
      await writeFile(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 })
      await rename(draft, file)
    },
  }
}

const publicTextOf = (key: KeyObject): string =>
  Buffer.from(createPublicKey(key).export({ type: 'spki', format: 'pem' })).toString('base64')

const readIdentityFile = async (file: string): Promise<IdentityFile | undefined> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const content = parse(text)
  if (!isIdentityFile(content)) throw new Error(`${file} holds no identities of simulated hosts.`)
  return content
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isIdentityFile = (content: unknown): content is IdentityFile => {
  if (typeof content !== 'object' || content === null) return false
  const { server, keys, hosts } = content as Partial<Record<keyof IdentityFile, unknown>>
  return (
    typeof server === 'string' &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === 'string') &&
    Array.isArray(hosts) &&
    hosts.every(
      (host) =>
        Array.isArray(host) &&
        typeof host[0] === 'string' &&
        typeof host[1] === 'string' &&
        Number.isSafeInteger(host[2]),
    )
  )
}
