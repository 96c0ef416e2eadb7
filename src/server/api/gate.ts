/** One call under way. */
export interface Pass {
  /** Takes bytes from what all calls may hold together; false when there is no room. */
  reserve(bytes: number): boolean
  leave(): void
}

/** How many calls are under way, and how much they hold (design D13). */
export const createGate = (maxCalls: number, maxHeldBytes: number) => {
  let calls = 0
  let held = 0
  let closed = false
  let onIdle: (() => void) | undefined
  return {
    /** Undefined when there is no room. */
    enter(): Pass | undefined {
      if (calls >= maxCalls) return undefined
      calls++
      let own = 0
      return {
        reserve(bytes) {
          if (held + bytes > maxHeldBytes) return false
          held += bytes
          own += bytes
          return true
        },
        leave() {
          calls--
          held -= own
          if (calls === 0) onIdle?.()
        },
      }
    },
    isClosed: (): boolean => closed,
    /** Resolves when no call is under way, or the deadline has passed. */
    close(deadlineMs: number): Promise<void> {
      closed = true
      if (calls === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, deadlineMs)
        onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
  }
}
