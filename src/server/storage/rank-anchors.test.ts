import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RankAnchors } from './rank-anchors.js'

const idOf = (number: number): string => `mi-${String(number).padStart(7, '0')}`

const over = (ids: string[]): RankAnchors =>
  new RankAnchors(async (after, most) => ids.filter((id) => after === undefined || id > after).slice(0, most))

/** The id at a rank, as a page finds it: seek, then skip. */
const at = (ids: readonly string[], anchors: RankAnchors, rank: number): string | undefined => {
  const { from, skip } = anchors.seek(rank)
  return ids.filter((id) => from === undefined || id >= from)[skip]
}

it('finds every rank of a large list by a short skip', async () => {
  const ids = Array.from({ length: 25_000 }, (_, index) => idOf(index))
  const anchors = over(ids)
  await anchors.build()
  for (const rank of [0, 1, 999, 1_000, 12_345, 24_999]) {
    expect(at(ids, anchors, rank)).toBe(ids[rank])
    expect(anchors.seek(rank).skip).toBeLessThan(1_000)
  }
})

it('is right before it is built', () => {
  const ids = Array.from({ length: 3_000 }, (_, index) => idOf(index))
  const anchors = over(ids)
  expect(at(ids, anchors, 2_500)).toBe(ids[2_500])
})

it('stays right through inserts and deletes in any order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 50 }),
      fc.array(fc.record({ id: fc.integer({ min: 0, max: 200 }), insert: fc.boolean() }), { maxLength: 200 }),
      async (first, changes) => {
        const ids = [...new Set(first)].map(idOf).sort()
        const anchors = over(ids)
        await anchors.build()
        for (const { id, insert } of changes) {
          const name = idOf(id)
          const place = ids.indexOf(name)
          if (insert && place < 0) {
            ids.push(name)
            ids.sort()
            anchors.inserted(name)
          } else if (!insert && place >= 0) {
            ids.splice(place, 1)
            anchors.removed(name)
          }
        }
        for (let rank = 0; rank < ids.length; rank += 1) expect(at(ids, anchors, rank)).toBe(ids[rank])
      },
    ),
    { numRuns: 50 },
  )
})

it('appended ids make new runs, so that skips stay short', async () => {
  const ids: string[] = []
  const anchors = over(ids)
  await anchors.build()
  for (let number = 0; number < 5_000; number += 1) {
    ids.push(idOf(number))
    anchors.inserted(idOf(number))
  }
  expect(anchors.seek(4_999).skip).toBeLessThan(1_000)
  expect(at(ids, anchors, 4_321)).toBe(ids[4_321])
})
