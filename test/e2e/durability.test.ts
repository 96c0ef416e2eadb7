import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { killOnPostgres, killOnSqlite } from '../load/kill-on.js'
import { Chance } from '../load/random.js'

// The short forms of test/load/durability.test.ts.

const directories: string[] = []
const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'openassist-durability-'))
  directories.push(made)
  return made
}
afterEach(() => {
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true })
})

describe('a server that is killed under load', () => {
  it('has everything that it acknowledged, on SQLite', async () => {
    const chance = Chance.fresh()
    const result = await killOnSqlite(directory(), { rounds: 3, hosts: 24, chance })
    expect(result.wrong, `seed ${chance.seed}`).toEqual([])
    expect(result.reports).toBeGreaterThan(0)
  })

  it('has everything that it acknowledged, on PostgreSQL', async () => {
    const chance = Chance.fresh()
    const result = await killOnPostgres(directory(), { rounds: 3, hosts: 24, chance })
    expect(result.wrong, `seed ${chance.seed}`).toEqual([])
    expect(result.reports).toBeGreaterThan(0)
  })
})
