// The delivery of outputs to a store (api.md §5.5): what is delivered, and when it is queued.
import { Fault } from '../faults.js'
import type { TaskRow } from '../invocations/task-store.js'
import { hasHistory } from '../invocations/repeat-modes.js'
import { isFinal, type TaskState } from '../invocations/task-states.js'
import type { Writing } from '../unit-of-work.js'
import { parseOutputAddress } from './output-address.js'
import type { OutputStores } from './output-stores.js'

/** State of a delivery as the API tells it. */
export type OutputDeliveryStatus = 'InProgress' | 'Finished' | 'Failed'

/** How a delivery stands. */
export interface OutputDelivery {
  readonly status: OutputDeliveryStatus
  /** Where the output is; `''` until it is there. */
  readonly uri: string
  /** Why it is not there, also of the last of several tries; `''` when nothing went wrong. */
  readonly errorCode: string
  readonly errorInfo: string
}

/** Refuses an address that names no place or no store. Faults: `output-delivery/malformed`, `output-delivery/no-store`. */
export const checkOutputDelivery = (text: string | undefined, stores: OutputStores): string => {
  if (text === undefined || text === '') return ''
  const address = parseOutputAddress(text)
  if (address === undefined) throw new Fault('output-delivery/malformed')
  if (stores.find(address) === undefined) throw new Fault('output-delivery/no-store')
  return text
}

/** Queues what a task came to, in the transaction that ends it; what never ran wrote nothing. */
export const queueOutput = async (w: Writing, task: TaskRow, now: number): Promise<void> => {
  if (!task.deliversOutput || !isFinal(task.state) || hasHistory(task.repeatMode)) return
  if (task.startedAt === undefined && task.outputBytes === 0) return
  await w.deliveries.add(task.invokeId, task.instanceId, 0, now)
}

/** Keeps one of several runs, with its output, and queues that. */
export const keepRun = async (w: Writing, run: TaskRow, state: TaskState, now: number): Promise<void> => {
  await w.tasks.keepRun(run, state, now)
  await queueRun(w, run, now)
}

/** As `keepRun`, for one that was heard of only behind later ones (`TaskStore.addMissedRun`). */
export const addMissedRun = async (
  w: Writing,
  run: TaskRow,
  state: TaskState,
  output: Uint8Array,
  distance: number,
  now: number,
): Promise<boolean> => {
  if (!(await w.tasks.addMissedRun(run, state, output, distance, now))) return false
  await queueRun(w, run, now)
  return true
}

/** As `keepRun`, in the place of a run whose end had been assumed. @returns false when there is none */
export const replaceRun = async (
  w: Writing,
  run: TaskRow,
  state: TaskState,
  output: Uint8Array | undefined,
  now: number,
): Promise<boolean> => {
  if (!(await w.tasks.replaceRun(run, state, output, now))) return false
  await queueRun(w, run, now)
  return true
}

const queueRun = async (w: Writing, { deliversOutput, invokeId, instanceId, runStart = 0 }: TaskRow, now: number) => {
  if (deliversOutput) await w.deliveries.add(invokeId, instanceId, runStart, now)
}
