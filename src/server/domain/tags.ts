export interface Tag {
  readonly key: string
  readonly value: string
}

/** All given filters must match; without a value any value does (api.md §2.3). */
export interface TagFilter {
  readonly key: string
  readonly value?: string | undefined
}

/** What carries tags. An invocation is one of a command or of a file; an instance is any host. */
export const TAGGED_RESOURCES = ['instance', 'command', 'invocation', 'activation'] as const

export type TaggedResource = (typeof TAGGED_RESOURCES)[number]
