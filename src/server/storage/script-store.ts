import { createHash } from 'node:crypto'
import type { SqlWriter } from './sql.js'

/** Keeps a script once, however many commands and invocations have it. @returns its hash */
export const keepScript = async (sql: SqlWriter, content: Uint8Array, now: number): Promise<string> => {
  const hash = createHash('sha256').update(content).digest('hex')
  await sql.run(
    'insert into script (hash, content, used_at) values ($1, $2, $3) on conflict (hash) do update set used_at = excluded.used_at',
    [hash, content, now],
  )
  return hash
}
