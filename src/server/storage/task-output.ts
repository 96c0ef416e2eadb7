import { bytesOf, type SqlReader } from './sql.js'

const OUTPUT = 'select data from task_output where invocation_id = $1 and instance_id = $2 order by seq'

/** All that is kept of what a task wrote. */
export const outputOf = async (sql: SqlReader, invokeId: string, instanceId: string): Promise<Uint8Array> => {
  const parts = (await sql.all(OUTPUT, [invokeId, instanceId])).map((row) => bytesOf(row['data']))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}
