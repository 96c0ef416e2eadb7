// One timer for any number of deadlines: a ring of slots, each with what is due in it. Deadlines are met to within one
// slot. For heartbeats and simulated work of thousands of agents.

const SLOT_MS = 50
const SLOTS = 2_048

export interface TimerWheel {
  /** Runs an act once, after about so long. Longer than a turn of the wheel is fine. */
  after(ms: number, act: () => void): void
  /** Nothing runs any more. */
  stop(): void
}

export const startTimerWheel = (): TimerWheel => {
  const slots: { turns: number; act: () => void }[][] = Array.from({ length: SLOTS }, () => [])
  const begun = performance.now()
  let at = 0

  const turn = (): void => {
    const due = Math.floor((performance.now() - begun) / SLOT_MS)
    // A process that was held up catches up slot by slot.
    for (; at < due; at++) {
      const index = (at + 1) % SLOTS
      const entries = slots[index] ?? []
      slots[index] = []
      for (const entry of entries) {
        if (entry.turns > 0) slots[index]?.push({ turns: entry.turns - 1, act: entry.act })
        else entry.act()
      }
    }
  }
  const timer = setInterval(turn, SLOT_MS)

  return {
    after(ms, act) {
      const steps = Math.max(1, Math.round((performance.now() - begun + ms) / SLOT_MS) - at)
      slots[(at + steps) % SLOTS]?.push({ turns: Math.floor((steps - 1) / SLOTS), act })
    },
    stop() {
      clearInterval(timer)
      for (const slot of slots) slot.length = 0
    },
  }
}
