import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag, TagFilter, TaggedResource } from '../tags.js'

/** One tag of one resource. */
export interface ResourceTag extends Tag {
  readonly resourceId: string
}

/**
 * A pattern for keys, or a key and patterns for its values of which one must match. A pattern may begin and end with `*`
 * (the vendor's own client says so).
 */
export interface TagPattern {
  readonly key: string
  /** Absent: any value; then `key` may be a pattern. */
  readonly values?: readonly string[] | undefined
}

/** What all must hold for a resource to be listed. */
export interface ResourceTagFilter {
  readonly resourceIds?: readonly string[] | undefined
  readonly tags?: readonly TagFilter[] | undefined
  readonly patterns?: readonly TagPattern[] | undefined
}

/** A resource and the resource group that it is in. */
export interface GroupedResource {
  readonly resourceId: string
  readonly resourceGroupId: string
}

export interface TagPairFilter {
  /** Absent: of any kind. */
  readonly kinds?: readonly TaggedResource[] | undefined
  readonly resourceId?: string | undefined
  /** One of these; all pairs when absent. */
  readonly tags?: readonly TagFilter[] | undefined
}

/** A key with a value, and how many instances carry it. */
export interface TagPair extends Tag {
  readonly instances: number
}

/** Rows in id order, and where the next ones begin. */
export interface Rows<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string | undefined
}

/** `kind` undefined: one that this server has none of. */
export interface Tagging {
  /**
   * Puts tags on resources, all or none; a key that is there gets the new value.
   * Faults: `resource/not-found`, `tag/too-many`, `tag/key-differs-in-case`.
   */
  tag(
    scope: Scope,
    kind: TaggedResource | undefined,
    resourceIds: readonly string[],
    tags: readonly Tag[],
  ): Promise<void>
  /** Takes tags off; keys that are not there are no fault. Without keys: all. Faults: `resource/not-found`. */
  untag(
    scope: Scope,
    kind: TaggedResource | undefined,
    resourceIds: readonly string[],
    keys: readonly string[] | undefined,
  ): Promise<void>
  /** Every tag of the resources that match, in the order of their ids. Faults: `resource/not-found`. */
  list(
    scope: Scope,
    kind: TaggedResource | undefined,
    filter: ResourceTagFilter,
    cursor: string | undefined,
  ): Promise<Rows<ResourceTag>>
  /** Resources in a resource group, or in any but the default one. Faults: `resource/not-found`. */
  listGroups(
    scope: Scope,
    kind: TaggedResource | undefined,
    filter: Pick<ResourceTagFilter, 'resourceIds'> & { readonly resourceGroupId?: string | undefined },
    cursor: string | undefined,
  ): Promise<Rows<GroupedResource>>
  /** The different tags that are in use, in the order of their keys. */
  pairs(scope: Scope, filter: TagPairFilter, page: PageRequest & { style: 'number' }): Promise<Page<TagPair>>
}
