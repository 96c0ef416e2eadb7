import type { Scope } from '../access/scope.js'
import { queueOutput } from '../outputs/output-delivery.js'
import type { Writing } from '../unit-of-work.js'
import { classOf, isActive, isFinal } from './task-states.js'
import type { TaskRow } from './task-store.js'

/**
 * Writes a task that was changed, with what counts it: the classes of its invocation and the ActiveTaskCount of its
 * instance, and with the delivery of its output, in the same transaction (design D7).
 */
export const changeTask = async (
  w: Writing,
  scope: Scope,
  before: TaskRow,
  changed: TaskRow,
  now: number,
): Promise<void> => {
  const after = changed.state === 'Terminated' ? terminated(changed) : changed
  await w.tasks.save(before, after, now)
  w.invocations.tally(after.invokeId, classOf(before.state), classOf(after.state), 1)
  const active = Number(isActive(after.state)) - Number(isActive(before.state))
  if (isFinal(after.state) && !isFinal(before.state)) w.taskEnded(after.state, after.invokeId)
  await queueOutput(w, after, now)
  if (active !== 0) await w.instances.addActiveTasks(scope, after.instanceId, active)
}

/**
 * Of a task that was stopped the stop is told: no failure, or that a run was interrupted (api.md §8.5). How its last run ended is told
 * by the row of that run.
 */
const terminated = (task: TaskRow): TaskRow =>
  task.outcomeUnknown
    ? { ...task, errorCode: task.errorCode === '' ? '' : 'ExecutionInterrupted' }
    : { ...task, errorCode: '', errorInfo: task.errorCode === '' ? task.errorInfo : '' }
