// Transactions that meet on PostgreSQL. SQLite has one writer and nothing to meet.
import { expect, it } from 'vitest'
import { createDatabase } from '../../../../test/postgres/database.js'
import { newInstance, openTestStore, SCOPE } from '../_support.js'
import { appendAudit } from '../audit-log.js'
import { migratePostgres } from '../migrate.js'
import type { SqlWriter } from '../sql.js'
import { PostgresDatabase } from './database.js'

it('submissions to the same hosts in any order do not wait for each other in a circle', async () => {
  await using store = await openTestStore('postgres')
  const ids = Array.from({ length: 400 }, (_, index) => `mi-${String((index * 7919) % 400).padStart(3, '0')}`)
  await store.stores.write(async (w) => {
    for (const id of ids) await w.instances.add(newInstance(id))
  })
  let tries = 0
  const count = (instanceIds: readonly string[]) =>
    store.stores.write(async (w) => {
      tries += 1
      await w.instances.countInvocation(SCOPE, instanceIds, 1)
    })
  const sorted = [...ids].sort()
  const orders = [ids, sorted, [...sorted].reverse(), sorted.filter((_, index) => index % 3 !== 0), [...ids].reverse()]
  const amount = 15
  await Promise.all(Array.from({ length: amount }, (_, index) => count(orders[index % orders.length] ?? [])))
  // A deadlock would have been resolved by running one of them again.
  expect(tries).toBe(amount)
})

it('a piece of work that goes on after a failed statement is not done, and says so', async () => {
  await using store = await openTestStore('postgres')
  const add = 'insert into account (id, name, created_at) values ($1, $2, $3)'
  await store.database.write((w) => w.run(add, ['a', 'n', 0]))
  const swallowed = store.database.write(async (w) => {
    await w.run(add, ['b', 'n', 0])
    await w.run(add, ['a', 'n', 0]).catch(() => undefined)
  })
  await expect(swallowed).rejects.toThrow('after a failed statement')
  expect(await store.database.reader.all('select id from account')).toEqual([{ id: 'a' }])
})

it('a piece of work that loses against others again and again is to be tried later', async () => {
  await using store = await openTestStore('postgres')
  let tries = 0
  const losing = store.database.write(async (w) => {
    tries += 1
    await w.run(`do $$ begin raise exception 'a circle' using errcode = '40P01'; end $$`)
  })
  await expect(losing).rejects.toMatchObject({ kind: 'store/unavailable' })
  expect(tries).toBe(5)
})

it('what a node that is gone held is free again soon, and was not done', async () => {
  const made = await createDatabase()
  const options = { beforeCommit: appendAudit, onError: () => undefined, abandonedMs: 300 }
  const [gone, other] = [new PostgresDatabase(made.url, options), new PostgresDatabase(made.url, options)]
  try {
    await migratePostgres(other, 0)
    const add = (id: string) => (w: SqlWriter) =>
      w.run('insert into account (id, name, created_at) values ($1, $2, $3)', [id, 'n', 0])
    let hold: (() => void) | undefined
    const held = new Promise<void>((resolve) => (hold = resolve))
    let silent: (() => void) | undefined
    const isSilent = new Promise<void>((resolve) => (silent = resolve))
    const abandoned = gone.write(async (w) => {
      await add('a')(w)
      silent?.()
      await held
    })
    await isSilent
    // The same key: it waits for the transaction that is silent.
    await other.write(add('a'))
    hold?.()
    await expect(abandoned).rejects.toMatchObject({ kind: 'store/unavailable' })
    expect(await other.reader.all('select id from account')).toEqual([{ id: 'a' }])
  } finally {
    await Promise.all([gone.close(), other.close()])
    await made.drop()
  }
})
