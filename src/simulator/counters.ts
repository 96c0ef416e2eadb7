/** What a simulated fleet did and is. */
export interface Counters {
  /** Agents with an identity. */
  registered: number
  /** Notify sockets that are open now. */
  connected: number
  /** Notify sockets that were lost so far. */
  disconnects: number
  /** Handshakes of notify sockets that failed so far. */
  refusedConnects: number
  /** Heartbeats that were answered. */
  beats: number
  failedBeats: number
  /** Startup fetches that were answered. */
  started: number
  kicks: number
  /** Tasks that fetches brought, known ones too. */
  fetched: number
  /** Tasks at work now. */
  running: number
  /** Final reports that the server took. */
  finished: number
  /** Final reports and increments that were given up, as the vendor's agent gives them up. */
  lost: number
}

export interface CounterBoard {
  readonly counters: Counters
  add(name: keyof Counters, amount?: number): void
  /** Resolves when the condition holds; rejects with the counters when it does not within the time. */
  until(condition: (counters: Readonly<Counters>) => boolean, mostMs: number): Promise<void>
  /** Rejects what still waits. */
  close(): void
}

export const createCounterBoard = (): CounterBoard => {
  const counters: Counters = {
    registered: 0,
    connected: 0,
    disconnects: 0,
    refusedConnects: 0,
    beats: 0,
    failedBeats: 0,
    started: 0,
    kicks: 0,
    fetched: 0,
    running: 0,
    finished: 0,
    lost: 0,
  }
  const waiting = new Set<{ look: () => boolean; fail: (reason: string) => void }>()
  let isLookDue = false

  const look = (): void => {
    isLookDue = false
    for (const entry of waiting) if (entry.look()) waiting.delete(entry)
  }

  return {
    counters,
    add(name, amount = 1) {
      counters[name] += amount
      if (isLookDue || waiting.size === 0) return
      isLookDue = true
      setImmediate(look)
    },
    until: (condition, mostMs) =>
      new Promise((resolve, reject) => {
        if (condition(counters)) {
          resolve()
          return
        }
        const fail = (reason: string): void => {
          clearTimeout(timer)
          waiting.delete(entry)
          reject(new Error(`${reason}: ${JSON.stringify(counters)}`))
        }
        const entry = {
          look: () => {
            const isSo = condition(counters)
            if (isSo) {
              clearTimeout(timer)
              resolve()
            }
            return isSo
          },
          fail,
        }
        const timer = setTimeout(() => fail(`the fleet is not so within ${mostMs} ms`), mostMs)
        waiting.add(entry)
      }),
    close() {
      for (const entry of waiting) entry.fail('the simulator was stopped')
    },
  }
}
