/** How long to wait before the next attempt. Attempts are counted from 0. */
export type Backoff = (attempt: number) => number

/**
 * Full jitter: anything up to a span that doubles, so that hosts which lost the same server do not come back in step.
 * @param random from 0 up to 1
 */
export const fullJitter =
  (firstMs: number, mostMs: number, random: () => number = Math.random): Backoff =>
  (attempt) =>
    Math.round(random() * Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30)))
