/** Of an even number of values the mean of the two in the middle: the upper one alone would flatter few rounds. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const upper = sorted[Math.floor(half)] ?? Number.NaN
  return Number.isInteger(half) ? ((sorted[half - 1] ?? Number.NaN) + upper) / 2 : upper
}

/** Pairs of rounds that ran one after the other: the machine's speed swings, so their quotients are what is compared. */
export const medianRatio = (ours: readonly number[], floors: readonly number[]): number =>
  median(ours.map((value, index) => value / (floors[index] ?? Number.NaN)))
