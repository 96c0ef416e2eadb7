import type { Scope } from '../access/scope.js'
import type { Tag, TagFilter, TaggedResource } from '../tags.js'
import type { GroupedResource, ResourceTag, ResourceTagFilter } from './tagging.js'

export interface TagReader {
  /** Which of these exist. In a transaction they stay, and nobody else changes their tags, until it ends. */
  existing(scope: Scope, kind: TaggedResource, resourceIds: readonly string[]): Promise<ReadonlySet<string>>
  /** Tags by resource; those without are absent. */
  of(kind: TaggedResource, resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Tag[]>>
  /** In the order of ids and keys, behind `after`; of what callers may see. */
  list(
    scope: Scope,
    kind: TaggedResource,
    filter: ResourceTagFilter,
    after: { readonly resourceId: string; readonly key: string } | undefined,
    limit: number,
  ): Promise<readonly ResourceTag[]>
  /** Not in the default resource group, in the order of ids, behind `after`. */
  groups(
    scope: Scope,
    kind: TaggedResource,
    filter: Pick<ResourceTagFilter, 'resourceIds'> & { readonly resourceGroupId?: string | undefined },
    after: string,
    limit: number,
  ): Promise<readonly GroupedResource[]>
  /**
   * Different tags of a kind of resource, in the order of the bytes of key and value: some of those behind `after`, or none
   * where there are no more.
   */
  pairsAfter(
    scope: Scope,
    kind: TaggedResource,
    filter: TagFilter | undefined,
    after: Tag | undefined,
  ): Promise<readonly Tag[]>
  countInstances(scope: Scope, tag: Tag): Promise<number>
}

export interface TagStore extends TagReader {
  /** A key that is there gets the new value. */
  put(scope: Scope, kind: TaggedResource, resourceIds: readonly string[], tags: readonly Tag[]): Promise<void>
  /** Without keys: all. */
  remove(kind: TaggedResource, resourceIds: readonly string[], keys: readonly string[] | undefined): Promise<void>
}
