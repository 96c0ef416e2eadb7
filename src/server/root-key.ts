import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The key that seals every secret of this server (design D9), from its file. */
export interface RootKey {
  readonly key: Buffer
  readonly file: string
}

/**
 * Reads the key file, or makes `<data>/secret.key` on the first start with SQLite.
 * @throws Error with a sentence for the operator
 */
export const loadRootKey = (options: { dataDir: string; keyFile: string | undefined; clustered: boolean }): RootKey => {
  const file = options.keyFile ?? join(options.dataDir, 'secret.key')
  const found = readKey(file)
  if (found !== undefined) return { key: found, file }
  if (options.keyFile !== undefined) throw new Error(`There is no key file at ${file}. ${HOW_TO_MAKE}`)
  if (options.clustered)
    throw new Error(
      `With PostgreSQL all nodes share one key file, and none was given. Set OPENASSIST_KEY_FILE. ${HOW_TO_MAKE}`,
    )
  const key = randomBytes(32)
  writeSecretFile(file, `${key.toString('hex')}\n`)
  return { key, file }
}

const HOW_TO_MAKE = 'One is made with: (umask 077; openssl rand -hex 32 > secret.key)'

const readKey = (file: string): Buffer | undefined => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`The key file ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new Error(`The key file ${file} must hold 64 hexadecimal digits. ${HOW_TO_MAKE}`)
  // Windows has no such modes; there the folder's access list protects the file.
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new Error(`The key file ${file} can be read by others. Restrict it with: chmod 600 ${file}`)
  return Buffer.from(text, 'hex')
}

/** Writes a file that only its owner can read; it is on the disk when this returns. It must not exist yet. */
export const writeSecretFile = (file: string, text: string): void => {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  chmodSync(file, 0o600)
}
