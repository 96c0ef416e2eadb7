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
  after: TaskRow,
  now: number,
): Promise<void> => {
  await w.tasks.save(before, after, now)
  w.invocations.tally(after.invokeId, classOf(before.state), classOf(after.state), 1)
  const active = Number(isActive(after.state)) - Number(isActive(before.state))
  if (isFinal(after.state) && !isFinal(before.state)) w.taskEnded(after.state, after.invokeId)
  await queueOutput(w, after, now)
  if (active !== 0) await w.instances.addActiveTasks(scope, after.instanceId, active)
}
