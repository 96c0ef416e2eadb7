import type { TaskState } from '../domain/invocations/task-states.js'
import type { TaskRow, TaskStore } from '../domain/invocations/task-store.js'
import type { SqlValue, SqlWriter } from './sql.js'
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

/** What a task store does with runs that are over. */
export const runWriter = (sql: SqlWriter): Pick<TaskStore, 'keepRun' | 'replaceRun'> => ({
  async keepRun(task, state, now) {
    const output = await outputOf(sql, task.invokeId, task.instanceId)
    await sql.run(
      `insert into task_run (invocation_id, instance_id, run_start, ${RUN_COLUMNS.join(', ')})
       values ($1, $2, $3, ${RUN_COLUMNS.map((_, index) => `$${index + 4}`).join(', ')})
       on conflict (invocation_id, instance_id, run_start) do nothing`,
      [task.invokeId, task.instanceId, task.runStart ?? 0, ...runValues(task, state, output, now)],
    )
    if (task.runs % RUNS_BETWEEN_CUTS > 0) return
    const cut = await sql.run(CUT_RUNS, [task.invokeId, task.instanceId])
    if (cut > 0 && task.deliversOutput) await sql.run(CUT_DELIVERIES, [task.invokeId, task.instanceId])
  },

  async replaceRun(run, state, told, now) {
    const output = told ?? (await outputOf(sql, run.invokeId, run.instanceId))
    const changed = await sql.run(
      `update task_run set ${RUN_COLUMNS.map((column, index) => `${column} = $${index + 4}`).join(', ')}
       where invocation_id = $1 and instance_id = $2 and run_start = $3 and outcome_unknown = 1`,
      [run.invokeId, run.instanceId, run.runStart ?? 0, ...runValues(run, state, output, now)],
    )
    return changed > 0
  },
})
