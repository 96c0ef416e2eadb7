export interface Tag {
  readonly key: string
  readonly value: string
}

/** All given filters must match; without a value any value does (api.md §2.3). */
export interface TagFilter {
  readonly key: string
  readonly value?: string | undefined
}
