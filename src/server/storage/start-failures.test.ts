import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '../../../test/postgres/database.js'
import { PostgresDatabase } from './postgres/database.js'
import { unusable } from './postgres/unusable.js'
import { SqliteConnection } from './sqlite/driver.js'

/** What an operator is told of a database that cannot be opened. */
const told = async (url: string): Promise<string> => {
  const database = new PostgresDatabase(url, { beforeCommit: async () => undefined, onError: () => undefined })
  try {
    await database.session(async () => undefined)
  } catch (cause) {
    return unusable(url, cause).message
  } finally {
    await database.close()
  }
  throw new Error('it opened')
}

describe('a PostgreSQL that cannot be used', () => {
  it('is named without its password, with what it said', async () => {
    const made = await createDatabase()
    const url = new URL(made.url)
    await made.drop()
    url.password = 'hidden'
    expect(await told(url.href)).toBe(
      `PostgreSQL at ${url.host}${url.pathname} cannot be used: database "${url.pathname.slice(1)}" does not exist`,
    )
  })

  it('is named with what the network said when nobody is there', async () => {
    expect(await told('postgres://a:hidden@127.0.0.1:1/x')).toBe(
      'PostgreSQL at 127.0.0.1:1/x cannot be used: connect ECONNREFUSED 127.0.0.1:1',
    )
    const both = new AggregateError([
      new Error('connect ECONNREFUSED ::1:1'),
      new Error('connect ECONNREFUSED 127.0.0.1:1'),
    ])
    expect(unusable('postgres://a:hidden@localhost:1/x', both).message).toBe(
      'PostgreSQL at localhost:1/x cannot be used: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
    )
  })
})

describe('a SQLite file', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'openassist-private-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is made for its owner only, in a folder that others can read, with the files beside it', () => {
    chmodSync(folder, 0o755)
    const connection = new SqliteConnection(join(folder, 'facts.sqlite'), ['journal_mode = wal'])
    connection.exec('create table x (a)')
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777])
    expect(modes).toEqual([
      ['facts.sqlite', 0o600],
      ['facts.sqlite-shm', 0o600],
      ['facts.sqlite-wal', 0o600],
    ])
    connection.close()
  })
})
