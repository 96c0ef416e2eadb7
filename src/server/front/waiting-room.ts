import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { MAX_WAITING_BYTES, START_WAIT_MS } from './limits.js'
import type { Doors } from './peer.js'

// What comes before the doors are open. Agents that lost their server dial once, about six seconds later
// (agent-protocol.md §5.1): a start that takes longer must not refuse them.

/** Waiting requests that are served in one turn of the event loop. */
const PER_TURN = 100

interface Waiter {
  serve(doors: Doors): void
  refuse(): void
}

/** Holds requests until the doors are open, each for a limited time, all within a limited memory. */
export class WaitingRoom {
  #doors: Doors | undefined
  #closed = false
  #bytes = 0
  readonly #waiters = new Set<Waiter>()

  constructor(doors: Doors | Promise<Doors>) {
    if (!(doors instanceof Promise)) this.#doors = doors
    else
      doors.then(
        (opened) => void this.#open(opened),
        () => this.close(),
      )
  }

  /** Undefined while they are closed. */
  get doors(): Doors | undefined {
    return this.#doors
  }

  /**
   * Keeps a request until the doors are open.
   * @param caller emits `close` when its patience ends
   * @param refuse the doors do not open, or not in time, or too much waits already; called at most once, instead of `serve`
   */
  wait(request: IncomingMessage, caller: EventEmitter, serve: (doors: Doors) => void, refuse: () => void): void {
    const bytes = sizeOf(request)
    if (this.#closed || this.#bytes + bytes > MAX_WAITING_BYTES) return refuse()
    this.#bytes += bytes
    const leave = (): boolean => {
      if (!this.#waiters.delete(waiter)) return false
      this.#bytes -= bytes
      clearTimeout(limit)
      caller.off('close', leave)
      return true
    }
    const waiter: Waiter = {
      serve: (doors) => leave() && serve(doors),
      refuse: () => leave() && refuse(),
    }
    const limit = setTimeout(() => waiter.refuse(), START_WAIT_MS)
    caller.once('close', leave)
    this.#waiters.add(waiter)
  }

  /** Refuses what waits, and what would. */
  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.refuse()
  }

  /** In the order in which they came; who comes meanwhile finds the doors open. */
  async #open(doors: Doors): Promise<void> {
    this.#doors = doors
    let served = 0
    for (const waiter of this.#waiters) {
      waiter.serve(doors)
      served += 1
      if (served % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** What a request holds in memory, about: its text, in two bytes a character. */
const sizeOf = ({ url, rawHeaders }: IncomingMessage): number =>
  2 * rawHeaders.reduce((sum, text) => sum + text.length, url?.length ?? 0)
