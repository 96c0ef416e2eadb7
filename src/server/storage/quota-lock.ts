import type { Scope } from '../domain/access/scope.js'
import type { SqlWriter } from './sql.js'

/**
 * What is counted behind this stays so until the transaction ends: others that count the same wait. Nothing to do where there
 * is one writer.
 * @param kind what is counted
 */
export const lockQuota = async (sql: SqlWriter, kind: string, { accountId, regionId }: Scope): Promise<void> => {
  const { quotaLock } = sql.dialect
  if (quotaLock !== undefined) await sql.get(quotaLock, [JSON.stringify([kind, accountId, regionId])])
}
