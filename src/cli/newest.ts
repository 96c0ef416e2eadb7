import type { Output } from '../command-line/terminal.js'
import { count } from './output/count.js'
import { openProgressLine } from './output/progress-line.js'

interface Page {
  readonly total: number
}

/**
 * The newest of a list that answers newest first, with how many there are in all; says on the way how far it is.
 * @param itemsOf those of one page
 * @param what is read, such as `rollouts read`
 */
export const readNewest = async <P extends Page, T>(
  pages: AsyncIterable<P>,
  itemsOf: (page: P) => readonly T[],
  limit: number,
  stderr: Output,
  what: string,
): Promise<{ readonly shown: readonly T[]; readonly total: number }> => {
  using line = openProgressLine(stderr)
  const found: T[] = []
  let total = 0
  for await (const page of pages) {
    total = page.total
    found.push(...itemsOf(page))
    if (found.length >= limit) break
    line.count(found.length, Math.min(total, limit), what)
  }
  return { shown: found.slice(0, limit), total }
}

/** How many are shown, of how many. */
export const newestText = (shown: number, total: number, noun: string): string => {
  if (total === 0) return `no ${noun}s`
  if (shown >= total) return count(total, noun)
  return `the newest ${count(shown, noun)} of ${total.toLocaleString('en-US')}; --limit shows more`
}
