/** What a simulated fleet did and is. */
export interface Counters {
  /** Agents with an identity. */
  registered: number
  /** Agents whose first heartbeat and startup fetch are behind them. */
  ready: number
  /** Notify sockets that are open now. */
  connected: number
  /** Notify sockets that were lost so far. */
  disconnects: number
  /** Dials after a lost socket. */
  redials: number
  /** Redials that brought the socket back. */
  returned: number
  /** Agents that gave up on their socket until the next turn of the vendor's half-hourly timer. */
  silent: number
  /** Heartbeats that were answered. */
  beats: number
  kicks: number
  /** Fetches of tasks that were answered. */
  fetched: number
  /** Tasks that were taken on. */
  taken: number
  /** Tasks whose start was reported. */
  started: number
  /** Tasks at work now, those whose report is on its way included. */
  running: number
  /** Ended tasks whose final report is held back now. */
  held: number
  /** Final reports that the server took. */
  finished: number
  /** Reports that were given up, as the vendor's agent gives them up. */
  lost: number
  /** Requests and handshakes without an answer, or with one that is a failure. */
  errors: number
}

export interface CounterBoard {
  readonly counters: Readonly<Counters>
  /** What went wrong, and how often; the first kinds of it. */
  readonly reasons: ReadonlyMap<string, number>
  add(name: keyof Counters, amount?: number): void
  /** Counts an error by its kind. */
  fail(reason: string): void
  /** Resolves when the condition holds; rejects with the counters when it does not within the time. */
  readonly until: (condition: (counters: Readonly<Counters>) => boolean, mostMs: number) => Promise<void>
  /** Rejects what still waits. */
  close(): void
}

const MOST_REASONS = 50

export const createCounterBoard = (): CounterBoard => {
  const counters: Counters = {
    registered: 0,
    ready: 0,
    connected: 0,
    disconnects: 0,
    redials: 0,
    returned: 0,
    silent: 0,
    beats: 0,
    kicks: 0,
    fetched: 0,
    taken: 0,
    started: 0,
    running: 0,
    held: 0,
    finished: 0,
    lost: 0,
    errors: 0,
  }
  const reasons = new Map<string, number>()
  const waiting = new Set<{ look: () => boolean; fail: (reason: string) => void }>()
  let isLookDue = false
  let isClosed = false

  const look = (): void => {
    isLookDue = false
    for (const entry of waiting) if (entry.look()) waiting.delete(entry)
  }

  const add = (name: keyof Counters, amount = 1): void => {
    counters[name] += amount
    if (isLookDue || waiting.size === 0) return
    isLookDue = true
    setImmediate(look)
  }

  return {
    counters,
    reasons,
    add,
    fail(reason) {
      if (reasons.has(reason) || reasons.size < MOST_REASONS) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      add('errors')
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
          const errors = reasons.size === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(reasons))}`
          reject(new Error(`${reason}: ${JSON.stringify(counters)}${errors}`))
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
        const timer = setTimeout(() => fail(`the fleet is not so within ${mostMs} ms`), Math.min(mostMs, 0x7fffffff))
        waiting.add(entry)
        if (isClosed) fail('the simulator was stopped')
      }),
    close() {
      isClosed = true
      for (const entry of waiting) entry.fail('the simulator was stopped')
    },
  }
}
