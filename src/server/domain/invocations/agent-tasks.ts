import type { CommandType } from '../commands/commands.js'
import type { Launch } from '../commands/launcher.js'
import type { TerminationMode } from './invocations.js'

// What the agent's door asks of the domain about tasks.

/** A script handed to an agent. */
export interface HandedOutTask {
  readonly taskId: string
  readonly commandId: string
  readonly commandName: string
  readonly type: CommandType
  /** Custom parameters and secrets are filled in already; built-in ones are left to the agent, unless there is a secret. */
  readonly content: Uint8Array
  readonly timeoutSeconds: number
  readonly workingDir: string
  /** What starts the script; absent for its first line, or a shell. Only for an agent that supports it. */
  readonly launch?: Launch | undefined
  /** Absent: as the agent does it. Only for an agent that supports it. */
  readonly terminationMode?: TerminationMode | undefined
  /** `''` for the agent's own user (root or System). */
  readonly username: string
  /** Name under which a Windows host keeps the password of the user; '' for none. */
  readonly windowsPasswordName: string
  /** Where it runs instead of on the host; '' for what was not asked for. */
  readonly containerId: string
  readonly containerName: string
  /** What is not to be told of what it writes, and not to be kept on the host; only for an agent that supports it. */
  readonly secrets?: readonly string[] | undefined
  /** Why it is not sent to the agent that asks. */
  readonly refused?: Refused | undefined
  readonly enableParameter: boolean
  /** Values for `{{ACS::Name}}`, by Name. */
  readonly builtInParameters: ReadonlyMap<string, string>
  readonly createdAt: number
  /** Of its invocation: a host that has another version of a schedule takes this one in its place. */
  readonly version: number
  /** Bytes of output that are kept. */
  readonly outputQuota: number
  readonly repeat: Repeat
}

/** Why a task does not go to a host, in the words in which an agent refuses one (agent-protocol.md §6.7). */
export interface Refused {
  readonly param: string
  readonly why: string
}

/** The kind of a task as an agent knows it, with its schedule (agent-protocol.md §6.5). */
export interface Repeat {
  readonly kind: 'Once' | 'Period' | 'Rate' | 'At' | 'NextRebootOnly' | 'EveryReboot'
  /** `''` for what has no schedule. */
  readonly cron: string
}

export interface HandOut {
  readonly run: readonly HandedOutTask[]
  /** Tasks to be checked without running them. */
  readonly test: readonly HandedOutTask[]
  readonly stop: readonly { readonly taskId: string; readonly version: number; readonly repeat: Repeat }[]
}

/** What an agent says that it can do beyond the vendor's agent, whose wire has no words for it. */
export type AgentFeature = 'launcher' | 'termination-mode' | 'container' | 'secrets'

export interface Fetch {
  readonly reason: 'startup' | 'kickoff'
  readonly coldStart: boolean | undefined
  /** Absent: none, as of the vendor's agent. */
  readonly supports?: ReadonlySet<AgentFeature> | undefined
}

/** What an agent reports about a task. Times are on the server's clock. Output is bytes, cut anywhere. */
export type Report =
  | {
      readonly kind: 'running'
      readonly taskId: string
      readonly run: number
      readonly startedAt: number
      readonly output: Uint8Array
    }
  | (Ended & { readonly kind: 'finish'; readonly exitCode: number })
  | (Ended & { readonly kind: 'timeout' })
  | (Ended & { readonly kind: 'error'; readonly exitCode: number; readonly errCode: string; readonly errDesc: string })
  /** `startedAt` 0 means that the agent does not know the task (design §5). */
  | (Ended & OfVersion & { readonly kind: 'stopped'; readonly result: string })
  | (OfVersion & {
      readonly kind: 'invalid'
      readonly taskId: string
      readonly param: string
      readonly value: string
      /** The host was never sent it. */
      readonly withheld?: true
    })
  | { readonly kind: 'verified'; readonly taskId: string }

/** What may be said of a schedule as a whole names its version; undefined for agents that do not tell. */
interface OfVersion {
  readonly version?: number | undefined
}

interface Ended {
  readonly taskId: string
  /** The start by the host's clock, which names the run. */
  readonly run: number
  readonly startedAt: number
  readonly endedAt: number
  readonly dropped: number
  readonly output: Uint8Array
}

export interface AgentTasks {
  /** Hands out what waits for this host; what it returns is durable (design §5, D5). */
  fetch(instanceId: string, fetch: Fetch): Promise<HandOut>
  /**
   * Takes a report in, durably before it resolves. Idempotent, in any order, late ones too; an unknown task is ignored.
   */
  report(instanceId: string, report: Report): Promise<void>
  /** The agent answered `reject:` to a kick: an update is being installed (design §5). */
  rejected(instanceId: string): void
  /** True while a task waits to be asked for, or a stop to be fetched. */
  hasWork(instanceId: string): Promise<boolean>
}
