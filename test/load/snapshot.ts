// A store looked at from outside of the server's pools, as it was at one moment: what is counted and what it is counted
// from are of the same moment, whatever the server's sweeps write meanwhile.
import pg from 'pg'
import { postgresDialect } from '../../src/server/storage/dialect.js'
import type { Column, Row, SqlReader, SqlValue } from '../../src/server/storage/sql.js'
import { sqliteFiles } from '../../src/server/storage/sqlite/database.js'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'

/** Where a server's facts are. */
export interface StorePlace {
  readonly dataDir: string
  /** A PostgreSQL URL; undefined: SQLite in the data directory. */
  readonly database: string | undefined
}

/** Runs with a reader whose statements each see what is committed then. */
export const withReader = async <T>(place: StorePlace, work: (reader: SqlReader) => Promise<T>): Promise<T> => {
  const { reader, close } = await open(place)
  try {
    return await work(reader)
  } finally {
    await close()
  }
}

/** Runs with a reader whose statements all see the same moment. */
export const withSnapshot = <T>(place: StorePlace, work: (reader: SqlReader) => Promise<T>): Promise<T> =>
  withReader(place, async (reader) => {
    await reader.all(place.database === undefined ? 'begin' : 'begin isolation level repeatable read read only')
    return work(reader)
  })

const open = async ({ dataDir, database }: StorePlace): Promise<{ reader: SqlReader; close: () => Promise<void> }> => {
  if (database === undefined) {
    const connection = new SqliteConnection(sqliteFiles(dataDir).facts, ['query_only = on'])
    return { reader: connection, close: async () => connection.close() }
  }
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  types.setTypeParser(pg.types.builtins.NUMERIC, Number)
  const client = new pg.Client({ connectionString: database, application_name: LOOKER, types })
  await client.connect()
  return { reader: new Looker(client), close: () => client.end() }
}

/** How connections that only look are named, to be told from a server's. */
export const LOOKER = 'openassist-test'

class Looker implements SqlReader {
  readonly dialect = postgresDialect
  readonly #client: pg.Client

  constructor(client: pg.Client) {
    this.#client = client
  }

  async all(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return (await this.#client.query(sql, [...parameters])).rows as Row[]
  }

  async get(sql: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return (await this.all(sql, parameters))[0]
  }

  async arrays(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly (readonly Column[])[]> {
    return (await this.#client.query({ text: sql, values: [...parameters], rowMode: 'array' })).rows as Column[][]
  }
}
