import { expect, it } from 'vitest'
import type { World } from '../../src/server/domain/_support.js'
import { walk } from './walk.js'

/** Of the walks when nobody gives another: a run repeats itself. OPENASSIST_TEST_SEED is that of the first walk. */
const SEED = 20_261_124

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
    const first = Number(process.env['OPENASSIST_TEST_SEED'] ?? SEED)
    let taken = 0
    for (let seed = first; seed < first + walks; seed += 1) {
      taken += await walk(open, { seed, steps })
      if ((seed - first + 1) % 10 === 0) say?.(`${database}: ${taken} steps, seed ${seed} was right`)
    }
    expect(taken).toBeGreaterThanOrEqual(walks * steps)
  })
}
