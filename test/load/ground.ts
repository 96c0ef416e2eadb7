// What a killed server stands on: its files, a PostgreSQL, or only what it fsynced of its files.
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase } from '../postgres/database.js'
import { shimEnvironment } from '../shim/build-shim.js'
import { numberOf, textOf } from '../../src/server/storage/sql.js'
import { LOOKER, type StorePlace, withReader } from './snapshot.js'

export interface Ground extends StorePlace, AsyncDisposable {
  /** What a server is told of it. */
  readonly env: Readonly<Record<string, string>>
  /** Where its servers' logs are appended. */
  readonly logFile: string
  /** To be called between a kill and the next start. */
  killed(): Promise<void>
  /**
   * Resolves when nothing that the killed servers had asked for is still to come. Only then it is settled what is
   * there of that which nobody answered. A server may be started before.
   */
  settled(): Promise<void>
}

const nothing = async (): Promise<void> => undefined

export const sqliteGround = (directory: string): Ground => ({
  dataDir: directory,
  database: undefined,
  env: {},
  logFile: join(directory, 'test.log'),
  killed: nothing,
  settled: nothing,
  [Symbol.asyncDispose]: nothing,
})

/** How long PostgreSQL may take to notice that a client is gone: only something that hangs takes longer. */
const SETTLE_MS = 60_000

/** A database of its own in the run's PostgreSQL. */
export const postgresGround = async (directory: string): Promise<Ground> => {
  const made = await createDatabase()
  mkdirSync(directory, { recursive: true })
  const keyFile = join(directory, 'cluster.key')
  writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const place = { dataDir: directory, database: made.url }
  /** Of servers that are gone, as far as they had sessions when they were killed. */
  let orphans: readonly number[] = []
  const sessions = () =>
    withReader(place, (reader) =>
      reader.all(
        `select pid::bigint as pid, coalesce(state, '') as state, coalesce(wait_event, '') as wait_event, query
         from pg_stat_activity where datname = current_database() and application_name <> $1`,
        [LOOKER],
      ),
    )
  return {
    ...place,
    env: { OPENASSIST_DATABASE: made.url, OPENASSIST_KEY_FILE: keyFile },
    logFile: join(directory, 'test.log'),
    async killed() {
      orphans = (await sessions()).map((row) => numberOf(row['pid']))
    },
    async settled() {
      const until = performance.now() + SETTLE_MS
      for (;;) {
        const left = (await sessions()).filter((row) => orphans.includes(numberOf(row['pid'])))
        if (left.length === 0) return
        if (performance.now() > until) {
          const doing = left.map(
            (row) => `${textOf(row['state'])} (${textOf(row['wait_event'])}): ${textOf(row['query'])}`,
          )
          throw new Error(`sessions of a killed server are there after ${SETTLE_MS} ms: ${doing.join('; ')}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    [Symbol.asyncDispose]: () => made.drop(),
  }
}

/**
 * After each kill the server goes on with what it had fsynced, all else is dropped (test/shim).
 * @param directory without links in its path; made when it is not there
 */
export const shadowGround = (directory: string, library: string): Ground => {
  const data = join(directory, 'data')
  const shadow = join(directory, 'shadow')
  for (const made of [data, shadow]) mkdirSync(made, { recursive: true, mode: 0o700 })
  return {
    ...sqliteGround(data),
    env: shimEnvironment(library, data, shadow),
    logFile: join(directory, 'server.log'),
    async killed() {
      // The power is back: the data are what the disk has.
      rmSync(data, { recursive: true })
      cpSync(shadow, data, { recursive: true })
      if (!existsSync(join(data, 'facts.sqlite'))) throw new Error('the shadow holds no facts: the shim is not loaded')
    },
  }
}
