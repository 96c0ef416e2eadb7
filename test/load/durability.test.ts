import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildShim, canBuildShim } from '../shim/build-shim.js'
import { killOnPostgres, killOnShadow, killOnSqlite } from './kill-on.js'
import type { KillResult } from './kill-rounds.js'
import { Chance } from './random.js'

// Design D5: what was acknowledged survives a SIGKILL of every process and a power cut. The short forms are in test/e2e.

const KILLS = 50
const POWER_CUTS = 20
const HOSTS = 24
/** Everything is checked anew after each kill, and the history grows. */
const LIMIT_MS = 20 * 60_000

const say = (line: string): void => console.log(line)

const root = realpathSync(mkdtempSync(join(tmpdir(), 'openassist-durability-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const holds = (result: KillResult, chance: Chance): void => {
  const { submissions, reports, checkedTasks } = result
  say(`seed ${chance.seed}: ${submissions} submissions and ${reports} reports were acknowledged, ${checkedTasks} looks`)
  expect(result.wrong, `seed ${chance.seed}`).toEqual([])
  expect(submissions).toBeGreaterThan(0)
  expect(reports).toBeGreaterThan(0)
}

describe('everything that was acknowledged is there', () => {
  it(`after ${KILLS} kills under load, on SQLite`, { timeout: LIMIT_MS }, async () => {
    const chance = Chance.fresh()
    holds(await killOnSqlite(join(root, 'sqlite'), { rounds: KILLS, hosts: HOSTS, chance, say }), chance)
  })

  it(`after ${KILLS} kills under load, on PostgreSQL`, { timeout: LIMIT_MS }, async () => {
    const chance = Chance.fresh()
    holds(await killOnPostgres(join(root, 'postgres'), { rounds: KILLS, hosts: HOSTS, chance, say }), chance)
  })

  it.skipIf(!canBuildShim())(
    `after ${POWER_CUTS} kills that drop every write since the last fsync, on SQLite (needs g++ on Linux)`,
    { timeout: LIMIT_MS },
    async () => {
      const chance = Chance.fresh()
      const library = buildShim(root)
      holds(await killOnShadow(join(root, 'cut'), library, { rounds: POWER_CUTS, hosts: HOSTS, chance, say }), chance)
    },
  )
})
