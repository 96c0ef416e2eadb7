// One test per trap of one SQL text for two databases (design D3), on both.
import { describe, expect, it } from 'vitest'
import { addInvocation, DIALECTS, newInstance, openTestStore, SCOPE } from './_support.js'

for (const dialect of DIALECTS) {
  describe(`one SQL text on ${dialect}`, () => {
    it('integers up to 2^53 come back as the same numbers', async () => {
      await using store = await openTestStore(dialect)
      const largest = Number.MAX_SAFE_INTEGER
      await store.database.write((w) =>
        w.run('insert into account (id, name, created_at) values ($1, $2, $3)', ['a', 'n', largest]),
      )
      const row = await store.database.reader.get('select created_at from account where id = $1', ['a'])
      expect(row?.['created_at']).toBe(largest)
    })

    it('text of every plane and every quote comes back unchanged', async () => {
      await using store = await openTestStore(dialect)
      const text = `ä 漢字 🙂 ' " \\ % _ * ? [ ] $1 ?1 \n\t`
      await store.database.write((w) =>
        w.run('insert into account (id, name, created_at) values ($1, $2, $3)', ['a', text, 0]),
      )
      expect((await store.database.reader.get('select name from account'))?.['name']).toBe(text)
    })

    it('bytes come back as bytes, zeros and all', async () => {
      await using store = await openTestStore(dialect)
      await addInvocation(store.stores, 't-1', ['mi-1'])
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.stores.write((w) => w.tasks.appendOutput('t-1', 'mi-1', bytes))
      const page = await store.stores.read.tasks.results(SCOPE, {}, { style: 'number', number: 1, size: 1 })
      expect(Buffer.from(page.items[0]!.output!)).toEqual(Buffer.from(bytes))
    })

    it('a view into a larger buffer is kept as that view', async () => {
      await using store = await openTestStore(dialect)
      await addInvocation(store.stores, 't-1', ['mi-1'])
      const view = new Uint8Array(Buffer.from('xxabcxx').buffer.slice(0), 0, 0)
      const whole = Uint8Array.from(Buffer.from('xxabcxx'))
      await store.stores.write(async (w) => {
        await w.tasks.appendOutput('t-1', 'mi-1', view)
        await w.tasks.appendOutput('t-1', 'mi-1', whole.subarray(2, 5))
      })
      const page = await store.stores.read.tasks.results(SCOPE, {}, { style: 'number', number: 1, size: 1 })
      expect(Buffer.from(page.items[0]!.output!).toString()).toBe('abc')
    })

    it('wildcards match with case, and only * is one', async () => {
      await using store = await openTestStore(dialect)
      const names = ['web-1', 'Web-2', 'w%b', 'w_b', 'w[b', 'w?b', 'back\\slash']
      await store.stores.write(async (w) => {
        for (const [index, name] of names.entries()) await w.instances.add(newInstance(`mi-${index}`, { name }))
      })
      const matching = async (instanceName: string): Promise<string[]> =>
        (await store.stores.read.instances.list(SCOPE, { managedOnly: true, instanceName }, undefined, 50)).map(
          (row) => row.instanceName,
        )
      expect(await matching('web*')).toEqual(['web-1'])
      expect(await matching('*-2')).toEqual(['Web-2'])
      expect(await matching('*eb*')).toEqual(['web-1', 'Web-2'])
      expect(await matching('w%b')).toEqual(['w%b'])
      expect(await matching('w_b')).toEqual(['w_b'])
      expect(await matching('w[b')).toEqual(['w[b'])
      expect(await matching('w?b')).toEqual(['w?b'])
      expect(await matching('back\\slash')).toEqual(['back\\slash'])
    })

    it('ids sort by their bytes', async () => {
      await using store = await openTestStore(dialect)
      const ids = ['mi-a', 'mi-B', 'mi-_', 'mi-1', 'mi-ä', 'mi-Z']
      await store.stores.write(async (w) => {
        for (const id of ids) await w.instances.add(newInstance(id))
      })
      const page = await store.stores.read.instances.statusPage(SCOPE, undefined, {
        style: 'token',
        cursor: undefined,
        size: 50,
      })
      expect(page.rows.map((row) => row.instanceId)).toEqual(
        [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )
    })

    it('a piece of work that fails takes back only itself', async () => {
      await using store = await openTestStore(dialect)
      const add = (id: string) =>
        store.database.write(async (w) => {
          await w.run('insert into account (id, name, created_at) values ($1, $2, $3)', [id, 'n', 0])
          w.tally('update account set created_at = created_at + $2 where id = $1', id, [5])
          if (id === 'bad') throw new Error('no')
          return id
        })
      const results = await Promise.allSettled([add('one'), add('bad'), add('two'), add('one')])
      const [one, bad, two, again] = results.map((result) => result.status)
      expect({ bad, two }).toEqual({ bad: 'rejected', two: 'fulfilled' })
      // Where pieces of work are transactions of their own, either of the two that add the same may be the first.
      expect(new Set([one, again])).toEqual(new Set(['fulfilled', 'rejected']))
      const rows = await store.database.reader.all('select id, created_at from account order by id')
      expect(rows.map((row) => [row['id'], row['created_at']])).toEqual([
        ['one', 5],
        ['two', 5],
      ])
    })

    it('what many pieces add to one row in the same moment adds up', async () => {
      await using store = await openTestStore(dialect)
      await addInvocation(store.stores, 't-1', [])
      await Promise.all(
        Array.from({ length: 100 }, () =>
          store.stores.write(async (w) => {
            w.invocations.tally('t-1', undefined, 'success', 1)
          }),
        ),
      )
      const row = await store.database.reader.get('select n_success from invocation')
      expect(row?.['n_success']).toBe(100)
    })

    it('an open transaction is not seen by readers', async () => {
      await using store = await openTestStore(dialect)
      let seen: number | undefined
      await store.database.write(async (w) => {
        await w.run('insert into account (id, name, created_at) values ($1, $2, $3)', ['a', 'n', 0])
        seen = (await store.database.reader.all('select id from account')).length
      })
      expect(seen).toBe(0)
      expect(await store.database.reader.all('select id from account')).toHaveLength(1)
    })

    it('more different statements than are kept prepared are answered all the same', async () => {
      await using store = await openTestStore(dialect)
      for (let number = 0; number < 1_200; number += 1) {
        const row = await store.database.reader.get(`select ${number} as number`)
        expect(Number(row?.['number'])).toBe(number)
        const [values] = await store.database.reader.arrays(`select ${number} as number`)
        expect(Number(values?.[0])).toBe(number)
      }
      expect(await store.stores.read.instances.statusOf(SCOPE, ['x'])).toEqual([])
    })

    it('a statement without rows to match answers undefined or nothing', async () => {
      await using store = await openTestStore(dialect)
      expect(await store.database.reader.get('select id from account where id = $1', ['x'])).toBeUndefined()
      expect(await store.stores.read.instances.statusOf(SCOPE, ['x'])).toEqual([])
      expect(await store.stores.read.instances.tagsOf([])).toEqual(new Map())
    })
  })
}

describe('both databases', () => {
  it('have the same tables and columns', async () => {
    await using sqlite = await openTestStore('sqlite')
    await using postgres = await openTestStore('postgres')
    const tables = await sqlite.database.reader.all(
      `select m.name as table_name, p.name as column_name from sqlite_master m join pragma_table_info(m.name) p
       where m.type = 'table' and m.name not like 'sqlite%'`,
    )
    const columns = await postgres.database.reader.all(
      `select table_name::text, column_name::text from information_schema.columns
       where table_schema = 'public' and table_name not in ('presence', 'node_life')`,
    )
    const list = (rows: typeof tables) =>
      rows.map((row) => `${String(row['table_name'])}.${String(row['column_name'])}`).sort()
    expect(list(tables)).toEqual(list(columns))
  })
})
