import { describe, expect, it } from 'vitest'
import { nonces } from './nonce-store.js'
import type { SqlDatabase } from './sql.js'

const MINUTE = 60_000

/** Nonces of reads, which no database sees. */
const open = () => {
  const clock = { time: 1_800_000_000_000, now: () => clock.time }
  const store = nonces({} as SqlDatabase, clock, 15 * MINUTE)
  return { clock, take: (nonce: string) => store.take('key', nonce, false) }
}

describe('nonces of reads', () => {
  it('count for a window to both sides, and not much longer', async () => {
    const { clock, take } = open()
    expect(await take('a')).toBe(true)
    expect(await take('a')).toBe(false)
    clock.time += 30 * MINUTE
    expect(await take('a')).toBe(false)
    for (let count = 0; count < 8; count += 1) {
      clock.time += 6 * MINUTE
      expect(await take(`other-${count}`)).toBe(true)
    }
    expect(await take('a')).toBe(true)
  })

  it.each([-120 * MINUTE, -1])('are neither forgotten nor kept for ever when the clock is set by %d ms', async (by) => {
    const { clock, take } = open()
    expect(await take('a')).toBe(true)
    clock.time += by
    expect(await take('a')).toBe(false)
    for (let count = 0; count < 8; count += 1) {
      clock.time += 6 * MINUTE
      expect(await take(`other-${count}`)).toBe(true)
    }
    expect(await take('a')).toBe(true)
  })
})
