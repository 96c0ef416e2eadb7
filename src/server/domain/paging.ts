/** Which part of a list is wanted. A cursor is the domain's own text; making it opaque is the wire's business. */
export type PageRequest =
  | { readonly style: 'number'; readonly number: number; readonly size: number }
  | { readonly style: 'token'; readonly cursor: string | undefined; readonly size: number }

/** What one answer holds at most besides its rows (design D13). One row is answered whatever it holds. */
export interface AnswerBounds {
  /** Tasks within the invocations of a page: the vendor's largest page has 50 of 100 tasks. */
  readonly tasks: number
  readonly outputBytes: number
}

export const DEFAULT_ANSWER_BOUNDS: AnswerBounds = { tasks: 10_000, outputBytes: 64 * 1024 * 1024 }

/** One page of a list, with the size of the whole filtered list. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly totalCount: number
  /** Where the next page begins; absent on the last page. */
  readonly nextCursor?: string | undefined
}
