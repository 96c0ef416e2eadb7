// A filter without an index looks through the fleet in stretches of 2,000: what it finds must not depend on where one ends.
import { describe, expect, it } from 'vitest'
import { DIALECTS, newInstance, openTestStore, SCOPE } from './_support.js'

const AMOUNT = 4_100
const idOf = (number: number): string => `mi-${String(number).padStart(5, '0')}`

for (const dialect of DIALECTS) {
  describe(`a filtered list over several stretches, on ${dialect}`, () => {
    it('counts, pages by number and by cursor, and ends', async () => {
      await using store = await openTestStore(dialect)
      const { stores } = store
      await stores.write(async (w) => {
        for (let number = 0; number < AMOUNT; number += 1)
          await w.instances.add(newInstance(idOf(number), { name: number % 3 === 0 ? `web-${number}` : 'other' }))
      })
      const expected = Array.from({ length: AMOUNT }, (_, number) => number)
        .filter((number) => number % 3 === 0)
        .map(idOf)
      const filter = { managedOnly: true, instanceName: 'web-*' }
      const { instances } = stores.read
      expect(await instances.countList(SCOPE, filter)).toBe(expected.length)
      const ids = async (after: string | undefined, limit: number, skip = 0): Promise<string[]> =>
        (await instances.list(SCOPE, filter, after, limit, skip)).map((row) => row.instanceId)
      for (const skip of [0, 660, 666, 667, 700, 1_333, 1_334, 1_360, expected.length - 1, expected.length])
        expect(await ids(undefined, 50, skip)).toEqual(expected.slice(skip, skip + 50))
      for (const after of [idOf(0), idOf(1_998), idOf(1_999), idOf(2_000), idOf(3_999), idOf(AMOUNT)])
        expect(await ids(after, 20)).toEqual(expected.filter((id) => id > after).slice(0, 20))
      expect(await ids(undefined, 5_000)).toEqual(expected)
      // A filter that nothing matches goes to the end, too.
      expect(await instances.countList(SCOPE, { managedOnly: true, machineId: 'nobody' })).toBe(0)
      expect(await instances.list(SCOPE, { managedOnly: true, machineId: 'nobody' }, undefined, 10)).toEqual([])
    }, 60_000)
  })
}
