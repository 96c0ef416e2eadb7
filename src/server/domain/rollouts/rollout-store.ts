import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Standing } from './next-step.js'
import type { Rollout, RolloutFilter, RolloutKind, RolloutPlan, RolloutStatus } from './rollouts.js'

export interface NewRollout extends RolloutPlan {
  readonly invokeId: string
  readonly kind: RolloutKind
  readonly createdAt: number
}

/** What changes of a rollout. */
export interface RolloutChange {
  readonly status: RolloutStatus
  readonly reason: string
  readonly wave: number
  readonly resumeAt: number | undefined
  /** Nothing is left to be done. */
  readonly isOver: boolean
}

/** A rollout that is not over, as the sweep sees it. */
export interface OpenRollout {
  readonly invokeId: string
  readonly kind: RolloutKind
  readonly status: RolloutStatus
  readonly queued: number
  /** A step may be due: nobody needs to have asked for it. */
  readonly isDue: boolean
}

export interface RolloutReader {
  list(scope: Scope, filter: RolloutFilter, page: PageRequest): Promise<Page<Rollout>>
  /** Of a committed invocation; undefined when there is none, or it is over. */
  standing(invokeId: string, kind: RolloutKind): Promise<Standing | undefined>
  /** Those that are not over, in id order behind `after`. */
  open(after: string, limit: number, now: number): Promise<readonly OpenRollout[]>
  /** Until when hosts that are away are waited for; undefined without a rollout, or without a queue. */
  queueUntil(invokeId: string): Promise<number | undefined>
  /** What it paces; undefined when the scope has no such rollout. */
  kindOf(scope: Scope, invokeId: string): Promise<RolloutKind | undefined>
}

export interface RolloutStore extends RolloutReader {
  add(scope: Scope, rollout: NewRollout): Promise<void>
  /** No other transaction takes a step of it before this one ends. */
  hold(invokeId: string): Promise<void>
  change(invokeId: string, change: RolloutChange, now: number): Promise<void>
}
