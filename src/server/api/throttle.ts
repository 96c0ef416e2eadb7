/** How often one key may call one action. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  filledAt: number
}

/** A client that waits longer has given up. */
const MAX_WAIT_MS = 3_600_000

/** Token buckets, made when first asked for; the oldest goes when there are too many. */
export const createThrottle = (rate: Rate, capacity = 10_000) => {
  const buckets = new Map<string, Bucket>()
  const add = (key: string, now: number): Bucket => {
    if (buckets.size >= capacity) {
      const oldest = buckets.keys().next()
      if (oldest.done !== true) buckets.delete(oldest.value)
    }
    const bucket = { tokens: rate.burst, filledAt: now }
    buckets.set(key, bucket)
    return bucket
  }
  return {
    /** @returns 0 when the call may go on, else milliseconds until it may */
    take(key: string, now: number): number {
      const bucket = buckets.get(key) ?? add(key, now)
      // A clock that was set back fills nothing.
      const elapsed = Math.max(0, now - bucket.filledAt)
      bucket.tokens = Math.min(rate.burst, bucket.tokens + (elapsed * rate.perSecond) / 1_000)
      bucket.filledAt = now
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1
        return 0
      }
      return Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(((1 - bucket.tokens) * 1_000) / rate.perSecond)))
    },
  }
}

export type Throttle = ReturnType<typeof createThrottle>
