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
            const giveBack = await held.take(bytes)
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
})
