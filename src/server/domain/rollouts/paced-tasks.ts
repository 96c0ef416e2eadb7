import type { PresenceTable } from '../fleet/presence.js'
import type { Writing } from '../unit-of-work.js'

/** When a host that is there, but cannot be sent to yet, is looked at again. */
export const LOOK_AGAIN_MS = 60_000
/** Why a host that was waited for was not sent to. */
export const NEVER_BACK = 'the instance was away, and did not come back before OfflineTimeout was over'

/**
 * Whether the wait for a host is over: its deadline passed, and it was away then. It may be back since, which is too late; one that
 * came back in time and waits for its place is not away.
 */
export const isTooLate = (
  presence: Pick<PresenceTable, 'isLiveSince'>,
  instanceId: string,
  queueUntil: number | undefined,
  now: number,
): boolean => queueUntil !== undefined && queueUntil <= now && !presence.isLiveSince(instanceId, queueUntil)

/** What became of a host whose turn came. */
export type Turn = 'sent' | 'queued' | 'over' | 'unchanged'

/** Judges one host and writes down what it comes to. Only in the transaction that holds the rollout. */
export type TakeTurn = (w: Writing, instanceId: string, now: number) => Promise<Turn>

/** The tasks of one kind that rollouts pace. */
export interface PacedTasks {
  /** Hosts whose turn has not come, in their order, in front of a place. */
  waiting(invokeId: string, below: number, limit: number): Promise<readonly string[]>
  /** Hosts that are waited for, in id order behind `after`. */
  queued(invokeId: string, after: string, limit: number): Promise<readonly string[]>
  /** Invocations whose turn came while this host was away. */
  queuedOn(instanceId: string, limit: number): Promise<readonly string[]>
  /**
   * Reads what judging these hosts takes.
   * @param queueUntil a host that is away is waited for until then, in milliseconds of the epoch
   */
  prepare(invokeId: string, instanceIds: readonly string[], queueUntil: number | undefined): Promise<TakeTurn>
  /** Cancels some of what waits. @returns how many */
  cancel(w: Writing, invokeId: string, reason: string, limit: number, now: number): Promise<number>
}
