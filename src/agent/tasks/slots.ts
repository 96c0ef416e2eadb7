/** The place of one task at work. */
export interface Slot {
  release(): void
}

export interface Slots {
  /**
   * Waits for a place, first come first served.
   * @returns undefined when too many wait already, or when `signal` is aborted first
   */
  take(signal: AbortSignal): Promise<Slot | undefined>
  readonly taken: number
}

/** So many at once, and so many more may wait. */
export const createSlots = (atOnce: number, waitingLimit: number): Slots => {
  let taken = 0
  const waiting: ((slot: Slot) => void)[] = []

  const slot = (): Slot => {
    let isReleased = false
    return {
      release() {
        if (isReleased) return
        isReleased = true
        const next = waiting.shift()
        if (next === undefined) taken--
        else next(slot())
      },
    }
  }

  return {
    take: async (signal) => {
      if (signal.aborted) return undefined
      if (taken < atOnce) {
        taken++
        return slot()
      }
      if (waiting.length >= waitingLimit) return undefined
      return new Promise<Slot | undefined>((resolve) => {
        const give = (given: Slot): void => {
          signal.removeEventListener('abort', giveUp)
          resolve(given)
        }
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(give), 1)
          resolve(undefined)
        }
        waiting.push(give)
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
    get taken() {
      return taken
    },
  }
}
