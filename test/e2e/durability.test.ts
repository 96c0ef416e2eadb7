import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Ground, postgresGround, sqliteGround } from '../load/ground.js'
import { killFleet } from '../load/fleet-kills.js'
import { killUnderLoad } from '../load/kill-rounds.js'
import { killWithinSubmissions } from '../load/kill-submissions.js'
import { Chance } from '../load/random.js'

// The short forms of test/load/durability.test.ts and test/load/fleet-kills.test.ts.

/** Three starts and their loads take seconds, minutes where many others compute. */
const LIMIT_MS = 5 * 60_000

const directories: string[] = []
const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'openassist-durability-'))
  directories.push(made)
  return made
}
afterEach(() => {
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true })
})

const grounds: Readonly<Record<string, () => Ground | Promise<Ground>>> = {
  SQLite: () => sqliteGround(directory()),
  PostgreSQL: () => postgresGround(directory()),
}

for (const [name, make] of Object.entries(grounds)) {
  describe(`a server that is killed, on ${name}`, () => {
    it('has everything that it acknowledged', { timeout: LIMIT_MS }, async () => {
      await using ground = await make()
      const result = await killUnderLoad(ground, { rounds: 3, hosts: 24, chance: Chance.fresh() })
      expect(result.wrong).toEqual([])
      expect(result.reports).toBeGreaterThan(0)
    })

    it('has a submission whole or not at all', { timeout: LIMIT_MS }, async () => {
      await using ground = await make()
      const result = await killWithinSubmissions(ground, { rounds: 1, targets: 1_100, chance: Chance.fresh() })
      expect(result.wrong).toEqual([])
    })

    it('ends what ran on its hosts once, whoever is killed', { timeout: LIMIT_MS }, async () => {
      await using ground = await make()
      const result = await killFleet(ground, { rounds: 2, hosts: 60, chance: Chance.fresh() })
      expect(result.wrong).toEqual([])
      expect(result.ends).toBe(120)
    })
  })
}
