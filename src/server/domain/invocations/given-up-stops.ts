// A stop that nobody fetches: a schedule lives in the memory of its agent, so its host alone can end it, and may never come
// back (api.md §7.1, §8.4).
import type { PresenceTable } from '../fleet/presence.js'
import { LOOK_AGAIN_MS } from '../rollouts/paced-tasks.js'
import type { Writing } from '../unit-of-work.js'
import type { Report } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import { ERROR_TEXTS } from './error-texts.js'
import type { InvocationScript } from './invocation-store.js'
import { isRunUnderWay } from './run-ends.js'
import { move } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** A host that has been away for so long is not waited for any more: its stop is told as done. */
export const STOP_WAIT_MS = 10 * 60_000

/** When a stop is looked after: a run under way has a deadline of its own, and what its host was not given ends at once. */
export const stopDeadline = (task: TaskRow, now: number): number | undefined =>
  task.repeatMode === 'Period' && !isRunUnderWay(task) ? now + STOP_WAIT_MS : task.deadlineAt

/** When to look again; undefined: its host has been away for too long. */
export const waitsUntil = (presence: PresenceTable, { instanceId }: TaskRow, now: number): number | undefined => {
  const seen = presence.lastSeen(instanceId)
  if (presence.isLive(seen)) return now + LOOK_AGAIN_MS
  const until = Math.min(seen ?? 0, now) + STOP_WAIT_MS
  return until > now ? until : undefined
}

/** It was told as stopped, and its host did not say so. */
const isGivenUp = (task: TaskRow): boolean =>
  task.repeatMode === 'Period' && task.state === 'Terminated' && task.errorCode === 'ClientNotResponse'

/** A host that is back and tells of a run has the schedule still: it is to stop it. @returns undefined for all else */
export const reopenStop = async (
  w: Writing,
  { scope }: Pick<InvocationScript, 'scope'>,
  task: TaskRow,
  { kind }: Report,
  now: number,
): Promise<TaskRow | undefined> => {
  const state = isGivenUp(task) ? move(task.state, false, 'still-runs') : undefined
  if (state === undefined || kind === 'stopped' || kind === 'invalid' || kind === 'verified') return undefined
  const after = { ...task, state, errorCode: '', errorInfo: '', deadlineAt: now + STOP_WAIT_MS }
  await changeTask(w, scope, task, after, now)
  w.audit({
    ...scope,
    at: now,
    actor: task.instanceId,
    action: 'agent/still-runs',
    subject: task.invokeId,
    detail: { from: task.state, to: state },
  })
  return after
}

export const STOP_GIVEN_UP = `${ERROR_TEXTS.ClientNotResponse}: it has been away since the stop; whether the command ran there meanwhile is unknown`
