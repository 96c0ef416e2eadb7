import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeSecretFile } from './root-key.js'
import { addAccessKey, ensureAccount, hasFirstKey, setAccessKey } from './storage/access-store.js'
import type { Sealer } from './storage/sealer.js'
import type { SqlDatabase } from './storage/sql.js'

export interface AccessKeyPair {
  readonly accessKeyId: string
  readonly accessKeySecret: string
}

export interface FirstAccessKey {
  /** Where the server wrote the key that it made; undefined when the operator brought one. */
  readonly file: string | undefined
  /** Present only on the start that made it. */
  readonly made: AccessKeyPair | undefined
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const word = (length: number): string =>
  Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('')

/** Where a server leaves the key that it made for its operator. */
export const firstAccessKeyFile = (dataDir: string): string => join(dataDir, 'first-access-key')

/**
 * Sees to it that somebody can sign (design D9): the key that the operator named, or once in the life of a database one
 * of our own, written to `<data>/first-access-key`, mode 0600.
 */
export const ensureFirstAccessKey = async (options: {
  database: SqlDatabase
  sealer: Sealer
  accountId: string
  dataDir: string
  given: AccessKeyPair | undefined
  now: number
}): Promise<FirstAccessKey> => {
  const { database, sealer, accountId, now, given } = options
  await ensureAccount(database, accountId, now)
  if (given !== undefined) {
    await setAccessKey(
      database,
      sealer,
      { accessKeyId: given.accessKeyId, secret: given.accessKeySecret, accountId },
      now,
    )
    return { file: undefined, made: undefined }
  }
  const file = firstAccessKeyFile(options.dataDir)
  if (await hasFirstKey(database)) return { file, made: undefined }
  const made = { accessKeyId: `LTAI5t${word(18)}`, accessKeySecret: word(30) }
  // The file first: a key whose secret nobody has would be of no use, a file without a row is made again.
  rmSync(file, { force: true })
  writeSecretFile(file, `${JSON.stringify(made)}\n`)
  const added = await addAccessKey(
    database,
    sealer,
    { accessKeyId: made.accessKeyId, secret: made.accessKeySecret, accountId, first: true },
    now,
  )
  if (added) return { file, made }
  // Another node was first: its operator has the key.
  rmSync(file)
  return { file: undefined, made: undefined }
}
