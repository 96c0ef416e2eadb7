import type { Caller } from './call.js'
import type { CounterBoard } from './counters.js'
import type { Endpoint } from './endpoint.js'
import type { OutcomeOptions } from './outcome.js'
import type { TimerWheel } from './timer-wheel.js'

/** How agents come back to a server that they lost. */
export type Reconnect =
  /** After six seconds once, then not before the next half hour (agent-protocol.md §5.1). */
  | 'vendor'
  /** As the agent of OpenAssist: after up to a second, then up to 2, 4, … 30 s, until it is there. */
  | 'eager'

/** What all agents of a fleet share. */
export interface Room {
  readonly endpoint: Endpoint
  readonly caller: Caller
  readonly wheel: TimerWheel
  readonly board: CounterBoard
  readonly outcomes: OutcomeOptions
  readonly reconnect: Reconnect
  /** false: only the first heartbeat is sent. */
  readonly isBeating: boolean
  /** Resolves at once, or when results are no longer held back. */
  readonly letGo: () => Promise<void> | undefined
  readonly isStopped: () => boolean
}

export const pause = (room: Room, ms: number): Promise<void> =>
  new Promise((resolve) => {
    room.wheel.after(ms, resolve)
  })
