import { type Due, TimerWheel } from './timer-wheel.js'

// When hosts are told to look for work (design D4). A kick can be dropped silently and agents never poll, so it is
// repeated while a task still waits to be asked for:
//
//   idle ──want──► queued ──sent──► waiting ──fetch comes──► idle
//                     ▲                │ 2, 5, 10, 20, 40 s after the first kick
//                     │                ▼
//                     └─ work left ─ checking ── none left, or the last time ──► idle
//
// No second kick is sent while one waits for its fetch. A closed socket ends in idle from everywhere.

/** When an unanswered kick is repeated, in seconds after the first one. */
export const REPEATS_AFTER_SECONDS = [2, 5, 10, 20, 40] as const

export const TICK_MS = 250

const TICKS_PER_SECOND = 1_000 / TICK_MS

// Every kick brings a fetch and two reports back at once, so a large invocation is let out at the pace at which those are
// served: what is ready at the same time is served in one turn of the event loop, and everybody else waits for it.

/** Kicks that are written in one turn of the event loop: encrypting each takes some 20 µs. */
const MOST_PER_TURN = 64

const LEAST_PER_TURN = 4

/** Turns longer than this halve the kicks of the next one; shorter ones allow one more. */
const TURN_GOAL_MS = 8

/** Kicks that may wait for their fetches. */
const MOST_AWAITED = 256

/** A fetch that has not come after this time is not waited for: the socket may be dead, and others have work too. */
const AWAITED_TICKS = TICKS_PER_SECOND

interface Wanted {
  readonly instanceId: string
  /** Tick that the repeats count from. */
  since: number
  due: Due<Wanted> | undefined
  /** Among those whose fetch is waited for before others are kicked. */
  isAwaited: boolean
}

export interface KickPorts {
  /** Writes a kick on the host's socket. @returns false when there is none */
  readonly send: (instanceId: string) => boolean
  readonly hasWork: (instanceId: string) => Promise<boolean>
  readonly failed: (error: unknown) => void
  /** Runs in a later turn of the event loop. */
  readonly later: (run: () => void) => void
  /** Milliseconds, from any origin. */
  readonly elapsed: () => number
}

export class Kicks {
  readonly #ports: KickPorts
  readonly #wanted = new Map<string, Wanted>()
  readonly #wheel = new TimerWheel<Wanted>((REPEATS_AFTER_SECONDS.at(-1) ?? 0) * TICKS_PER_SECOND)
  /** To be sent; at most one entry per host. */
  readonly #queue: Wanted[] = []
  #draining = false
  /** When the last turn of a row of turns began to write. */
  #turnBegan: number | undefined
  #perTurn = MOST_PER_TURN
  #awaited = 0
  /** Those kicked in each of the last ticks. */
  readonly #kickedIn: Wanted[][] = Array.from({ length: AWAITED_TICKS + 1 }, () => [])

  constructor(ports: KickPorts) {
    this.#ports = ports
  }

  /** Hosts that were kicked or will be, and have not fetched yet. */
  get waiting(): number {
    return this.#wanted.size
  }

  /** A connected host has work. While a kick of it waits, its next repeat only comes sooner. */
  want(instanceId: string): void {
    const waiting = this.#wanted.get(instanceId)
    if (waiting === undefined) {
      const wanted: Wanted = { instanceId, since: this.#wheel.tick, due: undefined, isAwaited: false }
      this.#wanted.set(instanceId, wanted)
      this.#enqueue(wanted)
      return
    }
    if (waiting.due === undefined) return
    const soon = this.#wheel.tick + REPEATS_AFTER_SECONDS[0] * TICKS_PER_SECOND
    waiting.since = this.#wheel.tick
    if (waiting.due.dueTick > soon) this.#schedule(waiting)
  }

  /** A fetch of the host has arrived: what is committed from now on needs a kick of its own. */
  fetched(instanceId: string): void {
    this.#forget(instanceId)
  }

  closed(instanceId: string): void {
    this.#forget(instanceId)
  }

  /** To be called every `TICK_MS`. */
  advance(): void {
    for (const wanted of this.#wheel.advance()) {
      wanted.due = undefined
      void this.#check(wanted)
    }
    for (const wanted of this.#kicked().splice(0)) this.#release(wanted)
  }

  async #check(wanted: Wanted): Promise<void> {
    let work = true
    try {
      work = await this.#ports.hasWork(wanted.instanceId)
    } catch (error) {
      this.#ports.failed(error)
    }
    if (this.#wanted.get(wanted.instanceId) !== wanted) return
    if (work) this.#enqueue(wanted)
    else this.#wanted.delete(wanted.instanceId)
  }

  #enqueue(wanted: Wanted): void {
    this.#queue.push(wanted)
    this.#drainLater()
  }

  #drainLater(): void {
    if (this.#draining || this.#queue.length === 0) return
    this.#draining = true
    this.#ports.later(() => this.#drain())
  }

  #drain(): void {
    this.#draining = false
    this.#keepPace()
    const room = Math.min(this.#perTurn, MOST_AWAITED - this.#awaited)
    for (const wanted of this.#queue.splice(0, room)) {
      if (this.#wanted.get(wanted.instanceId) !== wanted) continue
      if (this.#ports.send(wanted.instanceId)) this.#sent(wanted)
      else this.#wanted.delete(wanted.instanceId)
    }
    if (this.#awaited < MOST_AWAITED) this.#drainLater()
    if (!this.#draining) this.#turnBegan = undefined
  }

  /** Learns from how long the turn since the last kicks took. */
  #keepPace(): void {
    const now = this.#ports.elapsed()
    if (this.#turnBegan !== undefined) {
      const isLong = now - this.#turnBegan > TURN_GOAL_MS
      this.#perTurn = isLong ? Math.max(LEAST_PER_TURN, this.#perTurn >> 1) : Math.min(MOST_PER_TURN, this.#perTurn + 1)
    }
    this.#turnBegan = now
  }

  #sent(wanted: Wanted): void {
    this.#schedule(wanted)
    if (wanted.isAwaited) return
    wanted.isAwaited = true
    this.#awaited += 1
    this.#kicked().push(wanted)
  }

  #kicked(): Wanted[] {
    return this.#kickedIn[this.#wheel.tick % this.#kickedIn.length] ?? []
  }

  #release(wanted: Wanted): void {
    if (!wanted.isAwaited) return
    wanted.isAwaited = false
    this.#awaited -= 1
    this.#drainLater()
  }

  /** The next repeat, or the end of it. */
  #schedule(wanted: Wanted): void {
    if (wanted.due !== undefined) this.#wheel.cancel(wanted.due)
    wanted.due = undefined
    const age = this.#wheel.tick - wanted.since
    const next = REPEATS_AFTER_SECONDS.find((seconds) => seconds * TICKS_PER_SECOND > age)
    if (next === undefined) this.#wanted.delete(wanted.instanceId)
    else wanted.due = this.#wheel.set(next * TICKS_PER_SECOND - age, wanted)
  }

  #forget(instanceId: string): void {
    const wanted = this.#wanted.get(instanceId)
    if (wanted === undefined) return
    if (wanted.due !== undefined) this.#wheel.cancel(wanted.due)
    this.#wanted.delete(instanceId)
    this.#release(wanted)
  }
}
