import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildShim, canBuildShim } from '../shim/build-shim.js'
import { type Ground, postgresGround, shadowGround, sqliteGround } from './ground.js'
import { killUnderLoad } from './kill-rounds.js'
import { killWithinSubmissions } from './kill-submissions.js'
import { Chance } from './random.js'

// Design D5: what was acknowledged survives a SIGKILL of every process and a power cut. The short forms are in test/e2e.

const KILLS = 50
const POWER_CUTS = 20
const HOSTS = 24
/** Kills in the middle of a submission, and the targets of one: 5 parts of 500 (design §4). */
const SPLITS = 10
const TARGETS = 2_400
/** Everything is checked anew after each kill, and the history grows. */
const LIMIT_MS = 30 * 60_000

const say = (line: string): void => console.log(line)

const root = realpathSync(mkdtempSync(join(tmpdir(), 'openassist-durability-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const holds = async (ground: Ground, rounds: number): Promise<void> => {
  await using _ = ground
  const chance = Chance.fresh()
  const result = await killUnderLoad(ground, { rounds, hosts: HOSTS, chance, say })
  const { submissions, reports, checkedTasks } = result
  say(`seed ${chance.seed}: ${submissions} submissions and ${reports} reports were acknowledged, ${checkedTasks} looks`)
  expect(result.wrong).toEqual([])
  expect(submissions).toBeGreaterThan(0)
  expect(reports).toBeGreaterThan(0)
}

describe('everything that was acknowledged is there', () => {
  it(`after ${KILLS} kills under load, on SQLite`, { timeout: LIMIT_MS }, async () => {
    await holds(sqliteGround(join(root, 'sqlite')), KILLS)
  })

  it(`after ${KILLS} kills under load, on PostgreSQL`, { timeout: LIMIT_MS }, async () => {
    await holds(await postgresGround(join(root, 'postgres')), KILLS)
  })

  it.skipIf(!canBuildShim())(
    `after ${POWER_CUTS} kills that drop every write since the last fsync, on SQLite (needs g++ on Linux)`,
    { timeout: LIMIT_MS },
    async () => {
      await holds(shadowGround(join(root, 'cut'), buildShim(root)), POWER_CUTS)
    },
  )
})

describe('a submission that is written in parts', () => {
  const isWholeOrNotThere = async (ground: Ground): Promise<void> => {
    await using _ = ground
    const chance = Chance.fresh()
    const result = await killWithinSubmissions(ground, { rounds: SPLITS, targets: TARGETS, chance, say })
    say(`seed ${chance.seed}: ${result.split} of ${SPLITS} kills left parts of a submission`)
    expect(result.wrong).toEqual([])
    expect(result.split).toBeGreaterThan(0)
  }

  it(`is whole or not there after ${SPLITS} kills in its middle, on SQLite`, { timeout: LIMIT_MS }, async () => {
    await isWholeOrNotThere(sqliteGround(join(root, 'split')))
  })

  it(`is whole or not there after ${SPLITS} kills in its middle, on PostgreSQL`, { timeout: LIMIT_MS }, async () => {
    await isWholeOrNotThere(await postgresGround(join(root, 'split-postgres')))
  })
})
