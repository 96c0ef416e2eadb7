import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SqliteConnection } from './sqlite/driver.js'
import type { PostgresDatabase } from './postgres/database.js'

interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  /** An older program must not run on the schema that it makes. */
  readonly breaking: boolean
}

/** The numbered SQL files of a folder, in order: `0001-name.sql`. The first line `-- breaking` marks a breaking one. */
export const migrationsOf = (folder: URL): readonly Migration[] =>
  readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, folder), 'utf8')
      return { number: Number(file.slice(0, 4)), name: file.slice(5, -4), sql, breaking: sql.startsWith('-- breaking') }
    })

const VERSION_TABLE = `create table if not exists schema_version (
  number integer not null primary key, name text not null, breaking integer not null, applied_at bigint not null
)`

/** A database that a newer program has changed in a way that this one does not understand. */
export class NewerSchema extends Error {
  constructor(number: number, name: string) {
    super(
      `The database has the newer schema ${number} (${name}), which this version of OpenAssist does not understand. ` +
        'Start the version that made it, or a newer one.',
    )
    this.name = 'NewerSchema'
  }
}

const pending = (
  migrations: readonly Migration[],
  applied: readonly { number: number; name: string; breaking: boolean }[],
) => {
  const known = new Set(migrations.map((migration) => migration.number))
  const newer = applied.find((one) => !known.has(one.number) && one.breaking)
  if (newer !== undefined) throw new NewerSchema(newer.number, newer.name)
  const done = new Set(applied.map((one) => one.number))
  return migrations.filter((migration) => !done.has(migration.number))
}

const readVersions = (rows: readonly Record<string, unknown>[]) =>
  rows.map((row) => ({
    number: Number(row['number']),
    name: String(row['name']),
    breaking: Number(row['breaking']) === 1,
  }))

/** Folder of a dialect's migrations, beside this file. */
export const migrationFolder = (dialect: 'sqlite' | 'postgres'): URL =>
  new URL(`./${dialect}/migrations/`, import.meta.url)

/** Brings a SQLite file to this program's schema. Two processes may do it at once: the second finds it done. */
export const migrateSqlite = (connection: SqliteConnection, now: number, folder = migrationFolder('sqlite')): void => {
  connection.exec('begin immediate')
  try {
    connection.exec(VERSION_TABLE)
    const applied = readVersions(connection.allSync('select number, name, breaking from schema_version'))
    for (const migration of pending(migrationsOf(folder), applied)) {
      connection.exec(migration.sql)
      connection.runSync('insert into schema_version (number, name, breaking, applied_at) values ($1, $2, $3, $4)', [
        migration.number,
        migration.name,
        migration.breaking ? 1 : 0,
        now,
      ])
    }
    connection.exec('commit')
  } catch (cause) {
    connection.exec('rollback')
    throw cause
  }
}

/** The presence file is soft: it is made anew from its one SQL text. */
export const preparePresence = (connection: SqliteConnection): void =>
  connection.exec(readFileSync(fileURLToPath(new URL('./sqlite/migrations/presence.sql', import.meta.url)), 'utf8'))

/** Number of the advisory lock under which nodes migrate, one at a time. */
const MIGRATION_LOCK = 7_305_112_021

/** Brings a PostgreSQL database to this program's schema, one node at a time. */
export const migratePostgres = (
  database: PostgresDatabase,
  now: number,
  folder = migrationFolder('postgres'),
): Promise<void> =>
  database.session(async (client) => {
    await client.query('begin')
    try {
      await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
      await client.query(VERSION_TABLE)
      const applied = readVersions(
        (await client.query('select number, name, breaking from schema_version')).rows as never[],
      )
      for (const migration of pending(migrationsOf(folder), applied)) {
        await client.query(migration.sql)
        await client.query('insert into schema_version (number, name, breaking, applied_at) values ($1, $2, $3, $4)', [
          migration.number,
          migration.name,
          migration.breaking ? 1 : 0,
          now,
        ])
      }
      await client.query('commit')
    } catch (cause) {
      await client.query('rollback')
      throw cause
    }
  })
