import { existsSync } from 'node:fs'
import { type AuditWalk, walkAudit } from './storage/audit-log.js'
import { PostgresDatabase } from './storage/postgres/database.js'
import { sqliteFiles } from './storage/sqlite/database.js'
import { SqliteConnection } from './storage/sqlite/driver.js'

/**
 * Checks the hash chain of a server's audit log (design D9). Reads only; the server may run meanwhile.
 * @param where.database a PostgreSQL URL; undefined: SQLite in the data directory
 * @throws Error with a sentence for the operator
 */
export const verifyAudit = async (where: {
  readonly dataDir: string
  readonly database: string | undefined
}): Promise<AuditWalk> => {
  if (where.database !== undefined) {
    const database = new PostgresDatabase(where.database, {
      beforeCommit: () => Promise.reject(new Error('nothing is written here')),
      onError: () => undefined,
    })
    try {
      return await walkAudit(database.reader)
    } finally {
      await database.close()
    }
  }
  const { facts } = sqliteFiles(where.dataDir)
  if (!existsSync(facts)) throw new Error(`There is no server's data in ${where.dataDir}: ${facts} is not there.`)
  const connection = new SqliteConnection(facts, ['query_only = on'])
  try {
    return await walkAudit(connection)
  } finally {
    connection.close()
  }
}
