import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag, TagFilter } from '../tags.js'

export type OsType = 'Linux' | 'Windows' | 'FreeBSD'

/** How an instance's agent is doing. Times are milliseconds since 1970. */
export interface AgentStatus {
  readonly instanceId: string
  readonly osType: OsType
  /** Something verified was heard from it in the last 120 s (design §6). */
  readonly online: boolean
  /** `''` when no agent ever spoke. */
  readonly agentVersion: string
  readonly activeTaskCount: number
  readonly invocationCount: number
  readonly lastInvokedAt?: number | undefined
  readonly lastHeartbeatAt?: number | undefined
  /** Absent when no agent ever spoke. */
  readonly supportsSessions?: boolean | undefined
}

export interface ManagedInstance {
  readonly instanceId: string
  readonly instanceName: string
  readonly hostname: string
  readonly osType: OsType
  readonly osVersion: string
  readonly agentVersion: string
  readonly machineId: string
  readonly activationId: string
  readonly intranetIp: string
  readonly internetIp: string
  readonly online: boolean
  readonly invocationCount: number
  readonly lastInvokedAt?: number | undefined
  readonly registeredAt: number
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
}

/** What a fleet honestly knows of a host (api.md §13, fields marked `fleet`). */
export interface InventoryInstance extends ManagedInstance {
  readonly regionId: string
  readonly description: string
  /** `Running` while the agent is online, else `Stopped`. */
  readonly status: 'Running' | 'Stopped'
  /** When the host booted, from its heartbeats; absent when unknown. */
  readonly startedAt?: number | undefined
}

export interface AgentStatusFilter {
  readonly instanceIds?: readonly string[] | undefined
  readonly osType?: OsType | undefined
}

export interface ManagedInstanceFilter {
  readonly instanceIds?: readonly string[] | undefined
  /** `*` matches any run of characters. */
  readonly instanceName?: string | undefined
  /** Private or public address. */
  readonly ip?: string | undefined
  readonly osType?: OsType | undefined
  readonly activationId?: string | undefined
  readonly machineId?: string | undefined
  readonly online?: boolean | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

export interface InventoryFilter {
  readonly instanceIds?: readonly string[] | undefined
  readonly instanceName?: string | undefined
  readonly status?: 'Running' | 'Stopped' | 'Pending' | 'Starting' | 'Stopping' | undefined
  readonly privateIps?: readonly string[] | undefined
  readonly publicIps?: readonly string[] | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

/** What can be asked about the fleet. */
export interface Instances {
  /**
   * With `instanceIds` every one is answered (paging is ignored) and an unknown one is the fault `instance/not-found`;
   * without, all of the scope in a stable order. Design §6.
   */
  agentStatus(scope: Scope, filter: AgentStatusFilter, page: PageRequest): Promise<Page<AgentStatus>>
  /** Registered instances (`mi-`); unknown ids are simply absent. */
  managed(scope: Scope, filter: ManagedInstanceFilter, page: PageRequest): Promise<Page<ManagedInstance>>
  /** Every instance, registered or imported; unknown ids are simply absent. */
  inventory(scope: Scope, filter: InventoryFilter, page: PageRequest): Promise<Page<InventoryInstance>>
}
