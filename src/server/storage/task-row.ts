import type { Task } from '../domain/invocations/invocations.js'
import { hasHistory, isTimed, type RepeatMode } from '../domain/invocations/repeat-modes.js'
import { legacyRecordStatus, taskStatus } from '../domain/invocations/roll-up.js'
import type { TaskState } from '../domain/invocations/task-states.js'
import type { TaskRow } from '../domain/invocations/task-store.js'
import type { OutputDelivery } from '../domain/outputs/output-delivery.js'
import { type Column, maybeNumber, numberOf, type Row, textOf } from './sql.js'

// What a row of `task`, as `t`, is. Where agents wait it is read by position: naming a column of each row costs as much as
// finding the row.

// The order is that of a run in `run-history.ts`, which is read as one list with tasks.
const NAMES = [
  'invocation_id',
  'instance_id',
  'state',
  'outcome_unknown',
  'error_code',
  'error_info',
  'exit_code',
  'dropped',
  'output_bytes',
  'agent_process',
  'created_at',
  'handed_out_at',
  'reported_at',
  'started_at',
  'finished_at',
  'stopped_at',
  'updated_at',
  'deadline_at',
  'repeat_mode',
  'runs',
  'run_start',
  'version',
  'delivers_output',
  'run_version',
  'agent_tells',
  'version_since',
] as const

/** Of a task, in the order of `taskOf`. */
export const TASK_COLUMNS = NAMES.map((name) => `t.${name}`).join(', ')

/** @param columns `TASK_COLUMNS` */
export const taskOf = (columns: readonly (Column | undefined)[]): TaskRow => {
  const [
    invokeId,
    instanceId,
    state,
    outcomeUnknown,
    errorCode,
    errorInfo,
    exitCode,
    dropped,
    outputBytes,
    agentProcess,
    createdAt,
    handedOutAt,
    reportedAt,
    startedAt,
    finishedAt,
    stoppedAt,
    ,
    deadlineAt,
    repeatMode,
    runs,
    runStart,
    version,
    deliversOutput,
    runVersion,
    agentTells,
    versionSince,
  ] = columns
  return {
    invokeId: textOf(invokeId),
    instanceId: textOf(instanceId),
    state: textOf(state) as TaskState,
    outcomeUnknown: outcomeUnknown === 1,
    errorCode: textOf(errorCode),
    errorInfo: textOf(errorInfo),
    exitCode: maybeNumber(exitCode),
    dropped: numberOf(dropped),
    outputBytes: numberOf(outputBytes),
    agentProcess: textOf(agentProcess),
    createdAt: numberOf(createdAt),
    handedOutAt: maybeNumber(handedOutAt),
    reportedAt: maybeNumber(reportedAt),
    startedAt: maybeNumber(startedAt),
    finishedAt: maybeNumber(finishedAt),
    stoppedAt: maybeNumber(stoppedAt),
    deadlineAt: maybeNumber(deadlineAt),
    repeatMode: textOf(repeatMode) as RepeatMode,
    runs: numberOf(runs),
    runStart: maybeNumber(runStart),
    version: numberOf(version),
    deliversOutput: deliversOutput === 1,
    runVersion: maybeNumber(runVersion),
    versionSince: maybeNumber(versionSince),
    agentTells: agentTells === null || agentTells === undefined ? undefined : agentTells === 1,
  }
}

/** A row by column names, which may have others, too. */
export const taskRow = (row: Row): TaskRow => taskOf(NAMES.map((name) => row[name]))

/** A row with `updated_at` and `command_id` beside the columns of its task. */
export const toldTask = (row: Row, output: Uint8Array | undefined, delivery: OutputDelivery | undefined): Task => {
  const task = taskRow(row)
  return {
    invokeId: task.invokeId,
    instanceId: task.instanceId,
    commandId: textOf(row['command_id']),
    status: taskStatus(task.state),
    legacyStatus: legacyRecordStatus(task.state),
    errorCode: task.errorCode,
    errorInfo: task.errorInfo,
    exitCode: task.exitCode,
    output,
    dropped: task.dropped,
    delivery,
    repeats: hasHistory(task.repeatMode) ? task.runs : task.startedAt === undefined ? 0 : 1,
    timed: isTimed(task.repeatMode),
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    stoppedAt: task.stoppedAt,
    updatedAt: numberOf(row['updated_at']),
  }
}
