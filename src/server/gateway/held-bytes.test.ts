import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeldBytes } from './held-bytes.js'

describe('held bytes', () => {
  it('never are more than the limit, and everyone gets a turn, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 30 }), async (sizes) => {
        const held = new HeldBytes(100)
        const order: number[] = []
        await Promise.all(
          sizes.map(async (bytes, index) => {
            const giveBack = await held.take(bytes, `host ${index}`)
            order.push(index)
            expect(held.held).toBeLessThanOrEqual(100)
            await Promise.resolve()
            giveBack()
            giveBack()
          }),
        )
        expect(order).toEqual(sizes.map((_, index) => index))
        expect(held.held).toBe(0)
      }),
    )
  })

  it('of one host are a part of them, and others go ahead of what it sends beyond', async () => {
    const held = new HeldBytes(100)
    const began: string[] = []
    const take = async (bytes: number, owner: string): Promise<() => void> => {
      const giveBack = await held.take(bytes, owner)
      began.push(`${owner} ${bytes}`)
      return giveBack
    }
    const first = await take(20, 'slow')
    const second = take(10, 'slow')
    await take(40, 'honest')
    await take(30, 'other')
    expect(began).toEqual(['slow 20', 'honest 40', 'other 30'])
    first()
    await second
    expect(held.held).toBe(80)
  })

  it('may be one body of any length for each host, alone if it must', async () => {
    const held = new HeldBytes(100)
    const whole = await held.take(1_000, 'a')
    const next = held.take(1_000, 'a')
    whole()
    const giveBack = await next
    giveBack()
    expect(held.held).toBe(0)
  })

  it('are all given back, whoever sends what', async () => {
    const body = fc.record({ bytes: fc.integer({ min: 1, max: 150 }), owner: fc.constantFrom('a', 'b', 'c') })
    await fc.assert(
      fc.asyncProperty(fc.array(body, { maxLength: 30 }), async (bodies) => {
        const held = new HeldBytes(100)
        await Promise.all(
          bodies.map(async ({ bytes, owner }) => {
            const giveBack = await held.take(bytes, owner)
            expect(held.held).toBeLessThanOrEqual(100)
            await Promise.resolve()
            giveBack()
          }),
        )
        expect(held.held).toBe(0)
      }),
    )
  })
})
