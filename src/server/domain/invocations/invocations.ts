import type { Caller, Repeatable, Scope } from '../access/scope.js'
import type { CommandType, NewCommand } from '../commands/commands.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag, TagFilter } from '../tags.js'
import type { OutputDelivery } from '../outputs/output-delivery.js'
import type { RolloutRequest } from '../rollouts/rollouts.js'
import type { RepeatMode } from './repeat-modes.js'

/** State of a task as the API tells it (api.md §8.2); inside, HandedOut is told as Pending. */
export type TaskStatus =
  | 'Pending'
  | 'Scheduled'
  | 'Running'
  | 'Success'
  | 'Failed'
  | 'Error'
  | 'Timeout'
  | 'Invalid'
  | 'Aborted'
  | 'Cancelled'
  | 'Stopping'
  | 'Terminated'

/** State of a whole invocation (api.md §8.3). */
export type InvocationStatus =
  | 'Pending'
  | 'Scheduled'
  | 'Running'
  | 'Stopping'
  | 'Stopped'
  | 'Success'
  | 'Failed'
  | 'PartialFailed'

/** Legacy state of a whole invocation (api.md §8.4). */
export type LegacyInvokeStatus = 'Running' | 'Finished' | 'Failed' | 'PartialFailed' | 'Stopping' | 'Stopped'

/** Legacy state of one task (api.md §8.4). */
export type LegacyRecordStatus = 'Running' | 'Finished' | 'Failed' | 'Stopping' | 'Stopped'

export type Targets =
  | { readonly by: 'id'; readonly instanceIds: readonly string[] }
  | { readonly by: 'tag'; readonly tags: readonly TagFilter[] }
  /** The hosts of an earlier invocation on which it failed, as far as they are still there, and among these if there are any. */
  | { readonly by: 'failure'; readonly invokeId: string; readonly among?: readonly string[] | undefined }

/** What is ended on a stop and on a timeout (api.md §5.5): the script's own process, or all that it started. */
export type TerminationMode = 'Process' | 'ProcessTree'

/** What the caller asks for one run, apart from the script. */
export interface RunRequest {
  readonly targets: Targets
  /** Custom parameters as sent; absent when none were sent. */
  readonly parameters?: ReadonlyMap<string, unknown> | undefined
  /** `''` for the default user. */
  readonly username: string
  /** Name under which a Windows host keeps the password of the user. */
  readonly windowsPasswordName?: string | undefined
  /** A script with secrets may go to an agent that keeps scripts on its disk. */
  readonly allowSecretOnDisk?: boolean | undefined
  /** Absent: the command's own. */
  readonly timeoutSeconds?: number | undefined
  readonly workingDir?: string | undefined
  readonly launcher?: string | undefined
  /** Absent: as the agent does it. */
  readonly terminationMode?: TerminationMode | undefined
  /** Where it runs on each host; absent: on the host itself. */
  readonly containerId?: string | undefined
  readonly containerName?: string | undefined
  /** `oss://bucket/prefix` that outputs are delivered to; absent: nowhere. */
  readonly outputDelivery?: string | undefined
  /** Once when absent; Period when there is a frequency. */
  readonly repeatMode?: RepeatMode | undefined
  /** cron, `rate(…)` or `at(…)` (api.md §6). */
  readonly frequency?: string | undefined
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
  /** How hosts get their turn; absent: all at once, and those that are away never. */
  readonly rollout?: RolloutRequest | undefined
}

export interface Task {
  readonly invokeId: string
  readonly instanceId: string
  readonly commandId: string
  readonly status: TaskStatus
  readonly legacyStatus: LegacyRecordStatus
  readonly errorCode: string
  readonly errorInfo: string
  /** Absent until a process ended by itself. */
  readonly exitCode?: number | undefined
  /** Absent unless asked for. */
  readonly output?: Uint8Array | undefined
  /** Bytes of output that were not kept. */
  readonly dropped: number
  /** Absent where nothing is delivered: not yet, or not asked for. */
  readonly delivery?: OutputDelivery | undefined
  /** How often it ran: 0 or 1 unless it repeats. */
  readonly repeats: number
  /** It may run again, or later. */
  readonly timed: boolean
  readonly createdAt: number
  readonly startedAt?: number | undefined
  readonly finishedAt?: number | undefined
  /** When StopInvocation was called. */
  readonly stoppedAt?: number | undefined
  readonly updatedAt: number
}

/** A task with what its invocation knows, for a list of results. */
export interface TaskResult extends Task {
  readonly username: string
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  readonly containerId: string
  readonly containerName: string
  /** `oss://bucket/prefix`; `''` for nowhere. */
  readonly outputDelivery: string
  readonly tags: readonly Tag[]
}

