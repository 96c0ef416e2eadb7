export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** @param share 0.5 for the median, 0.99 for the slowest of a hundred */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Pairs of rounds that ran one after the other: the machine's speed swings, so their quotients are what is compared. */
export const medianRatio = (ours: readonly number[], floors: readonly number[]): number =>
  median(ours.map((value, index) => value / (floors[index] ?? Number.NaN)))
