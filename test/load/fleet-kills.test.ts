import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { killFleet } from './fleet-kills.js'
import { type Ground, postgresGround, sqliteGround } from './ground.js'
import { Chance } from './random.js'

// 50 kills of the server, of agents, or of both at once, each within an invocation on 1,000 hosts. The short form is in
// test/e2e.

const KILLS = 25
const HOSTS = 1_000
const LIMIT_MS = 30 * 60_000

const say = (line: string): void => console.log(line)

const root = realpathSync(mkdtempSync(join(tmpdir(), 'openassist-fleet-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const holds = async (ground: Ground): Promise<void> => {
  await using _ = ground
  const chance = Chance.fresh()
  const result = await killFleet(ground, { rounds: KILLS, hosts: HOSTS, chance, say })
  const { serverKills, agentKills, ends } = result
  say(`seed ${chance.seed}: ${serverKills} kills of the server, ${agentKills} of agents, ${ends} ends`)
  expect(result.wrong).toEqual([])
  expect(ends).toBe(KILLS * HOSTS)
}

describe(`an invocation on ${HOSTS} hosts`, () => {
  it(`loses nothing and doubles nothing in ${KILLS} rounds of kills, on SQLite`, { timeout: LIMIT_MS }, async () => {
    await holds(sqliteGround(join(root, 'sqlite')))
  })

  it(`loses nothing and doubles nothing in ${KILLS} rounds of kills, on PostgreSQL`, {
    timeout: LIMIT_MS,
  }, async () => {
    await holds(await postgresGround(join(root, 'postgres')))
  })
})
