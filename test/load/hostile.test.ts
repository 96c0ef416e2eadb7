import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type Ground, postgresGround, sqliteGround } from './ground.js'
import { type HostilePass, hostilePass } from './hostile/hostile-pass.js'
import { Chance } from './random.js'

const MOST_GROWTH = 10 * 1024 * 1024
const LIMIT_MS = 30 * 60_000

const directories: string[] = []
const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'openassist-hostile-'))
  directories.push(made)
  return made
}
afterEach(() => {
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true })
})

const holds = async (ground: Ground, amount: Pick<HostilePass, 'listener' | 'attacks' | 'warmUp'>): Promise<void> => {
  await using _ = ground
  const { seed } = Chance.fresh()
  const pass = { ground, seed, ...amount, say: (line: string) => console.log(line) }
  const { wrong, answered, growth } = await hostilePass(pass)
  const megabytes = (growth / 1_048_576).toFixed(2)
  console.log(`seed ${seed}: the heap grew by ${megabytes} MB; answers`, Object.fromEntries(answered))
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(growth, `seed ${seed}`).toBeLessThan(MOST_GROWTH)
}

it('100,000 bad requests get documented errors, and the last 90,000 leave less than 10 MB', {
  timeout: LIMIT_MS,
}, async () => {
  await holds(sqliteGround(directory()), { listener: 'plain', attacks: 100_000, warmUp: 10_000 })
})

it('10,000 bad requests to the TLS listener get documented errors, or no handshake', {
  timeout: LIMIT_MS,
}, async () => {
  await holds(sqliteGround(directory()), { listener: 'TLS', attacks: 10_000, warmUp: 4_000 })
})

it('10,000 bad requests get documented errors from a server on PostgreSQL', { timeout: LIMIT_MS }, async () => {
  await holds(await postgresGround(directory()), { listener: 'plain', attacks: 10_000, warmUp: 4_000 })
})
