import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { FileSend, FileSendFilter, NewFile, SendRequest } from './files.js'
import type { FileState } from './file-states.js'

/** A file on one instance as the rules see it. Times in milliseconds; `undefined` for what did not happen. */
export interface FileTaskRow {
  readonly invokeId: string
  readonly instanceId: string
  readonly state: FileState
  readonly outcomeUnknown: boolean
  readonly errorCode: string
  readonly errorInfo: string
  /** Identity of the agent process that it was handed to. */
  readonly agentProcess: string
  /** How often it was put into an answer: more than once when the first may have been lost. */
  readonly handOuts: number
  readonly createdAt: number
  readonly handedOutAt: number | undefined
  readonly finishedAt: number | undefined
  /** When something must have happened, else a sweep decides; undefined for a final state. */
  readonly deadlineAt: number | undefined
}

export interface NewFileSend
  extends NewFile,
    Omit<SendRequest, 'instanceIds' | 'rerunOf' | 'rollout' | 'timeoutSeconds'> {
  readonly timeoutSeconds: number
  readonly invokeId: string
  readonly invokedBy: string
  readonly createdAt: number
}

/** What a hand-out reads of a send. */
export interface SentFile extends NewFile {
  readonly scope: Scope
  readonly invokeId: string
  readonly timeoutSeconds: number
  readonly resourceGroupId: string
}

export interface FileReader {
  list(scope: Scope, filter: FileSendFilter, page: PageRequest): Promise<Page<FileSend>>
  sent(invokeId: string): Promise<SentFile | undefined>
  scopeOf(invokeId: string): Promise<Scope | undefined>
  find(invokeId: string, instanceId: string): Promise<FileTaskRow | undefined>
  /** What is not over on a host and whose turn came, oldest first. */
  unfinishedOf(instanceId: string, limit: number): Promise<readonly FileTaskRow[]>
  /** Files of a host that wait for their turn, or for the host. */
  heldOf(instanceId: string, limit: number): Promise<readonly FileTaskRow[]>
  /** Files of a send that wait for their turn, or for their hosts. */
  heldIn(invokeId: string, limit: number): Promise<readonly FileTaskRow[]>
  /** Hosts whose turn has not come, in their order, in front of a place. */
  waitingIn(invokeId: string, below: number, limit: number): Promise<readonly string[]>
  /** Hosts that are waited for, in id order behind `after`. */
  queuedIn(invokeId: string, after: string, limit: number): Promise<readonly string[]>
  /** Sends that wait for this host. */
  queuedOn(instanceId: string, limit: number): Promise<readonly string[]>
  /**
   * Hosts of a send on which it failed, in id order; of these hosts alone, if any are named.
   * @param withLeftOut and those that its rollout left out, or is about to
   */
  hostsWhereFailed(
    invokeId: string,
    withLeftOut: boolean,
    limit: number,
    among?: readonly string[],
  ): Promise<readonly string[]>
  /** What is not over although its deadline passed. */
  overdue(now: number, limit: number): Promise<readonly FileTaskRow[]>
}

export interface FileStore extends FileReader {
  /** The send with all its instances: Pending, Waiting, or over at once with a code. */
  add(
    scope: Scope,
    send: NewFileSend,
    tasks: readonly (Pick<FileTaskRow, 'instanceId' | 'state' | 'errorCode' | 'errorInfo' | 'deadlineAt'> & {
      /** Its place in a rollout. */
      readonly position?: number | undefined
    })[],
  ): Promise<void>
  /** Writes what changed of a file on an instance, and counts it in its send. `before` is as this transaction read it. */
  save(before: FileTaskRow, after: FileTaskRow, now: number): Promise<void>
}
