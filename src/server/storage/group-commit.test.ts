import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Fault } from '../domain/faults.js'
import { findBrokenAudit } from './audit-log.js'
import { migratePostgres, migrateSqlite, migrationFolder, migrationsOf, NewerSchema } from './migrate.js'
import { DIALECTS, openTestStore } from './_support.js'
import { PostgresDatabase } from './postgres/database.js'
import type { SqlWriter } from './sql.js'
import { SqliteConnection } from './sqlite/driver.js'
import { createDatabase } from '../../../test/postgres/database.js'

for (const dialect of DIALECTS) {
  describe(`the audit log on ${dialect}`, () => {
    const entry = (subject: string) => ({
      accountId: 'a',
      regionId: 'r',
      at: 1,
      actor: 'k',
      action: 'Test',
      subject,
      detail: { n: 1 },
    })

    it('chains entries of concurrent writers without a gap', async () => {
      await using store = await openTestStore(dialect)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.stores.write(async (w) => {
            w.audit(entry(`s${index}`))
          }),
        ),
      )
      expect(await findBrokenAudit(store.database.reader)).toBeUndefined()
      expect((await store.database.reader.get('select max(seq) as last from audit'))?.['last']).toBe(50)
    })

    it('an entry of work that failed is not there', async () => {
      await using store = await openTestStore(dialect)
      await expect(
        store.stores.write(async (w) => {
          w.audit(entry('x'))
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await store.database.reader.all('select seq from audit')).toEqual([])
    })

    it.each([
      ['changed', `update audit set subject = 'other' where seq = 3`, 3],
      ['taken out', 'delete from audit where seq = 2', 3],
    ])('an entry that was %s is found', async (_, tamper, at) => {
      await using store = await openTestStore(dialect)
      for (let index = 0; index < 5; index += 1) await store.stores.write(async (w) => w.audit(entry(`s${index}`)))
      await store.database.write((w) => w.run(tamper))
      expect(await findBrokenAudit(store.database.reader)).toBe(at)
    })
  })
}

describe('migrations', () => {
  it('run twice change nothing the second time', () => {
    const directory = mkdtempSync(join(tmpdir(), 'openassist-store-'))
    const connection = new SqliteConnection(join(directory, 'x.sqlite'), [])
    migrateSqlite(connection, 1)
    migrateSqlite(connection, 2)
    const applied = connection.allSync('select number, applied_at from schema_version order by number')
    const all = migrationsOf(migrationFolder('sqlite'))
    expect(applied).toMatchObject(all.map(({ number }) => ({ number, applied_at: 1 })))
    connection.close()
    rmSync(directory, { recursive: true })
  })

  it('an older program refuses a newer breaking schema, and runs on a newer one that is not breaking', () => {
    const directory = mkdtempSync(join(tmpdir(), 'openassist-store-'))
    const connection = new SqliteConnection(join(directory, 'x.sqlite'), [])
    migrateSqlite(connection, 1)
    connection.exec(`insert into schema_version values (98, 'harmless', 0, 1)`)
    migrateSqlite(connection, 2)
    connection.exec(`insert into schema_version values (99, 'other', 1, 1)`)
    expect(() => migrateSqlite(connection, 3)).toThrow(NewerSchema)
    connection.close()
    rmSync(directory, { recursive: true })
  })

  it('several nodes may bring one PostgreSQL database up at once', async () => {
    const made = await createDatabase()
    const nodes = Array.from(
      { length: 5 },
      () => new PostgresDatabase(made.url, { beforeCommit: async () => undefined, onError: () => undefined }),
    )
    await Promise.all(nodes.map((node) => migratePostgres(node, 1)))
    const applied = await nodes[0]!.reader.all('select number from schema_version order by number')
    const all = migrationsOf(migrationFolder('postgres'))
    expect(applied.map((row) => row['number'])).toEqual(all.map(({ number }) => number))
    await Promise.all(nodes.map((node) => node.close()))
    await made.drop()
  })
})

describe('the group commit of SQLite', () => {
  it('many pieces share one commit', async () => {
    await using store = await openTestStore('sqlite')
    const before = Number((await store.database.reader.get('pragma data_version'))?.['data_version'])
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        store.database.write((w) =>
          w.run('insert into account (id, name, created_at) values ($1, $2, 0)', [`a${index}`, 'n']),
        ),
      ),
    )
    const after = Number((await store.database.reader.get('pragma data_version'))?.['data_version'])
    expect((await store.database.reader.all('select id from account')).length).toBe(200)
    // data_version counts commits of other connections that this one has noticed: far fewer than 200.
    expect(after - before).toBeLessThan(50)
  })

  it('a piece that fails, before a change or behind one, takes back only itself', async () => {
    await using store = await openTestStore('sqlite')
    const addOne = (number: number) => async (w: SqlWriter) => {
      if (number % 10 === 1) throw new Fault('instance/not-found')
      await w.run('insert into account (id, name, created_at) values ($1, $2, 0)', [`a${number}`, 'n'])
      w.tally('update account set created_at = created_at + $2 where id = $1', 'a0', [1])
      w.audit({ accountId: 'a', regionId: 'r', at: 1, actor: 'k', action: 'Test', subject: `a${number}`, detail: {} })
      if (number % 10 === 3) throw new Fault('instance/not-found')
      if (number % 10 === 5) await w.run('insert into account (id, name, created_at) values ($1, $2, 0)', ['a0', 'n'])
      return number
    }
    const told = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => store.database.write(addOne(n))))
    const good = Array.from({ length: 60 }, (_, n) => n).filter((n) => ![1, 3, 5].includes(n % 10))
    expect(told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))).toEqual(good)
    const rows = await store.database.reader.all('select id from account')
    expect(rows.map((row) => String(row['id'])).toSorted()).toEqual(good.map((n) => `a${n}`).toSorted())
    expect(await store.database.reader.get(`select created_at from account where id = 'a0'`)).toMatchObject({
      created_at: good.length,
    })
    const audit = await store.database.reader.all('select subject from audit order by seq')
    expect(audit.map((row) => row['subject'])).toEqual(good.map((n) => `a${n}`))
    expect(await findBrokenAudit(store.database.reader)).toBeUndefined()
  })

  it('writes asked for after close are refused, those before are done', async () => {
    const store = await openTestStore('sqlite')
    const early = store.database.write((w) => w.run(`insert into account (id, name, created_at) values ('a', 'n', 0)`))
    const closing = store.database.close()
    await expect(early).resolves.toBe(1)
    await closing
    await expect(store.database.write(async () => 1)).rejects.toMatchObject({ kind: 'store/unavailable' })
  })
})
