// Pages of tasks with their invocations, the newest invocation first.
import type { PageRequest } from '../domain/paging.js'
import { classOf, FINAL, STATE_CLASSES, type TaskState, UNFINISHED } from '../domain/invocations/task-states.js'
import { type PageRows, type Range, readPage } from './page.js'
import { numberOf, type Row, type SqlReader, type SqlValue, textOf } from './sql.js'

export const EVERY_STATE: readonly TaskState[] = [...UNFINISHED, ...FINAL]

/** How many tasks of an invocation `i` are in one of these states; undefined where its counters do not tell. */
export const countOf = (states: readonly TaskState[]): string | undefined => {
  const classes = STATE_CLASSES.filter((name) => states.some((state) => classOf(state) === name))
  const whole = EVERY_STATE.filter((state) => classes.includes(classOf(state)))
  if (whole.length > states.length) return undefined
  return classes.length === 0 ? '0' : classes.map((name) => `i.n_${name}`).join(' + ')
}

interface Results {
  /** Of a task `t` and its invocation `i`. */
  readonly columns: string
  /** Conditions on `i`, and those on `t`. Where `amount` is known the latter have no parameters. */
  readonly ofInvocation: readonly string[]
  readonly ofTask: readonly string[]
  /** One of the conditions names the instance. */
  readonly ofOneInstance: boolean
  readonly values: readonly SqlValue[]
  /** On `i`: how many of its tasks meet the conditions; undefined where that is not known. */
  readonly amount: string | undefined
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
  const { columns, ofTask, ofOneInstance, values, amount, total, most } = results
  // An invocation that has none of them is passed by without a look at its tasks.
  const ofInvocation = [
    ...results.ofInvocation,
    ...(amount === undefined || ofTask.length === 0 ? [] : [`${amount} > 0`]),
  ]
  const from = ofOneInstance ? 'task t cross join invocation i' : 'invocation i cross join task t'
  const invocationId = ofOneInstance ? 't.invocation_id' : 'i.id'
  const where = ['t.invocation_id = i.id', ...ofInvocation, ...ofTask].join(' and ')

  const count = async (): Promise<number> => {
    if (total !== undefined) return total()
    const text =
      amount === undefined
        ? `select count(*) as amount from ${from} where ${where}`
        : `select coalesce(sum(${amount}), 0) as amount from invocation i where ${ofInvocation.join(' and ')}`
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
    if (offset <= WINDOW || amount === undefined) return select('', [], limit, offset)
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
        `select i.id, ${amount ?? '0'} as amount from invocation i
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
