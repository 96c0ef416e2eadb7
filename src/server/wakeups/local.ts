import type { Wakeups } from './wakeups.js'

/** Wakeups within one node. */
export const localWakeups = (): Wakeups => {
  const listeners = new Set<(instanceIds: readonly string[]) => void>()
  return {
    send(instanceIds) {
      if (instanceIds.length > 0) for (const listener of listeners) listener(instanceIds)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
