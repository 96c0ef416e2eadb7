import { type SqlReader, textOf } from './sql.js'

/**
 * Which of these invocations readers may be told of, now. Asked behind reads of their tasks: retention hides an invocation
 * before it removes the first row, so one that is still told was read whole.
 */
export const toldInvocations = async (sql: SqlReader, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  if (ids.length === 0) return new Set()
  const rows = await sql.all(`select id from invocation where ${sql.dialect.within('id', '$1')} and committed = 1`, [
    JSON.stringify(ids),
  ])
  return new Set(rows.map((row) => textOf(row['id'])))
}
