import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Admission } from './admit.js'
import type { ResultFilter, TaskResult } from './invocations.js'
import type { RepeatMode } from './repeat-modes.js'
import type { TaskState } from './task-states.js'

/** A task as the rules see it. Times in milliseconds; `undefined` for what did not happen. */
export interface TaskRow {
  readonly invokeId: string
  readonly instanceId: string
  readonly repeatMode: RepeatMode
  readonly state: TaskState
  readonly outcomeUnknown: boolean
  readonly errorCode: string
  readonly errorInfo: string
  readonly exitCode: number | undefined
  readonly dropped: number
  readonly outputBytes: number
  /** What it wrote is delivered to a store when it is over. */
  readonly deliversOutput: boolean
  /** Identity of the agent process that it was handed to. */
  readonly agentProcess: string
  /** Whether the agent that it was handed to says what it can do: the vendor's does not. */
  readonly agentTells: boolean | undefined
  /** The version of its invocation that the host was handed. */
  readonly version: number
  /** When it was first handed that, of what repeats. */
  readonly versionSince: number | undefined
  readonly createdAt: number
  readonly handedOutAt: number | undefined
  /** First report of any kind. */
  readonly reportedAt: number | undefined
  /** How often it ran, the run under way included. */
  readonly runs: number
  /** When the latest run began by its host's clock; tells runs apart. */
  readonly runStart: number | undefined
  /** The version of its invocation that the latest run is of; undefined for the first. */
  readonly runVersion: number | undefined
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
  readonly stoppedAt: number | undefined
  /** When something must have happened, else a sweep decides; undefined for a final state. */
  readonly deadlineAt: number | undefined
}

export interface TaskReader {
  results(scope: Scope, filter: ResultFilter, page: PageRequest): Promise<Page<TaskResult>>
  find(invokeId: string, instanceId: string): Promise<TaskRow | undefined>
  /**
   * Unfinished tasks of a host whose invocation is committed, oldest first; without those that wait for their time or their
   * turn.
   */
  unfinishedOf(instanceId: string, limit: number): Promise<readonly TaskRow[]>
  /** Unfinished tasks of a host that repeat, or wait for a start of it. */
  schedulesOf(instanceId: string, limit: number): Promise<readonly TaskRow[]>
  /** As `unfinishedOf`, with the Scheduled tasks of which the host has another version than the one that counts. */
  toFetch(instanceId: string, limit: number): Promise<readonly TaskRow[]>
  /** Whether a fetch of the host would find a task, a stop that it can carry out, or another version of a schedule. */
  hasWork(instanceId: string): Promise<boolean>
  /** How many instances an invocation will have with these, some of which it may have already. */
  amountWith(invokeId: string, instanceIds: readonly string[]): Promise<number>
  /** The tasks of an invocation on these instances, in id order. */
  among(invokeId: string, instanceIds: readonly string[]): Promise<readonly TaskRow[]>
  /** Whether the host has any task that is not over, and whose turn came. */
  hasUnfinished(instanceId: string): Promise<boolean>
  /** Tasks of a host that wait for their turn, or for the host. */
  heldOf(instanceId: string, limit: number): Promise<readonly TaskRow[]>
  /** Tasks of an invocation that wait for their turn, or for their hosts. */
  heldIn(invokeId: string, limit: number): Promise<readonly TaskRow[]>
  /** Hosts whose turn has not come, in their order, in front of a place. */
  waitingIn(invokeId: string, below: number, limit: number): Promise<readonly string[]>
  /** Hosts that are waited for, in id order behind `after`. */
  queuedIn(invokeId: string, after: string, limit: number): Promise<readonly string[]>
  /** Invocations that wait for this host. */
  queuedOn(instanceId: string, limit: number): Promise<readonly string[]>
  /**
   * Hosts of an invocation on which it failed, in id order.
   * @param withLeftOut and those that its rollout left out, or is about to: it says why, somebody who stops one does not
   * @param among of these hosts alone
   */
  hostsWhereFailed(
    invokeId: string,
    withLeftOut: boolean,
    limit: number,
    among?: readonly string[],
  ): Promise<readonly string[]>
  /** Unfinished tasks whose deadline passed, of committed invocations. */
  overdue(now: number, limit: number): Promise<readonly TaskRow[]>
  /** The instance ids of an invocation that are in these states, in id order after `after`. */
  ofInvocation(invokeId: string, after: string | undefined, limit: number): Promise<readonly TaskRow[]>
}

export interface TaskStore extends TaskReader {
  /** New tasks: as they were admitted, or Waiting with their place in the rollout. */
  add(
    invokeId: string,
    tasks: readonly (Admission & { readonly position?: number | undefined })[],
    kind: { readonly repeatMode: RepeatMode; readonly deliversOutput: boolean },
    now: number,
  ): Promise<void>
  /** Writes the fields of a task that differ. `before` is as this piece of work read it. */
  save(before: TaskRow, after: TaskRow, now: number): Promise<void>
  /**
   * Holds the tasks of an invocation that are not over until this transaction ends, and those on these instances.
   * @returns how many are not over
   */
  holdUnfinished(invokeId: string, instanceIds: readonly string[]): Promise<number>
  /** Schedules that wait get another deadline: their invocation has another schedule. */
  reschedule(invokeId: string, deadlineAt: number | undefined): Promise<void>
  /** Adds output behind what is there. */
  appendOutput(invokeId: string, instanceId: string, data: Uint8Array): Promise<void>
  /** Forgets the output of the latest run: another one begins. */
  clearOutput(invokeId: string, instanceId: string): Promise<void>
  /**
   * Keeps a run that is over, with the output that the task has.
   * @param task with the values of that run
   * @param state how the run ended
   */
  keepRun(task: TaskRow, state: TaskState, now: number): Promise<void>
  /** Whether a run that is over is kept under this start. */
  hasRun(invokeId: string, instanceId: string, runStart: number): Promise<boolean>
  /** The start by its host's clock that is the latest of its kept runs; 0 when there are none. */
  latestRun(invokeId: string, instanceId: string): Promise<number>
  /** When the latest of its kept runs began that has a start. */
  latestStart(invokeId: string, instanceId: string): Promise<number | undefined>
  /**
   * Keeps a run that was heard of only behind later ones.
   * @param distance milliseconds that it must have begun before and after every other one
   * @returns false when it cannot be another run
   */
  addMissedRun(run: TaskRow, state: TaskState, output: Uint8Array, distance: number, now: number): Promise<boolean>
  /**
   * Puts the real end of a run in the place of one that was assumed, a natural end in that of one that was stopped.
   * @param output undefined: what the task has, for its latest run
   * @returns false when there is none
   */
  replaceRun(run: TaskRow, state: TaskState, output: Uint8Array | undefined, now: number): Promise<boolean>
  /** Takes away all tasks and outputs of an invocation, at most `limit` tasks; @returns their instances */
  removeOfInvocation(invokeId: string, limit: number): Promise<readonly string[]>
}
