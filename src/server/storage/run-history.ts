// The history of one invocation: every run of each of its tasks (api.md §8.1, IncludeHistory).
import type { PageRequest } from '../domain/paging.js'
import { type PageRows, readPage } from './page.js'
import { MOST_RUNS } from './run-writer.js'
import { bytesOf, numberOf, type Row, type SqlReader, type SqlValue, textOf } from './sql.js'

/** What a run that is over has of a task, by the names of a task's columns. */
const RUN = `t.invocation_id, t.instance_id, t.state, t.outcome_unknown, t.error_code, t.error_info, t.exit_code, t.dropped,
  t.output_bytes, '' as agent_process, t.created_at, cast(null as bigint) as handed_out_at, cast(null as bigint) as reported_at,
  t.started_at, t.finished_at, t.stopped_at, t.updated_at, cast(null as bigint) as deadline_at, i.repeat_mode,
  coalesce((select k.runs from task k where k.invocation_id = t.invocation_id and k.instance_id = t.instance_id), 1) as runs,
  t.run_start, 1 as version, case when i.oss_output_delivery = '' then 0 else 1 end as delivers_output, t.run_version,
  cast(null as bigint) as agent_tells, cast(null as bigint) as version_since, t.run_start as run_order, 1 as is_kept`

/** A task whose latest run is none of those: it is under way, or there was none. */
const NOT_KEPT = `not exists (select 1 from task_run k
  where k.invocation_id = t.invocation_id and k.instance_id = t.instance_id and k.run_start = coalesce(t.run_start, 0))`

interface History {
  readonly invokeId: string
  /** Columns of a task `t`. */
  readonly task: string
  /** Columns of its invocation `i`. */
  readonly invocation: string
  /** Conditions on `t` and `i`; one of them names the invocation. */
  readonly where: readonly string[]
  readonly values: readonly SqlValue[]
  /** Bytes of output that an answer holds. */
  readonly most: number
}

/** Runs that are counted at a time: more would hold the event loop. */
const MOST_COUNTED = 20_000
/** Tasks read at a time. */
const CHUNK = 500

/** The instances of an invocation in order, first and last of some at a time, that have about so many runs together. */
async function* stretches(sql: SqlReader, invokeId: string): AsyncGenerator<readonly [first: string, last: string]> {
  let first: string | undefined
  let last = ''
  let runs = 0
  for (;;) {
    const rows = await sql.all(
      `select instance_id, runs from task where invocation_id = $1 and instance_id > $2 order by instance_id limit ${CHUNK}`,
      [invokeId, last],
    )
    for (const row of rows) {
      last = textOf(row['instance_id'])
      first ??= last
      runs += 1 + Math.min(numberOf(row['runs']), MOST_RUNS)
      if (runs < MOST_COUNTED) continue
      yield [first, last]
      first = undefined
      runs = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (rows.length < CHUNK) break
  }
  if (first !== undefined) yield [first, last]
}

/**
 * One page of runs that are over and of tasks beside them, by instance and start, the last first. Each of the two tables is
 * read in that order from where the page begins, as far as the page needs it.
 */
export const readHistory = (sql: SqlReader, history: History, page: PageRequest): Promise<PageRows> => {
  const { invokeId, task, invocation, where, values, most } = history
  const conditions = where.join(' and ')
  const runs = `from task_run t join invocation i on i.id = t.invocation_id where ${conditions}`
  const tasks = `from task t join invocation i on i.id = t.invocation_id where ${conditions} and ${NOT_KEPT}`
  const count = async (): Promise<number> => {
    let amount = 0
    for await (const [first, last] of stretches(sql, invokeId)) {
      const stretch = `and t.instance_id between $${values.length + 1} and $${values.length + 2}`
      const row = await sql.get(
        `select (select count(*) ${runs} ${stretch}) + (select count(*) ${tasks} ${stretch}) as amount`,
        [...values, first, last],
      )
      amount += numberOf(row?.['amount'] ?? 0)
    }
    return amount
  }
  const read = ({ after, limit, offset }: { after: readonly string[] | undefined; limit: number; offset: number }) => {
    const all = [...values, offset + limit, limit, offset]
    const [part, whole, skipped] = [1, 2, 3].map((index) => `$${values.length + index}`)
    const behind = (order: string): string => {
      if (after === undefined) return ''
      return ` and (t.instance_id, ${order}) < ($${values.length + 4}, $${values.length + 5})`
    }
    if (after !== undefined) all.push(after[1] ?? '', Number(after[2] ?? 0))
    const branch = (columns: string, from: string, order: string): string =>
      `select * from (select ${columns}, ${invocation} ${from}${behind(order)}
         order by t.instance_id desc, ${order} desc limit ${part})`
    return sql.all(
      `select * from (
         ${branch(RUN, runs, 't.run_start')} as over_with
         union all
         ${branch(`${task}, coalesce(t.run_start, 0) as run_order, 0 as is_kept`, tasks, 'coalesce(t.run_start, 0)')} as beside
       ) as run order by instance_id desc, run_order desc limit ${whole} offset ${skipped}`,
      all,
    )
  }
  return readPage(
    sql,
    { keys: ['invocation_id', 'instance_id', 'run_order'], count, read, weigh: outputBytes, most },
    page,
  )
}

const outputBytes = (row: Row): number => numberOf(row['output_bytes'])

/** The output of a run that is over; undefined for a row that is none, whose task has it. */
export const outputOfRun = async (sql: SqlReader, row: Row): Promise<Uint8Array | undefined> => {
  if (row['is_kept'] !== 1) return undefined
  const kept = await sql.get(
    'select output from task_run where invocation_id = $1 and instance_id = $2 and run_start = $3',
    [textOf(row['invocation_id']), textOf(row['instance_id']), numberOf(row['run_start'])],
  )
  // It may have been cut off since.
  return kept === undefined ? new Uint8Array() : bytesOf(kept['output'])
}
