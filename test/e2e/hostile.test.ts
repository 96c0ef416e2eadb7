import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteGround } from '../load/ground.js'
import { hostilePass } from '../load/hostile/hostile-pass.js'
import { Chance } from '../load/random.js'

// The short form of test/load/hostile.test.ts.

it('bad requests on both doors get documented errors, and leave nothing behind', { timeout: 5 * 60_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openassist-hostile-'))
  const { seed } = Chance.fresh()
  try {
    const { wrong, growth } = await hostilePass({
      ground: sqliteGround(dataDir),
      listener: 'plain',
      attacks: 4_000,
      warmUp: 2_000,
      seed,
    })
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(growth, `seed ${seed}`).toBeLessThan(10 * 1024 * 1024)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
