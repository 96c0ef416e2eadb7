import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendAudit } from '../audit-log.js'
import { SqliteDatabase } from './database.js'

describe('a file that may not grow any more', () => {
  let directory = ''
  let database: SqliteDatabase
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'openassist-full-'))
    database = new SqliteDatabase(join(directory, 'facts.sqlite'), {
      beforeCommit: appendAudit,
      prepare: (connection) => connection.exec('create table fact (number integer primary key, data blob)'),
    })
  })
  afterEach(async () => {
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const add = (number: number, bytes: number): Promise<number> =>
    database.write((w) => w.run('insert into fact (number, data) values ($1, $2)', [number, new Uint8Array(bytes)]))
  const numbers = async (): Promise<unknown[]> =>
    (await database.reader.all('select number from fact order by number')).map((row) => row['number'])

  it('answers everybody whose work met it, and takes what comes after there is room again', async () => {
    await add(1, 10)
    // SQLite ends the whole transaction then, savepoints and all.
    await database.write((w) => w.get('pragma max_page_count = 3'))
    const met = await Promise.allSettled([add(2, 10), add(3, 1_000_000), add(4, 10), add(5, 10)])
    expect(met.map(({ status }) => status)).not.toContain('pending')
    expect(met[1]).toMatchObject({ status: 'rejected', reason: { kind: 'store/unavailable' } })
    // What was told to be there is there, and nothing else.
    const told = [2, 3, 4, 5].filter((_, index) => met[index]?.status === 'fulfilled')
    expect(await numbers()).toEqual([1, ...told])

    await database.write((w) => w.get('pragma max_page_count = 100000'))
    await add(6, 1_000_000)
    expect(await numbers()).toEqual([1, ...told, 6])
  })
})
