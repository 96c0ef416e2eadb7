/** Which part of a list is wanted. A cursor is the domain's own text; making it opaque is the wire's business. */
export type PageRequest =
  | { readonly style: 'number'; readonly number: number; readonly size: number }
  | { readonly style: 'token'; readonly cursor: string | undefined; readonly size: number }

/** One page of a list, with the size of the whole filtered list. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly totalCount: number
  /** Where the next page begins; absent on the last page. */
  readonly nextCursor?: string | undefined
}
