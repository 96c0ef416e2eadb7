import { type AgentLog, reasonOf } from '../log.js'
import type { TaskEntry } from '../../protocol/messages/task-list.js'
import type { Cancellation } from './cancellation.js'
import { check } from './check.js'
import { ERROR_CODE, failed, TaskRefusal } from './refusal.js'
import { type TaskEnd, type TaskIdentity, type TaskResult, taskKey } from './result.js'
import { type RunRoom, run } from './run.js'
import type { Slots } from './slots.js'
import { clean, stage } from './stage.js'

/** What tasks need of the agent. */
export interface TaskRoom extends RunRoom {
  readonly instanceId: string
  readonly tasksFolder: string
  readonly slots: Slots
  /** Keeps a final report until it is acknowledged; durable when it resolves. Never rejects. */
  readonly report: (result: TaskResult) => Promise<void>
  readonly log: AgentLog
}

/**
 * The way of a task on this host. Every task that begins it ends with exactly one final report, and with nothing of it
 * left on disk but that report. Each step but `run` may be repeated. Never rejects. @returns how it ended
 *
 *   check    type, content, user, folder, parameters: else `invalid`            check.ts
 *   stage    record and script on disk: else `error`                            stage.ts
 *   limit    ten at once, the others wait in order                              slots.ts
 *   run      the script, its increments of output, its end or its kill          run.ts
 *   report   the result on disk, then to the server until it is acknowledged    ../link/outbox.ts
 *   clean    record and script gone                                             stage.ts
 */
export const carryOut = async (entry: TaskEntry, room: TaskRoom, cancellation: Cancellation): Promise<TaskEnd> => {
  const identity = { taskId: entry.task.taskID, invokeVersion: entry.task.invokeVersion }
  const result = await steps(entry, identity, room, cancellation).catch((error: unknown) => {
    if (!(error instanceof TaskRefusal)) room.log.error(`task ${identity.taskId} failed: ${reasonOf(error)}`)
    const refusal = error instanceof TaskRefusal ? error : failed(ERROR_CODE.other, `AgentFailed: ${reasonOf(error)}`)
    return { task: identity, end: refusal.end, output: new Uint8Array() }
  })
  room.log.info(`task ${identity.taskId} ended: ${summary(result)}`)
  await room.report(result)
  await clean(room.tasksFolder, taskKey(identity))
  return result.end
}

const steps = async (
  entry: TaskEntry,
  identity: TaskIdentity,
  room: TaskRoom,
  cancellation: Cancellation,
): Promise<TaskResult> => {
  const checked = await check(entry, room.instanceId, room)
  const staged = await stage(checked, room.tasksFolder, room.platform)
  const slot = await room.slots.take(cancellation.any)
  if (slot === undefined) return { task: identity, ...notStarted(cancellation) }
  try {
    return await run(checked, staged, room, cancellation)
  } finally {
    slot.release()
  }
}

/** A task that is only to be checked: the first step alone. Never rejects. */
export const verify = async (entry: TaskEntry, room: TaskRoom): Promise<void> => {
  const identity = { taskId: entry.task.taskID, invokeVersion: entry.task.invokeVersion }
  const end = await check(entry, room.instanceId, room).then(
    () => ({ kind: 'verified' }) as const,
    (error: unknown) =>
      (error instanceof TaskRefusal ? error : failed(ERROR_CODE.other, `AgentFailed: ${reasonOf(error)}`)).end,
  )
  await room.report({ task: identity, end, output: new Uint8Array() })
}

/** Ended while it waited. Its times are those of the end: zeros would say that this agent does not know the task. */
const notStarted = (cancellation: Cancellation): Omit<TaskResult, 'task'> => {
  const now = Date.now()
  const times = { startedAt: now, endedAt: now, exitCode: 0, dropped: 0 }
  const output = new Uint8Array()
  if (cancellation.stop.aborted) return { end: { kind: 'stopped', ...times }, output }
  const errDesc = cancellation.shutdown.aborted
    ? 'AgentStopped: the agent was stopped before the script was started'
    : 'TooManyTasks: too many tasks wait on this host already'
  const end = { kind: 'error', ...times, startedAt: 0, endedAt: 0, errCode: ERROR_CODE.other, errDesc } as const
  return { end, output }
}

const summary = ({ end }: TaskResult): string => {
  switch (end.kind) {
    case 'finish':
      return `exit code ${end.exitCode} after ${end.endedAt - end.startedAt} ms`
    case 'error':
      return `error ${end.errCode} ${end.errDesc}`
    case 'invalid':
      return `invalid ${end.param}`
    case 'timeout':
    case 'stopped':
    case 'verified':
    case 'file-finish':
    case 'file-invalid':
      return end.kind
  }
}
