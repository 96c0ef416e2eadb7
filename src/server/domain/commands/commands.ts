import type { Repeatable, Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag, TagFilter } from '../tags.js'

export type CommandType = 'RunShellScript' | 'RunPowerShellScript' | 'RunBatScript'

export interface NewCommand {
  readonly name: string
  readonly description: string
  readonly type: CommandType
  /** The script itself, decoded. */
  readonly content: Uint8Array
  readonly enableParameter: boolean
  readonly workingDir: string
  readonly timeoutSeconds: number
  /** The line that starts the script (launcher.ts); '' for none. */
  readonly launcher: string
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
}

export interface Command extends NewCommand {
  readonly commandId: string
  /** Names found in `{{ }}`, in order of first appearance; empty unless parameters are enabled. */
  readonly parameterNames: readonly string[]
  readonly invokeTimes: number
  readonly createdAt: number
  /** Of public commands. */
  readonly publication?: Publication | undefined
}

/** What is told of a command that comes with the product. */
export interface Publication {
  readonly provider: string
  readonly category: string
  readonly version: number
  readonly isLatest: boolean
  readonly definitions: readonly ParameterDefinition[]
}

export interface ParameterDefinition {
  readonly name: string
  readonly description: string
  /** `''` for none. */
  readonly defaultValue: string
  /** Empty: any. */
  readonly possibleValues: readonly string[]
  /** Source of a regular expression that a whole value must match; `''` for none. */
  readonly pattern: string
  readonly required: boolean
}

/** What can be changed of a kept command; what is absent stays (api.md §4.3). */
export interface CommandChange {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly workingDir?: string | undefined
  readonly timeoutSeconds?: number | undefined
  readonly launcher?: string | undefined
}

export interface CommandFilter {
  readonly commandId?: string | undefined
  /** Exact, or with `*` at either end (api.md §4.2). */
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly type?: CommandType | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
  /** Public commands of this provider instead of the caller's own. */
  readonly provider?: string | undefined
  /** Of public commands, the newest versions alone. */
  readonly latest?: boolean | undefined
}

export interface Commands {
  /**
   * Keeps a script. Faults: `command/content-too-long`, `command/launcher-malformed`, `command/quota-exceeded`,
   * `command-parameter/*`, `idempotency/*`.
   */
  create(scope: Scope, command: NewCommand, repeat: Repeatable | undefined): Promise<{ commandId: string }>
  /** The caller's own kept commands, newest first; public ones by name where a provider or one of them is named. */
  list(scope: Scope, filter: CommandFilter, page: PageRequest): Promise<Page<Command>>
  /**
   * Changes what later runs use; invocations keep what they began with. Faults: `command/not-found`, `command/public`,
   * `command/launcher-malformed`.
   */
  modify(scope: Scope, commandId: string, change: CommandChange): Promise<void>
  /** Faults: `command/not-found`, `command/public`, `command/in-use`. */
  delete(scope: Scope, commandId: string): Promise<void>
}
