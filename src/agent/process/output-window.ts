import { completeLength, strayPrefix } from './utf8-boundary.js'

// What is kept of a task's output, however much it writes (agent-protocol.md §4.5):
//
//   |<- sent, in increments ->|<------ dropped ------>|<- tail, in the final report ->|
//
// Increments carry the first bytes, until as many went out as the quota lets go; the vendor's agent stops at 6,000. The
// final report carries the newest bytes that the quota leaves room for; what lies between is counted as dropped. So two
// pieces are enough: what of the beginning is still to be sent, and a ring of the newest bytes.

/** Most bytes of one increment; of a small quota it is less, since one that no server acknowledges may be lost. */
export const INCREMENT_LIMIT = 65_536
const LEAST_INCREMENT = 2_048
/** Of the quota, what is left for the tail at least: how a script ended is what is looked for first. */
const LEAST_TAIL = 6_000
/** Also the default, and the least that a server can ask for. */
export const LEAST_QUOTA = 12_000
/** More is never kept, whatever a server asks for. */
export const MOST_QUOTA = 16 * 1024 * 1024

export interface FinalOutput {
  readonly output: Uint8Array
  readonly dropped: number
}

export interface OutputWindow {
  write(bytes: Uint8Array): void
  /** The next increment, maybe empty; it stays the next one until it was `sent`. */
  increment(): Uint8Array
  /** So many bytes of the increment went out. */
  sent(length: number): void
  /** What the final report carries. */
  final(): FinalOutput
}

/** How much of a quota goes out in increments. */
export const liveShare = (quota: number): number => quota - Math.max(LEAST_TAIL, quota >> 2)

/** Most bytes of one increment, for so much that goes out in increments. */
export const incrementOf = (live: number): number => Math.min(INCREMENT_LIMIT, Math.max(LEAST_INCREMENT, live >> 3))

export const createOutputWindow = (logQuota: number): OutputWindow => {
  const quota = Math.min(Math.max(Math.trunc(logQuota), LEAST_QUOTA), MOST_QUOTA)
  /** All that goes out in increments. */
  const live = liveShare(quota)
  const most = incrementOf(live)
  /** The bytes from `sent` on, as far as they go out in increments; the first `begun` of it are written. */
  let beginning = Buffer.alloc(0)
  let begun = 0
  let ring = Buffer.allocUnsafe(LEAST_QUOTA)
  let total = 0
  let sent = 0

  const begin = (bytes: Uint8Array): void => {
    const needed = begun + bytes.length
    if (needed > beginning.length) {
      const larger = Buffer.allocUnsafe(Math.min(live, Math.max(needed, beginning.length * 2)))
      beginning.copy(larger, 0, 0, begun)
      beginning = larger
    }
    beginning.set(bytes, begun)
    begun = needed
  }

  const grow = (needed: number): void => {
    if (needed <= ring.length || ring.length === quota) return
    const larger = Buffer.allocUnsafe(Math.min(quota, Math.max(needed, ring.length * 2)))
    // Only a ring that never wrapped grows: all of its bytes lie in order from 0.
    ring.copy(larger, 0, 0, total)
    ring = larger
  }

  const newest = (length: number): Buffer => {
    const from = (total - length) % ring.length
    const first = Math.min(length, ring.length - from)
    return Buffer.concat([ring.subarray(from, from + first), ring.subarray(0, length - first)])
  }

  return {
    write(bytes) {
      begin(bytes.subarray(0, Math.max(0, live - sent - begun)))
      grow(total + bytes.length)
      const skipped = Math.max(0, bytes.length - ring.length)
      for (let at = skipped; at < bytes.length; ) {
        const to = (total + at) % ring.length
        const length = Math.min(bytes.length - at, ring.length - to)
        ring.set(bytes.subarray(at, at + length), to)
        at += length
      }
      total += bytes.length
    },
    increment() {
      const next = beginning.subarray(0, Math.min(begun, most))
      return Buffer.from(next.subarray(0, completeLength(next)))
    },
    sent(length) {
      sent += length
      begun -= length
      if (begun === 0) beginning = Buffer.alloc(0)
      else beginning.copyWithin(0, length, length + begun)
    },
    final() {
      const room = Math.min(total - sent, Math.max(0, quota - sent))
      const tail = newest(room)
      const isCut = room < total - sent
      const output = isCut ? tail.subarray(strayPrefix(tail)) : tail
      return { output, dropped: total - sent - output.length }
    },
  }
}
