import type { Scope } from '../domain/access/scope.js'
import type { SqlReader } from './sql.js'

/** Instances that one statement looks through: some milliseconds, where a million at once took seconds. */
const WINDOW = 2_000

const END_OF_WINDOW = `select id from instance
  where account_id = $1 and region_id = $2 and id > $3 order by id limit 1 offset ${WINDOW - 1}`

/**
 * Goes through the instances of a scope in id order, a stretch at a time, with a turn of the event loop between: a
 * filter without an index looks at all of them, and SQLite runs on the loop. Not for work inside a transaction.
 * @param look is given where a stretch begins (exclusive) and ends (inclusive; undefined: with the list)
 * @returns when `look` returns false, or the list ends
 */
export const scanWindows = async (
  sql: SqlReader,
  scope: Scope,
  after: string,
  look: (after: string, upTo: string | undefined) => Promise<boolean>,
): Promise<void> => {
  let from = after
  for (;;) {
    const [end] = await sql.arrays(END_OF_WINDOW, [scope.accountId, scope.regionId, from])
    const upTo = end?.[0] as string | undefined
    if (!(await look(from, upTo)) || upTo === undefined) return
    from = upTo
    await new Promise((resolve) => setImmediate(resolve))
  }
}
