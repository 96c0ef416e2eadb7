import type { Scope } from '../access/scope.js'
import type { CommandType } from '../commands/commands.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag } from '../tags.js'
import type { Invocation, InvocationFilter, TerminationMode } from './invocations.js'
import type { SecretUse } from '../secrets/secret-use.js'
import type { RepeatMode } from './repeat-modes.js'
import type { StateClass } from './task-states.js'

export interface NewInvocation {
  readonly invokeId: string
  readonly commandId: string
  readonly commandName: string
  readonly commandDescription: string
  readonly commandType: CommandType
  readonly content: Uint8Array
  readonly enableParameter: boolean
  /** JSON text. */
  readonly parameters: string
  /** None when absent. */
  readonly secrets?: SecretUse
  readonly username: string
  readonly windowsPasswordName: string
  readonly workingDir: string
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  readonly containerId: string
  readonly containerName: string
  /** `oss://bucket/prefix`; `''` for nowhere. */
  readonly outputDelivery: string
  readonly timeoutSeconds: number
  readonly resourceGroupId: string
  readonly keepCommand: boolean
  readonly repeatMode: RepeatMode
  readonly frequency: string
  readonly invokedBy: string
  readonly createdAt: number
  readonly tags: readonly Tag[]
}

/** What a hand-out reads of an invocation. */
export interface InvocationScript {
  readonly scope: Scope
  readonly invokeId: string
  readonly commandId: string
  readonly commandName: string
  readonly commandType: CommandType
  readonly content: Uint8Array
  readonly enableParameter: boolean
  readonly parameters: string
  readonly secrets: SecretUse
  readonly username: string
  readonly windowsPasswordName: string
  readonly workingDir: string
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  readonly containerId: string
  readonly containerName: string
  readonly timeoutSeconds: number
  readonly repeatMode: RepeatMode
  readonly frequency: string
  readonly createdAt: number
  /** From 1; another one for each change of what is run or when. */
  readonly version: number
}

/** What a change of an invocation reads of it. */
export interface InvocationAttributes extends InvocationScript {
  readonly commandDescription: string
  readonly outputDelivery: string
  readonly resourceGroupId: string
  readonly keepCommand: boolean
  /** Tasks of it, and those of them that are not over. */
  readonly instances: number
  readonly unfinished: number
}

/** What a change writes: the whole of what can be changed. */
export interface ChangedInvocation {
  readonly commandId: string
  readonly content: Uint8Array
  readonly enableParameter: boolean
  /** JSON text. */
  readonly parameters: string
  readonly secrets: SecretUse
  readonly frequency: string
  readonly version: number
}

export interface InvocationReader {
  list(scope: Scope, filter: InvocationFilter, page: PageRequest): Promise<Page<Invocation>>
  exists(scope: Scope, invokeId: string): Promise<boolean>
  script(invokeId: string): Promise<InvocationScript | undefined>
  /** Which version of its script counts. */
  version(invokeId: string): Promise<number | undefined>
  /** Of one that callers may see. */
  attributes(scope: Scope, invokeId: string): Promise<InvocationAttributes | undefined>
  scopeOf(invokeId: string): Promise<Scope | undefined>
  /** True while an invocation of this command has a task that is not over, or is not committed yet. */
  usesCommand(scope: Scope, commandId: string): Promise<boolean>
  countSince(scope: Scope, since: number): Promise<number>
  /** Invocations of a command that are kept. */
  countOfCommand(scope: Scope, commandId: string): Promise<number>
}

export interface InvocationStore extends InvocationReader {
  /** Until the transaction ends, nobody else counts. */
  countSince(scope: Scope, since: number): Promise<number>
  /** Invisible until `commit`. */
  add(scope: Scope, invocation: NewInvocation): Promise<void>
  commit(invokeId: string): Promise<void>
  /**
   * True while it is not written to its end. Nobody else can then add to it, commit it or take it back before this
   * transaction ends.
   */
  holdUnwritten(invokeId: string): Promise<boolean>
  /** Keeps a script that an invocation is about to have: before its hosts are held, as all come to scripts before hosts. */
  keepScript(content: Uint8Array, now: number): Promise<void>
  /** Writes another version. */
  change(invokeId: string, changed: ChangedInvocation, now: number): Promise<void>
  /** Marks the moment of a StopInvocation. */
  stopRequested(invokeId: string, now: number): Promise<void>
  /** A task went from one class of state to another; `from` undefined for a new one. Applied once per commit. */
  tally(invokeId: string, from: StateClass | undefined, to: StateClass, amount: number): void
  /** Invocations that were being written when the server died. */
  findUncommitted(before: number, limit: number): Promise<readonly string[]>
  remove(invokeId: string): Promise<void>
}
