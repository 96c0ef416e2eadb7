import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendAudit } from '../audit-log.js'
import { SqliteDatabase, type SqliteOptions } from './database.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const turns = async (count: number): Promise<void> => {
  for (let number = 0; number < count; number += 1) await turn()
}

/** A disk whose syncs end when the test says so. */
class Disk {
  readonly waiting: { done: () => void; fail: (cause: Error) => void }[] = []
  begun = 0

  readonly sync = (): Promise<void> => {
    this.begun += 1
    return new Promise((done, fail) => this.waiting.push({ done, fail }))
  }

  async finishAll(): Promise<void> {
    while (this.waiting.length > 0) {
      this.waiting.shift()?.done()
      await turns(3)
    }
  }
}

describe('a commit that is synced on another thread', () => {
  let directory = ''
  let disk = new Disk()
  let database: SqliteDatabase
  const lost: unknown[] = []

  const open = (options: Partial<SqliteOptions>): SqliteDatabase =>
    new SqliteDatabase(join(directory, 'facts.sqlite'), {
      beforeCommit: appendAudit,
      prepare: (connection) => connection.exec('create table fact (number integer not null primary key, data blob)'),
      tellLost: (cause) => lost.push(cause),
      ...options,
    })

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'openassist-durable-'))
    disk = new Disk()
    lost.length = 0
    database = open({ syncFile: disk.sync })
  })
  afterEach(async () => {
    const closing = database.close()
    await disk.finishAll()
    await closing
    rmSync(directory, { recursive: true, force: true })
  })

  /** The names of what was answered, in order. */
  const told: string[] = []
  beforeEach(() => void (told.length = 0))
  const tell = (name: string, what: Promise<unknown>): Promise<void> =>
    what.then(
      () => void told.push(name),
      (cause: { kind?: string }) => void told.push(`${name}: ${cause.kind}`),
    )
  const add = (number: number): Promise<number> =>
    database.write((w) => w.run('insert into fact (number, data) values ($1, null)', [number]))
  const read = (): Promise<unknown> => database.reader.get('select number from fact order by number desc limit 1')

  it('answers neither who wrote nor who read it before the sync has returned', async () => {
    const wrote = tell('written', add(1))
    await turns(5)
    const readers = ['all', 'get', 'arrays'] as const
    const reads = readers.map((way) => tell(way, database.reader[way]('select number from fact')))
    await turns(5)
    expect(told).toEqual([])
    expect(disk.begun).toBe(1)
    disk.waiting.shift()?.done()
    await Promise.all([wrote, ...reads])
    expect(told.toSorted()).toEqual(['all', 'arrays', 'get', 'written'])
  })

  it('works on the next group meanwhile, and answers it after a sync that began behind its commit', async () => {
    const first = tell('first', add(1))
    await turns(5)
    const second = tell('second', add(2))
    await turns(5)
    expect(disk.begun).toBe(1)
    disk.waiting.shift()?.done()
    await first
    await turns(5)
    expect(told).toEqual(['first'])
    expect(disk.begun).toBe(2)
    disk.waiting.shift()?.done()
    await second
  })

  it('takes what came during two syncs into one commit', async () => {
    const all = [tell('1', add(1))]
    await turns(5)
    all.push(tell('2', add(2)))
    await turns(5)
    for (let number = 3; number < 50; number += 1) {
      all.push(tell(String(number), add(number)))
      await turn()
    }
    await disk.finishAll()
    await Promise.all(all)
    // Three; a group that took too long on a busy machine makes one more.
    expect(disk.begun).toBeLessThan(10)
  })

  it('syncs nothing for work that changed nothing, and answers it once what it read is durable', async () => {
    const wrote = tell('written', add(1))
    await turns(5)
    const looked = tell(
      'looked',
      database.write((w) => w.get('select number from fact')),
    )
    await turns(5)
    expect(told).toEqual([])
    disk.waiting.shift()?.done()
    await Promise.all([wrote, looked])
    expect(told).toEqual(['written', 'looked'])
    await database.write((w) => w.get('select number from fact'))
    expect(disk.begun).toBe(1)
  })

  it('says so to everybody, and takes nothing more, when a sync fails', async () => {
    const first = tell('first', add(1))
    await turns(5)
    const others = [tell('second', add(2)), tell('read', read())]
    await turns(5)
    const cause = new Error('EIO')
    disk.waiting.shift()?.fail(cause)
    await Promise.all([first, ...others])
    await Promise.all([tell('later', add(3)), tell('later read', read())])
    expect(told.toSorted()).toEqual(
      ['first', 'second', 'read', 'later', 'later read'].map((name) => `${name}: store/unavailable`).toSorted(),
    )
    expect(lost).toEqual([cause])
    expect(disk.begun).toBe(1)
  })
})

describe('the log of a database that is written to without a pause', () => {
  it('is copied into the file and begun anew', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'openassist-log-'))
    const path = join(directory, 'facts.sqlite')
    const open = (): SqliteDatabase =>
      new SqliteDatabase(path, {
        beforeCommit: appendAudit,
        prepare: (c) => c.exec('create table if not exists fact (number integer not null primary key, data blob)'),
      })
    const database = open()
    const data = Buffer.alloc(4_096, 1)
    let number = 0
    const writeSome = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 200 }, () => {
          number += 1
          const own = number
          return database.write((w) => w.run('insert into fact (number, data) values ($1, $2)', [own, data]))
        }),
      )
    // 120 MiB of pages and more, twice what a log may have.
    while (number < 30_000) await writeSome()
    expect(statSync(`${path}-wal`).size).toBeLessThan(90 * 2 ** 20)
    await database.close()
    const again = open()
    expect(await again.reader.get('select count(*) as amount from fact')).toMatchObject({ amount: number })
    expect(await again.reader.get('pragma integrity_check')).toMatchObject({ integrity_check: 'ok' })
    await again.close()
    rmSync(directory, { recursive: true })
  })
})
