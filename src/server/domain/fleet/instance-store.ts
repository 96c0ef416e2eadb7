import type { Scope } from '../access/scope.js'
import type { PageRequest } from '../paging.js'
import type { Tag } from '../tags.js'
import type { HostKey } from './agents.js'
import type { InventoryFilter, ManagedInstanceFilter, OsType } from './instances.js'

/** What a status page reads of an instance: one narrow row. */
export interface StatusRow {
  readonly instanceId: string
  readonly osType: OsType
  readonly agentVersion: string
  readonly invocationCount: number
  readonly activeTaskCount: number
  readonly lastInvokedAt: number | undefined
}

/** What a command needs to know of its target. */
export interface TargetRow {
  readonly instanceId: string
  readonly osType: OsType
  readonly agentVersion: string
  readonly instanceName: string
  readonly resourceGroupId: string
}

export interface InstanceRow extends StatusRow {
  readonly accountId: string
  readonly regionId: string
  readonly instanceName: string
  readonly hostname: string
  readonly description: string
  readonly osVersion: string
  readonly machineId: string
  readonly activationId: string
  readonly intranetIp: string
  readonly internetIp: string
  readonly resourceGroupId: string
  readonly registeredAt: number
  readonly bootedAt: number | undefined
}

export interface NewInstance {
  readonly scope: Scope
  readonly instanceId: string
  readonly osType: OsType
  readonly agentVersion: string
  readonly instanceName: string
  readonly hostname: string
  readonly osVersion: string
  readonly machineId: string
  readonly publicKey: string
  readonly activationId: string
  readonly intranetIp: string
  readonly internetIp: string
  readonly resourceGroupId: string
  readonly registeredAt: number
  readonly tags: readonly Tag[]
}

/** A filter as the database applies it: without what only presence knows. */
export type InstanceListFilter = Omit<ManagedInstanceFilter, 'online'> &
  Omit<InventoryFilter, 'status'> & { readonly managedOnly: boolean }

export interface InstanceReader {
  /** One page in id order, with where the next one begins, and the size of the list. */
  statusPage(
    scope: Scope,
    osType: OsType | undefined,
    page: PageRequest,
  ): Promise<{ rows: readonly StatusRow[]; totalCount: number; nextCursor: string | undefined }>
  /** In the order of the ids; unknown ones are absent. */
  statusOf(scope: Scope, instanceIds: readonly string[]): Promise<readonly StatusRow[]>
  targets(scope: Scope, instanceIds: readonly string[]): Promise<readonly TargetRow[]>
  /** Ids of instances that carry all tags, in id order, at most `limit`. */
  withTags(
    scope: Scope,
    tags: readonly { key: string; value?: string | undefined }[],
    limit: number,
  ): Promise<readonly string[]>
  /** Instances that match, in id order, from after `after`; at most `limit`, behind the first `skip`. */
  list(
    scope: Scope,
    filter: InstanceListFilter,
    after: string | undefined,
    limit: number,
    skip?: number,
  ): Promise<readonly InstanceRow[]>
  countList(scope: Scope, filter: InstanceListFilter): Promise<number>
  tagsOf(instanceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Tag[]>>
  findHostKey(instanceId: string): Promise<HostKey | undefined>
  scopeOf(instanceId: string): Promise<Scope | undefined>
}

export interface InstanceStore extends InstanceReader {
  add(instance: NewInstance): Promise<void>
  /**
   * Removes a registration with its counters and tags.
   * @returns false when it was not there, or another transaction removed it
   */
  remove(instanceId: string): Promise<boolean>
  /** What a heartbeat tells of the host, when it differs from what is kept. */
  describe(
    instanceId: string,
    told: {
      agentVersion: string
      osType: OsType
      osVersion?: string | undefined
      bootedAt?: number | undefined
      now: number
    },
  ): Promise<void>
  /** Counts new tasks: InvocationCount and LastInvokedTime. */
  countInvocation(scope: Scope, instanceIds: readonly string[], now: number): Promise<void>
  /** Takes back `countInvocation` for tasks that never became visible. */
  uncountInvocation(scope: Scope, instanceIds: readonly string[]): Promise<void>
  /** Changes ActiveTaskCount. */
  addActiveTasks(scope: Scope, instanceId: string, amount: number): Promise<void>
  /** Registered before `before`, never beat since: their registration answer was lost. */
  findUnproven(before: number, limit: number): Promise<readonly string[]>
}
