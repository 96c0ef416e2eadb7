import { expect, it } from 'vitest'
import type { World } from '../../src/server/domain/_support.js'
import { TEST_SEED } from '../setup/seed.js'
import { walk } from './walk.js'

const LIMIT_MS = 20 * 60_000

interface Walks {
  readonly walks: number
  readonly steps: number
  readonly say?: (line: string) => void
}

/** Walks on one database, each in a world of its own. */
export const modelSuite = (database: string, open: () => Promise<World>, { walks, steps, say }: Walks): void => {
  it(`the command system does what a simple model says for ${walks * steps} random steps, on ${database}`, {
    timeout: LIMIT_MS,
  }, async () => {
    let taken = 0
    for (let seed = TEST_SEED; seed < TEST_SEED + walks; seed += 1) {
      taken += await walk(open, { seed, steps })
      if ((seed - TEST_SEED + 1) % 10 === 0) say?.(`${database}: ${taken} steps, seed ${seed} was right`)
    }
    expect(taken).toBeGreaterThanOrEqual(walks * steps)
  })
}
