import type { TaskState } from '../domain/invocations/task-states.js'
import type { TaskRow, TaskStore } from '../domain/invocations/task-store.js'
import { maybeNumber, numberOf, type SqlValue, type SqlWriter } from './sql.js'
import { outputOf } from './task-output.js'

/** Runs kept of a task (api.md §8.1 keeps 10,000 records); more are cut off some at a time. */
export const MOST_RUNS = 10_000
const RUNS_BETWEEN_CUTS = 100
const CUT_RUNS = `delete from task_run where invocation_id = $1 and instance_id = $2 and run_start <
  (select min(run_start) from (select run_start from task_run where invocation_id = $1 and instance_id = $2
     order by run_start desc limit ${MOST_RUNS}) as kept)`
/** Behind that. */
const CUT_DELIVERIES = `delete from output_delivery where invocation_id = $1 and instance_id = $2 and run_start <
  (select min(run_start) from task_run where invocation_id = $1 and instance_id = $2)`

const RUN_COLUMNS = [
  'state',
  'outcome_unknown',
  'error_code',
  'error_info',
  'exit_code',
  'dropped',
  'output_bytes',
  'output',
  'created_at',
  'started_at',
  'finished_at',
  'stopped_at',
  'updated_at',
] as const

const runValues = (task: TaskRow, state: TaskState, output: Uint8Array, now: number): readonly SqlValue[] => [
  state,
  task.outcomeUnknown ? 1 : 0,
  task.errorCode,
  task.errorInfo,
  task.exitCode ?? null,
  task.dropped,
  output.byteLength,
  output,
  task.createdAt,
  task.startedAt ?? null,
  task.finishedAt ?? null,
  task.stoppedAt ?? null,
  now,
]

const ADD_RUN = `insert into task_run (invocation_id, instance_id, run_start, run_version, ${RUN_COLUMNS.join(', ')})
  values ($1, $2, $3, $4, ${RUN_COLUMNS.map((_, index) => `$${index + 5}`).join(', ')})`

type Runs = Pick<TaskStore, 'keepRun' | 'hasRun' | 'latestRun' | 'latestStart' | 'addMissedRun' | 'replaceRun'>

/** What a task store does with runs that are over. */
export const runWriter = (sql: SqlWriter): Runs => ({
  async keepRun(task, state, now) {
    const output = await outputOf(sql, task.invokeId, task.instanceId)
    await sql.run(`${ADD_RUN} on conflict (invocation_id, instance_id, run_start) do nothing`, [
      task.invokeId,
      task.instanceId,
      task.runStart ?? 0,
      task.runVersion ?? null,
      ...runValues(task, state, output, now),
    ])
    if (task.runs % RUNS_BETWEEN_CUTS > 0) return
    const cut = await sql.run(CUT_RUNS, [task.invokeId, task.instanceId])
    if (cut > 0 && task.deliversOutput) await sql.run(CUT_DELIVERIES, [task.invokeId, task.instanceId])
  },

  async hasRun(invokeId, instanceId, runStart) {
    const text = 'select 1 as found from task_run where invocation_id = $1 and instance_id = $2 and run_start = $3'
    return (await sql.get(text, [invokeId, instanceId, runStart])) !== undefined
  },

  async latestRun(invokeId, instanceId) {
    const row = await sql.get(
      'select coalesce(max(run_start), 0) as latest from task_run where invocation_id = $1 and instance_id = $2',
      [invokeId, instanceId],
    )
    return numberOf(row?.['latest'] ?? 0)
  },

  async latestStart(invokeId, instanceId) {
    const row = await sql.get(
      'select max(started_at) as at from task_run where invocation_id = $1 and instance_id = $2',
      [invokeId, instanceId],
    )
    return maybeNumber(row?.['at'] ?? null)
  },

  async addMissedRun(run, state, output, distance, now) {
    const { invokeId, instanceId, runStart = 0, startedAt = 0 } = run
    const near = await sql.get(
      `select 1 as found from task_run where invocation_id = $1 and instance_id = $2
         and (run_start = $3 or (started_at > $4 and started_at < $5)) limit 1`,
      [invokeId, instanceId, runStart, startedAt - distance, startedAt + distance],
    )
    if (near !== undefined) return false
    const version = run.runVersion ?? null
    await sql.run(ADD_RUN, [invokeId, instanceId, runStart, version, ...runValues(run, state, output, now)])
    return true
  },

  async replaceRun(run, state, told, now) {
    const output = told ?? (await outputOf(sql, run.invokeId, run.instanceId))
    const isNatural = state === 'Success' || state === 'Failed' || state === 'Timeout'
    const changed = await sql.run(
      `update task_run set ${RUN_COLUMNS.map((column, index) => `${column} = $${index + 4}`).join(', ')}
       where invocation_id = $1 and instance_id = $2 and run_start = $3
         and (outcome_unknown = 1${isNatural ? " or state = 'Terminated'" : ''})`,
      [run.invokeId, run.instanceId, run.runStart ?? 0, ...runValues(run, state, output, now)],
    )
    return changed > 0
  },
})
