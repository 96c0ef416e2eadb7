// What a killed server stands on: its files, a PostgreSQL, or only what it fsynced of its files.
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase } from '../postgres/database.js'
import { shimEnvironment } from '../shim/build-shim.js'
import { type KillResult, killUnderLoad } from './kill-rounds.js'
import type { Chance } from './random.js'

export interface Amount {
  readonly rounds: number
  readonly hosts: number
  readonly chance: Chance
  readonly say?: (line: string) => void
}

export const killOnSqlite = (directory: string, amount: Amount): Promise<KillResult> =>
  killUnderLoad({ ...amount, dataDir: () => directory, env: () => ({}) })

export const killOnPostgres = async (directory: string, amount: Amount): Promise<KillResult> => {
  const database = await createDatabase()
  mkdirSync(directory, { recursive: true })
  const keyFile = join(directory, 'cluster.key')
  writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  try {
    const env = { OPENASSIST_DATABASE: database.url, OPENASSIST_KEY_FILE: keyFile }
    return await killUnderLoad({ ...amount, dataDir: () => directory, env: () => env })
  } finally {
    await database.drop()
  }
}

/**
 * After each kill the server goes on with what it had fsynced, all else is dropped (test/shim).
 * @param directory without links in its path; made when it is not there
 */
export const killOnShadow = (directory: string, library: string, amount: Amount): Promise<KillResult> => {
  const data = join(directory, 'data')
  const shadow = join(directory, 'shadow')
  for (const made of [data, shadow]) mkdirSync(made, { recursive: true, mode: 0o700 })
  return killUnderLoad({
    ...amount,
    dataDir: () => data,
    logFile: join(directory, 'server.log'),
    env: () => shimEnvironment(library, data, shadow),
    afterKill() {
      // The power is back: the data are what the disk has.
      rmSync(data, { recursive: true })
      cpSync(shadow, data, { recursive: true })
      if (!existsSync(join(data, 'facts.sqlite'))) throw new Error('the shadow holds no facts: the shim is not loaded')
    },
  })
}
