// A host that is named once more for an invocation which it never got: it was away, too old, or it was stopped before
// (api.md §7.2).
import type { Scope } from '../access/scope.js'
import type { Writing } from '../unit-of-work.js'
import type { Admission } from './admit.js'
import { changeTask } from './change-task.js'
import { move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'

const EVENT_OF: Readonly<Record<string, TaskEvent>> = {
  Pending: 'added-pending',
  Scheduled: 'added-scheduled',
  Aborted: 'added-aborted',
  Invalid: 'added-invalid',
}

/** It is over, and its host was never given it: nothing was done that would be done twice, no result would be lost. */
export const isAddable = (task: TaskRow): boolean =>
  move(task.state, false, 'added-pending') !== undefined &&
  [task.handedOutAt, task.reportedAt, task.startedAt].every((time) => time === undefined) &&
  task.runs === 0

/** The task begins as if it were new; its host had been counted with it already. One that is not to be added stays. */
export const addAgain = async (
  w: Writing,
  scope: Scope,
  task: TaskRow,
  { state, errorCode, errorInfo, deadlineAt }: Admission,
  now: number,
): Promise<void> => {
  const event = EVENT_OF[state]
  const next = event === undefined || !isAddable(task) ? undefined : move(task.state, false, event)
  if (next === undefined) return
  const begun = { createdAt: now, finishedAt: undefined, stoppedAt: undefined }
  await changeTask(w, scope, task, { ...task, ...begun, state: next, errorCode, errorInfo, deadlineAt }, now)
}
