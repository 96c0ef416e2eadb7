// Pages of tasks with their invocations, the newest invocation first.
import type { PageRequest } from '../domain/paging.js'
import { type PageRows, type Range, readPage } from './page.js'
import { numberOf, type Row, type SqlReader, type SqlValue, textOf } from './sql.js'

/** Tasks of an invocation `i`. */
export const TASKS_OF_INVOCATION =
  'i.n_waiting + i.n_queued + i.n_pending + i.n_scheduled + i.n_running + i.n_stopping + i.n_success + i.n_failed + i.n_broken + i.n_stopped'

interface Results {
  /** Of a task `t` and its invocation `i`. */
  readonly columns: string
  /** Conditions on `i`, and those on `t`. */
  readonly ofInvocation: readonly string[]
  readonly ofTask: readonly string[]
  /** One of the conditions names the instance. */
  readonly ofOneInstance: boolean
  readonly values: readonly SqlValue[]
  /** Where the number of all is known: the caller's scope has no other condition. */
  readonly total?: () => Promise<number>
  /** Bytes of output that an answer holds. */
  readonly most: number
}

/** Invocations looked at together. */
const WINDOW = 500

/**
 * One page. A reader goes through invocations in order, each with its tasks, and ends when the page is full, however many
 * there are behind it; of one instance it goes through that one's tasks. `cross join` has SQLite take them in that order.
 */
export const readResults = (sql: SqlReader, results: Results, page: PageRequest): Promise<PageRows> => {
  const { columns, ofInvocation, ofTask, ofOneInstance, values, total, most } = results
  const from = ofOneInstance ? 'task t cross join invocation i' : 'invocation i cross join task t'
  const invocationId = ofOneInstance ? 't.invocation_id' : 'i.id'
  const where = ['t.invocation_id = i.id', ...ofInvocation, ...ofTask].join(' and ')

  const count = async (): Promise<number> => {
    if (total !== undefined) return total()
    // Without a condition on tasks their number is in the invocations: no task is read to count them.
    const text =
      ofTask.length === 0
        ? `select coalesce(sum(${TASKS_OF_INVOCATION}), 0) as amount from invocation i where ${ofInvocation.join(' and ')}`
        : `select count(*) as amount from ${from} where ${where}`
    return numberOf((await sql.get(text, values))?.['amount'] ?? 0)
  }

  const select = (behind: string, given: readonly SqlValue[], limit: number, offset: number) => {
    const all = [...values, ...given, limit, offset]
    return sql.all(
      `select ${columns} from ${from} where ${where}${behind}
       order by ${invocationId} desc, t.instance_id desc limit $${all.length - 1} offset $${all.length}`,
      all,
    )
  }
  const [first, second] = [`$${values.length + 1}`, `$${values.length + 2}`]

  const read = async ({ after, limit, offset }: Range): Promise<readonly Row[]> => {
    if (after !== undefined) {
      const [invokeId = '', instanceId = ''] = after
      const ofSame = ` and ${invocationId} = ${first} and t.instance_id < ${second}`
      const same = await select(ofSame, [invokeId, instanceId], limit, 0)
      if (same.length >= limit) return same
      return [...same, ...(await select(` and ${invocationId} < ${first}`, [invokeId], limit - same.length, 0))]
    }
    if (offset <= WINDOW || ofTask.length > 0) return select('', [], limit, offset)
    const begin = await invocationAt(offset)
    return begin === undefined ? [] : select(` and i.id <= ${first}`, [begin.invokeId], limit, begin.offset)
  }

  /** The invocation that the row behind so many others is of, and how many of its own are before that one. */
  const invocationAt = async (
    offset: number,
  ): Promise<{ readonly invokeId: string; readonly offset: number } | undefined> => {
    let left = offset
    for (let last: string | undefined; ; ) {
      const rows = await sql.all(
        `select i.id, ${TASKS_OF_INVOCATION} as amount from invocation i
         where ${ofInvocation.join(' and ')}${last === undefined ? '' : ` and i.id < ${first}`} order by i.id desc limit ${WINDOW}`,
        last === undefined ? values : [...values, last],
      )
      for (const row of rows) {
        const amount = numberOf(row['amount'])
        last = textOf(row['id'])
        if (amount > left) return { invokeId: last, offset: left }
        left -= amount
      }
      if (rows.length < WINDOW) return undefined
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return readPage(sql, { keys: ['invocation_id', 'instance_id'], count, read, weigh: outputBytes, most }, page)
}

const outputBytes = (row: Row): number => numberOf(row['output_bytes'])
