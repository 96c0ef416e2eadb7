import type { Caller, Repeatable, Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { RolloutRequest } from '../rollouts/rollouts.js'
import type { Tag, TagFilter } from '../tags.js'
import type { FileSendStatus } from './file-roll-up.js'
import type { FileStatus } from './file-states.js'

export type ContentType = 'PlainText' | 'Base64'

/** A file that is to be written on hosts. */
export interface NewFile {
  /** A name, never a path. */
  readonly name: string
  readonly description: string
  /** Absolute. */
  readonly targetDir: string
  readonly content: Uint8Array
  /** How the caller wrote the content. */
  readonly contentType: ContentType
  /** These three only where the host is not Windows; `''` for an owner or a group that nobody asked for. */
  readonly owner: string
  readonly group: string
  /** Three or four octal digits. */
  readonly mode: string
  readonly overwrite: boolean
}

export interface SendRequest {
  /** Beside `rerunOf`: those of its hosts that are meant; none for all. */
  readonly instanceIds: readonly string[]
  /** On the instances on which this earlier send failed, and that are still there. */
  readonly rerunOf?: string | undefined
  /** Undefined, as an empty resource group: that of the send that is repeated, else 60. */
  readonly timeoutSeconds: number | undefined
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
  /** How hosts get their turn; absent: all at once, and those that are away never. */
  readonly rollout?: RolloutRequest | undefined
}

/** What became of a file on one instance (api.md §9.2). Times in milliseconds; absent until they happen. */
export interface FileResult {
  readonly instanceId: string
  readonly status: FileStatus
  readonly errorCode: string
  readonly errorInfo: string
  readonly createdAt: number
  /** When the host took it. */
  readonly startedAt?: number | undefined
  readonly finishedAt?: number | undefined
  readonly updatedAt: number
}

export interface FileSend extends NewFile {
  readonly invokeId: string
  readonly status: FileSendStatus
  readonly createdAt: number
  readonly tags: readonly Tag[]
  readonly results: readonly FileResult[]
  /** Instances that it was sent to; `results` holds one of them when one was asked for. */
  readonly instanceCount: number
}

export interface FileSendFilter {
  readonly invokeId?: string | undefined
  readonly name?: string | undefined
  readonly instanceId?: string | undefined
  readonly status?: FileSendStatus | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

export interface Files {
  /**
   * Sends a file to instances, all or none. Faults: `instance/not-found`, `instance/too-many`, `operation/forbidden`,
   * `invocation/not-found`, `rerun/nothing-to-run`, `idempotency/*`.
   */
  send(
    scope: Scope,
    caller: Caller,
    file: NewFile,
    request: SendRequest,
    repeat: Repeatable | undefined,
  ): Promise<{ invokeId: string }>
  /** Newest first, each with what became of it on its instances. */
  results(scope: Scope, filter: FileSendFilter, page: PageRequest): Promise<Page<FileSend>>
}
