/** Lets loops wait for a time, or until somebody has news. */
export interface Bell {
  /** Resolves after so long, at the next `ring`, or at once when the bell is closed. Never rejects. */
  wait(ms: number): Promise<void>
  /** Ends all waits that are under way. */
  ring(): void
  /** Ends all waits, and every later one at once. */
  close(): void
  readonly closed: boolean
}

export const createBell = (): Bell => {
  const waiting = new Set<() => void>()
  let closed = false
  const ring = (): void => {
    for (const end of waiting) end()
  }
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        if (closed) {
          resolve()
          return
        }
        const end = (): void => {
          clearTimeout(timer)
          waiting.delete(end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        waiting.add(end)
      }),
    ring,
    close() {
      closed = true
      ring()
    },
    get closed() {
      return closed
    },
  }
}

/** A promise that is resolved from outside. */
export const createGate = (): { readonly passed: Promise<void>; readonly open: () => void } => {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}
