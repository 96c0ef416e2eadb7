import { describe, expect, it } from 'vitest'
import { fullJitter } from './backoff.js'

describe('the way back', () => {
  it('is at most a span that doubles up to its end', () => {
    const longest = fullJitter(1_000, 30_000, () => 0.999_999)
    expect([0, 1, 2, 3, 4, 5, 6, 1_000].map((attempt) => longest(attempt))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ])
  })

  it('is anything up to that, so that hosts do not come back in step', () => {
    const wait = fullJitter(1_000, 30_000)
    const waits = Array.from({ length: 200 }, () => wait(10))
    expect(Math.min(...waits)).toBeLessThan(10_000)
    expect(Math.max(...waits)).toBeGreaterThan(20_000)
    expect(new Set(waits).size).toBeGreaterThan(150)
  })
})
