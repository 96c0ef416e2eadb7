import { RefusedCall } from './call-failures.js'

/** The server takes fewer hosts in one call: how many is its configuration. Such a call had no effect. */
export const isTooMany = (error: unknown): error is RefusedCall =>
  error instanceof RefusedCall && error.code === 'InstanceIds.ExceedLimit'

/** Hosts for calls that take so many each, or fewer once the server says that it takes fewer. */
export class FittingBatches<T> {
  #waiting: readonly T[]
  #most: number

  constructor(items: readonly T[], most: number) {
    this.#waiting = items
    this.#most = most
  }

  /** The next ones for a call; undefined when none is left. */
  next(): readonly T[] | undefined {
    const batch = this.#waiting.slice(0, this.#most)
    this.#waiting = this.#waiting.slice(this.#most)
    return batch.length === 0 ? undefined : batch
  }

  /** Takes those back that were too many for a call. @returns false when that is not why it failed */
  takeBack(batch: readonly T[], error: unknown): boolean {
    if (!isTooMany(error) || batch.length <= 1) return false
    this.#most = Math.min(this.#most, Math.ceil(batch.length / 2))
    this.#waiting = [...batch, ...this.#waiting]
    return true
  }
}
