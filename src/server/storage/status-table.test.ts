import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StatusRow } from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'
import { newInstance, openTestStore, SCOPE } from './_support.js'
import { StatusList } from './status-list.js'
import { StatusTable } from './status-table.js'

const idOf = (number: number): string => `mi-${String(number).padStart(7, '0')}`

const row = (number: number, osType: OsType = 'Linux'): StatusRow => ({
  instanceId: idOf(number),
  osType,
  agentVersion: '2.2.3.578',
  invocationCount: number,
  activeTaskCount: 0,
  lastInvokedAt: number % 2 === 0 ? undefined : number,
})

type Change =
  | { readonly kind: 'insert'; readonly number: number; readonly osType: OsType }
  | { readonly kind: 'remove'; readonly number: number }
  | { readonly kind: 'describe'; readonly number: number; readonly osType: OsType }
  | { readonly kind: 'invoke'; readonly number: number }
  | { readonly kind: 'active'; readonly number: number; readonly amount: number }

const number = fc.integer({ min: 0, max: 2_000 })
const osType = fc.constantFrom<OsType>('Linux', 'Windows', 'FreeBSD')
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), number, osType }),
  fc.record({ kind: fc.constant('remove' as const), number }),
  fc.record({ kind: fc.constant('describe' as const), number, osType }),
  fc.record({ kind: fc.constant('invoke' as const), number }),
  fc.record({ kind: fc.constant('active' as const), number, amount: fc.integer({ min: -3, max: 3 }) }),
)

it('a list is what a sorted array of its rows is, after any changes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_500 }), fc.array(change, { maxLength: 400 }), (first, changes) => {
      const list = new StatusList()
      const model = new Map<string, StatusRow>()
      const put = (one: StatusRow): void => {
        list.insert(one)
        model.set(one.instanceId, one)
      }
      for (let at = 0; at < first; at += 1) put(row(at * 2))
      for (const one of changes) {
        const id = idOf(one.number)
        const before = model.get(id)
        if (one.kind === 'insert') put(row(one.number, one.osType))
        else if (one.kind === 'remove') {
          list.remove(id)
          model.delete(id)
        } else if (one.kind === 'describe') {
          list.describe(id, one.osType, '3.0')
          if (before !== undefined) model.set(id, { ...before, osType: one.osType, agentVersion: '3.0' })
        } else if (one.kind === 'invoke') {
          list.addInvocations(id, 1, 77)
          if (before !== undefined)
            model.set(id, { ...before, invocationCount: before.invocationCount + 1, lastInvokedAt: 77 })
        } else {
          list.addActiveTasks(id, one.amount)
          if (before !== undefined) model.set(id, { ...before, activeTaskCount: before.activeTaskCount + one.amount })
        }
      }
      const rows = [...model.values()].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
      for (const os of [undefined, 'Linux', 'Windows', 'FreeBSD'] as const) {
        const fitting = rows.filter((one) => os === undefined || one.osType === os)
        expect(list.size(os)).toBe(fitting.length)
        expect(list.fromRank(os, 0, 10_000)).toEqual(fitting)
        for (const rank of [1, 255, 256, 700, fitting.length - 1, fitting.length])
          if (rank >= 0) expect(list.fromRank(os, rank, 3)).toEqual(fitting.slice(rank, rank + 3))
        for (const from of ['', idOf(0), idOf(511), idOf(512), idOf(2_000), 'zz'])
          expect(list.after(os, from, 3)).toEqual(fitting.filter((one) => one.instanceId > from).slice(0, 3))
      }
      for (const at of [0, 1, 512, 2_000]) expect(list.find(idOf(at))).toEqual(model.get(idOf(at)))
    }),
    { numRuns: 60 },
  )
})

it('what changes between slices is neither lost nor counted twice', async () => {
  const rows = Array.from({ length: 2_500 }, (_, at) => row(at * 2))
  const table = new StatusTable(([, , after], most) =>
    rows
      .filter((one) => one.instanceId > after)
      .slice(0, most)
      .map((one) => [SCOPE.accountId, SCOPE.regionId, one]),
  )
  const loaded = table.load()
  // One slice was read: one instance comes in front of its end, one behind, and both kinds are invoked.
  for (const at of [101, 4_001]) {
    rows.push(row(at))
    rows.sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
    table.inserted(SCOPE, row(at))
  }
  for (const at of [100, 4_000]) {
    const place = rows.findIndex((one) => one.instanceId === idOf(at))
    rows[place] = { ...rows[place]!, invocationCount: rows[place]!.invocationCount + 1, lastInvokedAt: 9 }
    table.invoked(SCOPE, [idOf(at)], 1, 9)
  }
  expect(table.complete).toBe(false)
  await loaded
  expect(table.complete).toBe(true)
  expect(table.of(SCOPE).fromRank(undefined, 0, 10_000)).toEqual(rows)
})

it('an account or region without instances has an empty list', async () => {
  const table = new StatusTable(() => [])
  await table.load()
  expect(table.of(SCOPE).size(undefined)).toBe(0)
  expect(table.of(SCOPE).fromRank(undefined, 0, 1)).toEqual([])
  expect(table.of(SCOPE).after(undefined, '', 1)).toEqual([])
  expect(table.of(SCOPE).find('mi-1')).toBeUndefined()
})

it('a store that keeps its rows in memory answers as one that reads them, whatever happened', async () => {
  await using warm = await openTestStore('sqlite')
  const { stores } = warm
  const ids = Array.from({ length: 600 }, (_, at) => idOf(at))
  await stores.write(async (w) => {
    for (const id of ids.slice(0, 300)) await w.instances.add(newInstance(id))
  })
  await stores.warmUp(SCOPE)
  await stores.write(async (w) => {
    for (const id of ids.slice(300)) await w.instances.add(newInstance(id, { osType: 'Windows' }))
    await w.instances.countInvocation(SCOPE, ids.slice(250, 350), 5_000)
    await w.instances.addActiveTasks(SCOPE, idOf(10), 2)
    await w.instances.uncountInvocation(SCOPE, ids.slice(340, 350))
    await w.instances.remove(idOf(20))
    await w.instances.describe(idOf(30), { agentVersion: '9.9', osType: 'FreeBSD', now: 1 })
  })
  // A piece of work that fails changes nothing in memory either.
  await expect(
    stores.write(async (w) => {
      await w.instances.remove(idOf(40))
      await w.instances.addActiveTasks(SCOPE, idOf(41), 7)
      throw new Error('taken back')
    }),
  ).rejects.toThrow('taken back')
  const cold = warm.reopened()
  for (const os of [undefined, 'Linux', 'Windows', 'FreeBSD'] as const) {
    for (const page of [
      { style: 'number', number: 1, size: 100 },
      { style: 'number', number: 4, size: 100 },
      { style: 'number', number: 99, size: 100 },
      { style: 'token', cursor: undefined, size: 50 },
      { style: 'token', cursor: idOf(299), size: 50 },
      { style: 'token', cursor: idOf(598), size: 50 },
    ] as const)
      expect(await stores.read.instances.statusPage(SCOPE, os, page)).toEqual(
        await cold.read.instances.statusPage(SCOPE, os, page),
      )
  }
  const asked = [idOf(10), idOf(20), idOf(30), idOf(40), idOf(41), idOf(345), 'mi-unknown']
  const found = await stores.read.instances.statusOf(SCOPE, asked)
  expect(found).toEqual(await cold.read.instances.statusOf(SCOPE, asked))
  expect(found).toHaveLength(5)
})
