import type { RolloutPlan, RolloutRequest } from './rollouts.js'

/** `5` → 5, `10%` of 95 → 10: rounded up, at least 1, at most all. */
const shareOf = (share: string, total: number): number => {
  const amount = share.endsWith('%') ? Math.ceil((total * Number(share.slice(0, -1))) / 100) : Number(share)
  return Math.min(Math.max(1, amount), total)
}

/**
 * What was asked for in numbers, made once, when it is submitted.
 * @param total hosts
 * @param now in milliseconds of the epoch
 */
export const planOf = (request: RolloutRequest, total: number, now: number): RolloutPlan => {
  const { maxConcurrency, stopAfterFailures, waves = [], pauseBetweenWaves, offlineTimeoutSeconds } = request
  const waveEnds: number[] = []
  for (const wave of waves) {
    const end = Math.min(total, (waveEnds.at(-1) ?? 0) + shareOf(wave, total))
    if (end > (waveEnds.at(-1) ?? 0)) waveEnds.push(end)
  }
  if (waveEnds.at(-1) !== total) waveEnds.push(total)
  return {
    total,
    maxConcurrency: maxConcurrency === undefined ? undefined : shareOf(maxConcurrency, total),
    stopAfterFailures: stopAfterFailures === undefined ? undefined : shareOf(stopAfterFailures, total),
    waveEnds,
    pauseBetweenWaves,
    queueUntil: offlineTimeoutSeconds === undefined ? undefined : now + offlineTimeoutSeconds * 1_000,
  }
}

/** Whether hosts get their turn one after the other, and not only when they are there. */
export const isPaced = ({ maxConcurrency, stopAfterFailures, waves, pauseBetweenWaves }: RolloutRequest): boolean =>
  [maxConcurrency, stopAfterFailures, waves, pauseBetweenWaves].some((asked) => asked !== undefined)
