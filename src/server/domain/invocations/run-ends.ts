// What the end of a run leaves behind.
import type { Writing } from '../unit-of-work.js'
import type { Report } from './agent-tasks.js'
import type { InvocationScript } from './invocation-store.js'
import { finishedAt, keepOutput, type Outcome, type ReportParts } from './take-report.js'
import { move, type TaskEvent, type TaskState } from './task-states.js'
import type { TaskRow } from './task-store.js'

export type Ended = Exclude<Report, { kind: 'running' | 'verified' }>

/** Of a task that repeats: its latest run has not ended. */
export const isRunUnderWay = (task: TaskRow): boolean => task.runStart !== undefined && task.finishedAt === undefined

/** How a run ended: as a task does that runs once. */
export const endedAs = (event: TaskEvent): TaskState => move('Running', false, event) ?? 'Error'

export const endOfRun = async (
  { outputQuota }: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  outcome: Outcome,
  now: number,
): Promise<TaskRow> => {
  const said = report.kind === 'invalid' ? { output: new Uint8Array(), dropped: 0 } : report
  const kept = await keepOutput(w, script, task, said.output, outputQuota, true)
  return {
    ...task,
    ...kept,
    dropped: Math.min(kept.dropped + said.dropped, Number.MAX_SAFE_INTEGER),
    outcomeUnknown: outcome.unknown ?? false,
    errorCode: outcome.code,
    errorInfo: outcome.info,
    exitCode: outcome.exitCode,
    finishedAt: finishedAt(
      report,
      script,
      task.startedAt,
      now,
      report.kind !== 'invalid' && report.run === task.runStart,
    ),
  }
}

export const audit = (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  action: string,
  to: TaskState,
  now: number,
): void => {
  w.audit({
    ...script.scope,
    at: now,
    actor: task.instanceId,
    action,
    subject: task.invokeId,
    detail: { from: task.state, to, runs: task.runs },
  })
}

/** When the latest run began that told its start. */
export const latestStart = async (w: Writing, task: TaskRow): Promise<number | undefined> =>
  task.startedAt ?? (task.runs > 0 ? w.tasks.latestStart(task.invokeId, task.instanceId) : undefined)

/** A run that is over, told once more: clocks that were set make it seem a later one. */
export const isKept = (w: Writing, { invokeId, instanceId }: TaskRow, run: number): Promise<boolean> =>
  w.tasks.hasRun(invokeId, instanceId, run)
