import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Due, TimerWheel } from './timer-wheel.js'

describe('a timer wheel', () => {
  it('gives each entry at its tick, whatever else was set and cancelled', () => {
    const steps = fc.array(
      fc.record({ inTicks: fc.integer({ min: 1, max: 10 }), cancelled: fc.boolean(), pass: fc.nat(3) }),
    )
    fc.assert(
      fc.property(steps, (list) => {
        const wheel = new TimerWheel<number>(10)
        const expected = new Map<number, number[]>()
        const got = new Map<number, number[]>()
        const advance = (): void => {
          const items = wheel.advance()
          if (items.length > 0) got.set(wheel.tick, items)
        }
        const cancelled: Due<number>[] = []
        list.forEach((step, index) => {
          const due = wheel.set(step.inTicks, index)
          if (step.cancelled) cancelled.push(due)
          else expected.set(due.dueTick, [...(expected.get(due.dueTick) ?? []), index])
          for (const entry of cancelled.splice(0)) wheel.cancel(entry)
          for (let passed = 0; passed < step.pass; passed++) advance()
        })
        for (let passed = 0; passed < 10; passed++) advance()
        expect(got).toEqual(expected)
      }),
    )
  })

  it('takes a deadline beyond its end as its end, and none as the next tick', () => {
    const wheel = new TimerWheel<string>(3)
    wheel.set(100, 'far')
    wheel.set(0, 'now')
    wheel.set(Number.NaN, 'odd')
    expect(wheel.advance()).toEqual(['now', 'odd'])
    expect(wheel.advance()).toEqual([])
    expect(wheel.advance()).toEqual(['far'])
  })
})