export interface Invocation {
  readonly invokeId: string
  readonly commandId: string
  readonly commandName: string
  readonly commandDescription: string
  readonly commandType: CommandType
  readonly commandContent: Uint8Array
  /** JSON text of the custom parameters, `{}` when none. */
  readonly parameters: string
  readonly repeatMode: RepeatMode
  /** `''` for what has no schedule. */
  readonly frequency: string
  readonly timed: boolean
  readonly status: InvocationStatus
  readonly legacyStatus: LegacyInvokeStatus
  readonly username: string
  readonly workingDir: string
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  readonly containerId: string
  readonly containerName: string
  /** `oss://bucket/prefix`; `''` for nowhere. */
  readonly outputDelivery: string
  readonly timeoutSeconds: number
  readonly createdAt: number
  readonly tags: readonly Tag[]
  readonly tasks: readonly Task[]
}

export interface InvocationFilter {
  readonly invokeId?: string | undefined
  readonly commandId?: string | undefined
  readonly commandName?: string | undefined
  readonly commandType?: CommandType | undefined
  readonly instanceId?: string | undefined
  /** Aggregate state, legacy or current name. */
  readonly invokeStatus?: string | undefined
  readonly repeatMode?: string | undefined
  readonly timed?: boolean | undefined
  readonly includeOutput?: boolean | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

export interface ResultFilter {
  readonly invokeId?: string | undefined
  readonly commandId?: string | undefined
  readonly instanceId?: string | undefined
  /** Legacy or current name of a task's state. */
  readonly recordStatus?: string | undefined
  /** Every run of an invocation that repeats, instead of the latest. */
  readonly includeHistory?: boolean | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

/** What is to be different from now on; what is absent stays (api.md §7.2). */
export interface InvocationChange {
  /** The script, decoded. */
  readonly content?: Uint8Array | undefined
  readonly enableParameter?: boolean | undefined
  readonly parameters?: ReadonlyMap<string, unknown> | undefined
  /** Of what has a schedule already. */
  readonly frequency?: string | undefined
  /** Instances to add; those that it has stay as they are. */
  readonly instanceIds?: readonly string[] | undefined
}

/** A script that comes with a request. What is absent is taken from the run that is repeated, else it is as if not wanted. */
export interface SubmittedCommand extends Omit<NewCommand, 'enableParameter' | 'description'> {
  readonly enableParameter?: boolean | undefined
  readonly description?: string | undefined
  readonly keep: boolean
}

export interface Invocations {
  /**
   * Runs a script that comes with the request. The command is kept (listed, counted) only with `keep`.
   * Faults: those of `Commands.create`, `instance/*`, `parameters/*`, `frequency/*`, `resource-tag/no-instance`, `user/password-missing`,
   * `output-delivery/*`, `idempotency/*`, `rerun/nothing-to-run`, `rollout/not-once`.
   */
  run(
    scope: Scope,
    caller: Caller,
    command: SubmittedCommand,
    request: RunRequest,
    repeat: Repeatable | undefined,
  ): Promise<{ commandId: string; invokeId: string }>
  /** Runs a kept command. Faults: `command/not-found` and those of `run`. */
  invoke(
    scope: Scope,
    caller: Caller,
    commandId: string,
    request: RunRequest,
    repeat: Repeatable | undefined,
  ): Promise<{ invokeId: string }>
  /**
   * Stops an invocation, on some instances only when they are named. A finished one is left as it is.
   * Faults: `invocation/not-found`, `invocation/instance-not-found`.
   */
  stop(scope: Scope, caller: Caller, invokeId: string, instanceIds: readonly string[] | undefined): Promise<void>
  /**
   * Changes what an invocation that repeats, or waits for a start of its hosts, will run or when. What runs keeps what it runs.
   * Faults: `invocation/not-found`, `invocation/not-repeating`, `invocation/over`, `invocation/agent-too-old`, `invocation/agent-keeps-scripts`,
   * `invocation/too-many-instances`, `instance/*`, `frequency/not-possible`, `parameters/*`, `command-parameter/*`,
   * `command/content-too-long`, `command/quota-exceeded`, `idempotency/*`.
   * @returns the command that it has then: another one for another script
   */
  modify(
    scope: Scope,
    invokeId: string,
    change: InvocationChange,
    repeat: Repeatable | undefined,
  ): Promise<{ commandId: string }>
  /** Newest first, each with its tasks. */
  list(scope: Scope, filter: InvocationFilter, page: PageRequest): Promise<Page<Invocation>>
  /** Tasks, newest invocation first, with their output. */
  results(scope: Scope, filter: ResultFilter, page: PageRequest): Promise<Page<TaskResult>>
}
