// From the states of tasks to the state of their invocation (api.md §8.3, §8.4). Pure.
import type { InvocationStatus, LegacyInvokeStatus, LegacyRecordStatus, TaskStatus } from './invocations.js'
import type { StateClass, TaskState } from './task-states.js'

/** How many tasks of an invocation are in each class of states. */
export type StateCounts = Readonly<Record<StateClass, number>>

const sum = (counts: StateCounts): number => Object.values(counts).reduce((total, count) => total + count, 0)

/** Whether anything is still to come. */
export const isUnfinished = (counts: StateCounts): boolean =>
  counts.waiting + counts.queued + counts.pending + counts.scheduled + counts.running + counts.stopping > 0

/** api.md §8.3, the "any" rules in the order of their listing. */
export const invocationStatus = (counts: StateCounts): InvocationStatus => {
  const failed = counts.failed + counts.broken
  if (counts.pending + counts.waiting + counts.queued > 0) return 'Pending'
  if (counts.scheduled > 0) return 'Scheduled'
  if (counts.running > 0) return 'Running'
  if (counts.stopping > 0) return 'Stopping'
  if (counts.success > 0) return failed > 0 ? 'PartialFailed' : 'Success'
  if (failed > 0) return 'Failed'
  return 'Stopped'
}

/**
 * api.md §8.4. An exit code other than 0 is a process that did end: Finished. What repeats is Running until it is stopped,
 * then Stopped; it never fails, and what comes to its end by itself is Finished, also where no host took it.
 * @param repeats it runs more than once (`hasHistory`)
 */
export const legacyInvokeStatus = (
  counts: StateCounts,
  stopRequested: boolean,
  repeats: boolean,
): LegacyInvokeStatus => {
  if (isUnfinished(counts)) return stopRequested && counts.stopping > 0 ? 'Stopping' : 'Running'
  if (stopRequested && counts.stopped > 0) return 'Stopped'
  if (repeats || counts.broken === 0) return 'Finished'
  return counts.broken === sum(counts) ? 'Failed' : 'PartialFailed'
}

/** What is internal the API tells as Pending (design §5, docs/adr/0016-rollouts.md). */
export const taskStatus = (state: TaskState): TaskStatus =>
  state === 'HandedOut' || state === 'Waiting' || state === 'Queued' ? 'Pending' : state

export const legacyRecordStatus = (state: TaskState): LegacyRecordStatus => {
  switch (state) {
    case 'Waiting':
    case 'Queued':
    case 'Pending':
    case 'HandedOut':
    case 'Scheduled':
    case 'Running':
      return 'Running'
    case 'Stopping':
      return 'Stopping'
    case 'Success':
    case 'Failed':
      return 'Finished'
    case 'Error':
    case 'Timeout':
    case 'Invalid':
    case 'Aborted':
      return 'Failed'
    case 'Cancelled':
    case 'Terminated':
      return 'Stopped'
  }
}

/** The states that a filter by record status takes: legacy and current names (api.md §8.1). */
export const statesOfRecordStatus = (name: string, all: readonly TaskState[]): readonly TaskState[] =>
  all.filter((state) => taskStatus(state) === name || legacyRecordStatus(state) === name)
