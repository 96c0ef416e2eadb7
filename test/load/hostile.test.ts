import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hostilePass } from './hostile/hostile-pass.js'
import { Chance } from './random.js'

const ATTACKS = 100_000
const MOST_GROWTH = 10 * 1024 * 1024

it('100,000 bad requests get documented errors, and the last 90,000 leave less than 10 MB', {
  timeout: 30 * 60_000,
}, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openassist-hostile-'))
  const { seed } = Chance.fresh()
  try {
    const { wrong, answered, growth } = await hostilePass({
      dataDir,
      attacks: ATTACKS,
      warmUp: 10_000,
      seed,
      say: (line) => console.log(line),
    })
    console.log(
      `seed ${seed}: the heap grew by ${(growth / 1_048_576).toFixed(2)} MB; answers`,
      Object.fromEntries(answered),
    )
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(growth, `seed ${seed}`).toBeLessThan(MOST_GROWTH)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
