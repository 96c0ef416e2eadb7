import { describe, expect, it } from 'vitest'
import { createThrottle } from './throttle.js'

describe('throttle', () => {
  it('lets a burst through, then as many as fill up again', () => {
    const throttle = createThrottle({ perSecond: 10, burst: 3 })
    expect([1, 2, 3].map(() => throttle.take('a', 0))).toEqual([0, 0, 0])
    expect(throttle.take('a', 0)).toBe(100)
    expect(throttle.take('a', 60)).toBe(40)
    expect(throttle.take('a', 100)).toBe(0)
    expect(throttle.take('a', 100)).toBe(100)
  })

  it('never saves up more than the burst', () => {
    const throttle = createThrottle({ perSecond: 10, burst: 1 })
    expect(throttle.take('a', 0)).toBe(0)
    expect(throttle.take('a', 1_000_000)).toBe(0)
    expect(throttle.take('a', 1_000_000)).toBe(100)
  })

  it('counts each key alone', () => {
    const throttle = createThrottle({ perSecond: 1, burst: 1 })
    expect(throttle.take('a', 0)).toBe(0)
    expect(throttle.take('b', 0)).toBe(0)
    expect(throttle.take('a', 0)).toBe(1_000)
  })

  it('is not filled by a clock that was set back', () => {
    const throttle = createThrottle({ perSecond: 1, burst: 1 })
    expect(throttle.take('a', 10_000)).toBe(0)
    expect(throttle.take('a', 0)).toBe(1_000)
    expect(throttle.take('a', 500)).toBe(500)
  })

  it('never asks for more than an hour, even where nothing fills up', () => {
    const throttle = createThrottle({ perSecond: 0, burst: 0 })
    expect(throttle.take('a', 0)).toBe(3_600_000)
  })

  it('remembers a bounded number of keys', () => {
    const throttle = createThrottle({ perSecond: 0.001, burst: 1 }, 2)
    expect(['a', 'b', 'c'].map((key) => throttle.take(key, 0))).toEqual([0, 0, 0])
    expect(throttle.take('c', 0)).toBeGreaterThan(0)
    expect(throttle.take('a', 0)).toBe(0)
  })
})
