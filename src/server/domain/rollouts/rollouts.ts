import type { Caller, Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'

/** What a rollout paces. */
export const ROLLOUT_KINDS = ['invocation', 'file'] as const
export type RolloutKind = (typeof ROLLOUT_KINDS)[number]

/**
 * InProgress: hosts get their turn. Paused: none does, until somebody resumes it or its pause is over. Halted: too many hosts
 * failed. Cancelled: somebody ended it, or stopped what it paces, while hosts waited for their turn. Finished: every host had its turn or
 * was stopped by itself, and nothing takes a place any more. Docs: docs/adr/0016-rollouts.md.
 */
export const ROLLOUT_STATUSES = ['InProgress', 'Paused', 'Halted', 'Cancelled', 'Finished'] as const
export type RolloutStatus = (typeof ROLLOUT_STATUSES)[number]

/** What waits does not get its turn any more. */
export const isEnded = ({ status }: { readonly status: RolloutStatus }): boolean =>
  status === 'Halted' || status === 'Cancelled'

/** How hosts get their turn, as asked for. A share is a number of hosts (`5`) or a part of them (`10%`). */
export interface RolloutRequest {
  /** Share of the hosts that are at work at a time. */
  readonly maxConcurrency?: string | undefined
  /** Share of the hosts whose failure halts it. */
  readonly stopAfterFailures?: string | undefined
  /** Shares of the waves, in order; hosts that are left over are a last wave. */
  readonly waves?: readonly string[] | undefined
  /** Seconds between two waves; 0: until somebody resumes it. */
  readonly pauseBetweenWaves?: number | undefined
  /** For so many seconds, hosts that are away are waited for. */
  readonly offlineTimeoutSeconds?: number | undefined
}

/** The same in numbers of hosts and times. */
export interface RolloutPlan {
  readonly total: number
  readonly maxConcurrency: number | undefined
  readonly stopAfterFailures: number | undefined
  /** Hosts in the first wave, in the first two, …; the last is `total`. */
  readonly waveEnds: readonly number[]
  readonly pauseBetweenWaves: number | undefined
  /** Until then hosts that are away are waited for, in milliseconds of the epoch. */
  readonly queueUntil: number | undefined
}

/** How many hosts are where. */
export interface RolloutCounts {
  /** Their turn has not come. */
  readonly waiting: number
  /** Their turn came while they were away. */
  readonly queued: number
  /** Sent to, or at work: these take places. A schedule does until its host has it. */
  readonly active: number
  /** Schedules that stand on their hosts, and what waits for a start of its host; whether they run just now or not. */
  readonly scheduled: number
  readonly succeeded: number
  readonly failed: number
  /** Stopped or cancelled. */
  readonly stopped: number
}

export interface Rollout extends RolloutPlan {
  readonly scope: Scope
  /** Of the invocation or the file send that it paces. */
  readonly invokeId: string
  readonly kind: RolloutKind
  readonly status: RolloutStatus
  /** Why it has this status, in words; `''` where the status says it. */
  readonly reason: string
  /** The wave whose turn it is, from 0. */
  readonly wave: number
  /** When a pause is over by itself. */
  readonly resumeAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
  readonly counts: RolloutCounts
}

export interface RolloutFilter {
  readonly invokeIds?: readonly string[] | undefined
  readonly status?: RolloutStatus | undefined
}

export interface Rollouts {
  /** Newest first. */
  list(scope: Scope, filter: RolloutFilter, page: PageRequest): Promise<Page<Rollout>>
  /** No further host gets its turn. Faults: `rollout/not-found`, `rollout/over`. */
  pause(scope: Scope, caller: Caller, invokeId: string): Promise<void>
  /** Goes on with one that is paused; one that is in progress stays so. Faults as for `pause`. */
  resume(scope: Scope, caller: Caller, invokeId: string): Promise<void>
  /** Hosts that wait are not sent to any more; what is at work goes on. Faults as for `pause`. */
  cancel(scope: Scope, caller: Caller, invokeId: string): Promise<void>
}
