import { describe, expect, it } from 'vitest'
import type { ResultFilter } from '../domain/invocations/invocations.js'
import type { TaskState } from '../domain/invocations/task-states.js'
import type { PageRequest } from '../domain/paging.js'
import { Retention } from '../retention.js'
import { addInvocation, DIALECTS, openTestStore, SCOPE, type TestStore } from './_support.js'

const DAY_MS = 86_400_000
const ids = (amount: number): readonly string[] =>
  Array.from({ length: amount }, (_, index) => `mi-${String(index).padStart(4, '0')}`)

const name = (index: number): string => `t-${String(index).padStart(5, '0')}`

const pageOf = async ({ stores }: TestStore, page: PageRequest, filter: ResultFilter = {}) => {
  const { items, totalCount, nextCursor } = await stores.read.tasks.results(SCOPE, filter, page)
  return { lines: items.map(({ invokeId, instanceId }) => `${invokeId} ${instanceId}`), totalCount, nextCursor }
}

const allByToken = async (store: TestStore, size: number, filter: ResultFilter): Promise<readonly string[]> => {
  const lines: string[] = []
  let cursor: string | undefined
  do {
    const page = await pageOf(store, { style: 'token', cursor, size }, filter)
    lines.push(...page.lines)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return lines
}

/** What is told to be there, and what is. */
const totals = async ({ database, stores }: TestStore): Promise<readonly unknown[]> => {
  const list = await stores.read.invocations.list(SCOPE, {}, { style: 'number', number: 1, size: 1 })
  const results = await stores.read.tasks.results(SCOPE, {}, { style: 'number', number: 1, size: 1 })
  const facts = await database.reader.get(
    `select count(distinct i.id) as invocations, count(*) as tasks from invocation i join task t on t.invocation_id = i.id
     where i.committed = 1`,
  )
  return [{ invocations: list.totalCount, tasks: results.totalCount }, facts]
}

describe.each(DIALECTS)('results on %s', (dialect) => {
  it('are paged the newest invocation first, each with its hosts last to first, by token and by number', async () => {
    await using store = await openTestStore(dialect)
    const amounts = [3, 1, 4, 2]
    for (const [index, amount] of amounts.entries()) await addInvocation(store.stores, name(index), ids(amount))
    const whole = amounts.flatMap((amount, index) => ids(amount).map((id) => `${name(index)} ${id}`)).toReversed()
    for (const filter of [
      {},
      { commandId: 'c-1' },
      { recordStatus: 'Running' },
      { instanceId: 'mi-0001' },
      { invokeId: name(2) },
    ]) {
      const { instanceId = '', invokeId = '' } = filter as ResultFilter
      const wanted = whole.filter((line) => line.startsWith(invokeId) && line.endsWith(instanceId))
      for (const size of [1, 2, 3, 7]) {
        expect(await allByToken(store, size, filter)).toEqual(wanted)
        for (let number = 1; number <= wanted.length + 1; number += 1) {
          const page = await pageOf(store, { style: 'number', number, size }, filter)
          expect(page).toMatchObject({
            lines: wanted.slice((number - 1) * size, number * size),
            totalCount: wanted.length,
          })
        }
      }
    }
  })

  it('are those in a state, of the invocations that have any', async () => {
    await using store = await openTestStore(dialect)
    const states: readonly (readonly [TaskState, string])[] = [
      ['Success', 'success'],
      ['Failed', 'failed'],
      ['Timeout', 'broken'],
      ['Pending', 'pending'],
      ['Terminated', 'stopped'],
      ['Stopping', 'stopping'],
    ]
    for (const [index, [state, counter]] of states.entries()) {
      await addInvocation(store.stores, name(index), ids(2))
      await store.database.write(async (w) => {
        await w.run(`update task set state = $2 where invocation_id = $1 and instance_id = 'mi-0001'`, [
          name(index),
          state,
        ])
        await w.run('update invocation set n_pending = n_pending - 1 where id = $1', [name(index)])
        await w.run(`update invocation set n_${counter} = n_${counter} + 1 where id = $1`, [name(index)])
      })
    }
    const found = async (recordStatus: string) => {
      const { lines, totalCount } = await pageOf(store, { style: 'number', number: 1, size: 50 }, { recordStatus })
      expect(lines).toEqual(await allByToken(store, 1, { recordStatus }))
      return [totalCount, lines.map((line) => Number(line.slice(2, 7)))]
    }
    expect(await found('Success')).toEqual([1, [0]])
    expect(await found('Failed')).toEqual([2, [2, 1]])
    expect(await found('Finished')).toEqual([2, [1, 0]])
    expect(await found('Stopped')).toEqual([1, [4]])
    expect(await found('Stopping')).toEqual([1, [5]])
    expect(await found('PartialFailed')).toEqual([0, []])
    expect(await found('Running')).toEqual([7, [5, 4, 3, 3, 2, 1, 0]])
  })

  it('have pages far behind many invocations', async () => {
    await using store = await openTestStore(dialect)
    for (let index = 0; index < 1_200; index += 1) await addInvocation(store.stores, name(index), ids(1 + (index % 2)))
    const page = (number: number) => pageOf(store, { style: 'number', number, size: 30 })
    const whole = await allByToken(store, 50, {})
    expect(whole).toHaveLength(1_800)
    for (const number of [17, 18, 40, 59, 60, 61])
      expect((await page(number)).lines).toEqual(whole.slice((number - 1) * 30, number * 30))
  })

  it('are counted without a look at them, as many as there are', async () => {
    await using store = await openTestStore(dialect)
    const now = 100 * DAY_MS
    expect(await totals(store)).toEqual([
      { invocations: 0, tasks: 0 },
      { invocations: 0, tasks: 0 },
    ])
    for (let index = 0; index < 6; index += 1) {
      const createdAt = index < 3 ? now - 31 * DAY_MS : now
      await addInvocation(store.stores, name(index), ids(index + 1), createdAt)
      if (index === 1) continue
      await store.database.write(async (w) => {
        await w.run(`update task set state = 'Success', final = 1 where invocation_id = $1`, [name(index)])
        await w.run('update invocation set n_pending = 0, n_success = $2 where id = $1', [name(index), index + 1])
      })
    }
    expect(await totals(store)).toEqual(Array(2).fill({ invocations: 6, tasks: 21 }))
    // Some are added later.
    const added = { instanceId: 'mi-9999', state: 'Pending', errorCode: '', errorInfo: '', deadlineAt: now } as const
    await store.stores.write(async (w) => {
      await w.tasks.add(name(1), [added], { repeatMode: 'Once', deliversOutput: false }, now)
      w.invocations.tally(name(1), undefined, 'pending', 1)
    })
    expect(await totals(store)).toEqual(Array(2).fill({ invocations: 6, tasks: 22 }))
    await new Retention({
      database: store.database,
      clock: { now: () => now },
      invocations: { milliseconds: 30 * DAY_MS, records: 10_000 },
      fileSends: { milliseconds: DAY_MS, records: 1_000 },
      tellRemoved: () => undefined,
    }).sweep(new AbortController().signal)
    expect(await totals(store)).toEqual(Array(2).fill({ invocations: 4, tasks: 18 }))
  })
})
