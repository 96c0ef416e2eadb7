import { describe, expect, it } from 'vitest'
import { createGate } from './gate.js'

describe('gate', () => {
  it('lets in so many calls at a time', () => {
    const gate = createGate(2, 100)
    const [first, second] = [gate.enter(), gate.enter()]
    expect(second).toBeDefined()
    expect(gate.enter()).toBeUndefined()
    first?.leave()
    expect(gate.enter()).toBeDefined()
  })

  it('holds so many bytes, and gives back what a call held when it leaves', () => {
    const gate = createGate(10, 100)
    const [first, second] = [gate.enter()!, gate.enter()!]
    expect([first.reserve(60), second.reserve(30), second.reserve(11), second.reserve(10)]).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(first.reserve(1)).toBe(false)
    second.leave()
    expect([first.reserve(40), first.reserve(1)]).toEqual([true, false])
  })

  it('is closed when the last call has left, or the deadline has passed', async () => {
    const gate = createGate(10, 100)
    await createGate(1, 1).close(60_000)
    const pass = gate.enter()
    const closed = gate.close(60_000)
    expect(gate.isClosed()).toBe(true)
    pass?.leave()
    await closed
    const stuck = createGate(10, 100)
    stuck.enter()
    await stuck.close(1)
    expect(stuck.isClosed()).toBe(true)
  })
})
