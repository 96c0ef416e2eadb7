// What two transactions at once do to one host. SQLite has one writer; PostgreSQL lets both read before either writes.
import { describe, expect, it } from 'vitest'
import { removeHost } from '../domain/fleet/remove-host.js'
import { DIALECTS, newInstance, openTestStore, SCOPE } from './_support.js'

for (const dialect of DIALECTS) {
  describe(`one host, two transactions, on ${dialect}`, () => {
    it('is counted out once, however many remove it', async () => {
      await using store = await openTestStore(dialect)
      const { stores, database } = store
      await stores.write(async (w) => {
        for (const id of ['mi-1', 'mi-2', 'mi-3', 'mi-4']) await w.instances.add(newInstance(id))
      })
      for (const id of ['mi-1', 'mi-2', 'mi-3'])
        await Promise.all(Array.from({ length: 4 }, () => stores.write((w) => removeHost(w, id, 'deregistered', 1))))
      const counted = await database.reader.get('select sum(amount) as amount from instance_count')
      expect(Number(counted?.['amount'])).toBe(1)
      const told = await database.reader.all('select subject from audit where action = $1', ['agent/deregister'])
      expect(told.map((row) => String(row['subject'])).toSorted()).toEqual(['mi-1', 'mi-2', 'mi-3'])
    })

    it('is counted under one OS, whatever it says at once', async () => {
      await using store = await openTestStore(dialect)
      const { stores, database } = store
      await stores.write((w) => w.instances.add(newInstance('mi-1')))
      for (let round = 0; round < 5; round += 1) {
        const told = ['Windows', 'FreeBSD', 'Linux', 'Windows'] as const
        await Promise.all(
          told.map((osType) =>
            stores.write((w) => w.instances.describe('mi-1', { osType, agentVersion: '1', now: round })),
          ),
        )
        const page = await stores.read.instances.statusPage(SCOPE, undefined, { style: 'number', number: 1, size: 10 })
        const counts = await database.reader.all('select os_type, amount from instance_count where amount <> 0')
        expect(counts.map((row) => [row['os_type'], Number(row['amount'])])).toEqual([[page.rows[0]?.osType, 1]])
      }
    })
  })
}
