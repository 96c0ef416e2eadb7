// What a rollout does next: a function of its row, nothing else (docs/adr/0016-rollouts.md).
import { isEnded, type Rollout } from './rollouts.js'

export type Step =
  /** Nothing waits and nothing is at work. */
  | { readonly kind: 'finish' }
  /** So many failed that no further host is sent to. */
  | { readonly kind: 'halt'; readonly reason: string }
  /** What waits is cancelled, some hosts at a time. */
  | { readonly kind: 'cancel' }
  /** A wave is over, and the next one is not to begin at once; `resumeAt` undefined: somebody has to resume it. */
  | { readonly kind: 'pause'; readonly wave: number; readonly reason: string; readonly resumeAt: number | undefined }
  /** A pause is over by itself. */
  | { readonly kind: 'resume' }
  | { readonly kind: 'next-wave'; readonly wave: number }
  /** Hosts get their turn: so many, of those in front of this place. */
  | { readonly kind: 'release'; readonly free: number; readonly below: number }
  /** Nothing, until something ends or comes back. */
  | { readonly kind: 'rest' }

/** A rollout with what only a look at its tasks tells. */
export interface Standing extends Rollout {
  /** Whether a host of the current wave waits for its turn. */
  readonly waitsInWave: boolean
}

export const nextStep = (rollout: Standing, now: number): Step => {
  const { counts, status, stopAfterFailures, maxConcurrency, wave, waveEnds } = rollout
  const held = counts.waiting + counts.queued
  if (held + counts.active === 0) return { kind: 'finish' }
  if (isEnded(rollout)) return { kind: held > 0 ? 'cancel' : 'rest' }
  if (isEnough(rollout) && held > 0) {
    const hosts = counts.failed === 1 ? '1 host' : `${counts.failed} hosts`
    return { kind: 'halt', reason: `${hosts} failed, and it halts at ${stopAfterFailures}` }
  }
  if (status === 'Paused')
    return { kind: rollout.resumeAt !== undefined && rollout.resumeAt <= now ? 'resume' : 'rest' }
  const free = (maxConcurrency ?? Number.POSITIVE_INFINITY) - counts.active
  if (rollout.waitsInWave)
    return free > 0 ? { kind: 'release', free, below: waveEnds[wave] ?? rollout.total } : { kind: 'rest' }
  if (counts.active > 0 || counts.waiting === 0) return { kind: 'rest' }
  const next = wave + 1
  if (rollout.pauseBetweenWaves === undefined) return { kind: 'next-wave', wave: next }
  const away = counts.queued === 0 ? '' : `, ${counts.queued} away`
  const reason = `wave ${next} of ${waveEnds.length} is over${away}`
  const resumeAt = rollout.pauseBetweenWaves === 0 ? undefined : now + rollout.pauseBetweenWaves * 1_000
  return { kind: 'pause', wave: next, reason, resumeAt }
}

/** How many hosts that came back may be sent to now. */
export const roomForReturned = (rollout: Rollout): number => {
  const { status, maxConcurrency, counts } = rollout
  return status === 'InProgress' && !isEnough(rollout)
    ? Math.max(0, (maxConcurrency ?? Number.POSITIVE_INFINITY) - counts.active)
    : 0
}

/** So many failed that it halts. */
const isEnough = ({ stopAfterFailures, counts }: Rollout): boolean =>
  stopAfterFailures !== undefined && counts.failed >= stopAfterFailures
