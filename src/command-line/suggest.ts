/**
 * The name that was probably meant: the same but for letter case, the only one that begins so, or one that differs in
 * few letters. Undefined when nothing is near.
 */
export const suggest = (given: string, names: readonly string[]): string | undefined => {
  const lower = given.toLowerCase()
  const sameLetters = names.find((name) => name.toLowerCase() === lower)
  if (sameLetters !== undefined) return sameLetters
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(lower, name.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  if (best !== undefined || given.length < 2) return best
  const longer = names.filter((name) => name.toLowerCase().startsWith(lower))
  return longer.length === 1 ? longer[0] : undefined
}

/** ` Did you mean X?`, or nothing. */
export const didYouMean = (given: string, names: readonly string[], show = (name: string) => name): string => {
  const name = suggest(given, names)
  return name === undefined ? '' : ` Did you mean ${show(name)}?`
}

/** Letters to insert, remove, replace or swap with the next; `limit` when at least that many. */
const editDistance = (left: string, right: string, limit: number): number => {
  if (Math.abs(left.length - right.length) >= limit || left.length > 100 || right.length > 100) return limit
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1]
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      next[j] = Math.min(
        (row[j] ?? limit) + 1,
        (next[j - 1] ?? limit) + 1,
        (row[j - 1] ?? limit) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? limit) + 1 : limit,
      )
    }
    before = row
    row = next
  }
  return Math.min(limit, row[right.length] ?? limit)
}
