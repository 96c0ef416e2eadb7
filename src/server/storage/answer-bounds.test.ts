// What one answer holds at most, on both databases (design D13).
import { describe, expect, it } from 'vitest'
import { addInvocation, DIALECTS, openTestStore, SCOPE, sealer } from './_support.js'
import { unitOfWork } from './unit-of-work.js'

const ids = (amount: number): readonly string[] =>
  Array.from({ length: amount }, (_, index) => `mi-${String(index).padStart(5, '0')}`)

for (const dialect of DIALECTS) {
  describe(`an answer on ${dialect}`, () => {
    it('holds every task of a large invocation, in the order of their ids', async () => {
      await using store = await openTestStore(dialect)
      await addInvocation(store.stores, 't-1', ids(1_201).toReversed())
      await addInvocation(store.stores, 't-2', ids(1_000))
      const page = await store.stores.read.invocations.list(SCOPE, {}, { style: 'number', number: 1, size: 10 })
      expect(page.items.map((one) => one.invokeId)).toEqual(['t-2', 't-1'])
      expect(page.items[0]?.tasks.map((task) => task.instanceId)).toEqual(ids(1_000))
      expect(page.items[1]?.tasks.map((task) => task.instanceId)).toEqual(ids(1_201))
    })

    it('holds fewer invocations than asked for, never none, and the next goes on behind them', async () => {
      await using store = await openTestStore(dialect)
      const { read } = unitOfWork(store.database, sealer, undefined, { tasks: 5, outputBytes: 1 })
      for (const [invokeId, amount] of [
        ['t-1', 2],
        ['t-2', 3],
        ['t-3', 9],
        ['t-4', 1],
      ] as const)
        await addInvocation(store.stores, invokeId, ids(amount))
      const walk: string[][] = []
      let cursor: string | undefined
      do {
        const page = await read.invocations.list(SCOPE, {}, { style: 'token', cursor, size: 10 })
        expect(page.totalCount).toBe(4)
        walk.push(page.items.map((one) => one.invokeId))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      expect(walk).toEqual([['t-4'], ['t-3'], ['t-2', 't-1']])
    })

    it('counts one task of an invocation where one instance is asked about', async () => {
      await using store = await openTestStore(dialect)
      const { read } = unitOfWork(store.database, sealer, undefined, { tasks: 2, outputBytes: 1 })
      for (const invokeId of ['t-1', 't-2']) await addInvocation(store.stores, invokeId, ids(3))
      const filter = { instanceId: 'mi-00001' }
      const page = await read.invocations.list(SCOPE, filter, { style: 'number', number: 1, size: 10 })
      expect(page.items.map((one) => one.tasks.length)).toEqual([1, 1])
    })
  })
}
