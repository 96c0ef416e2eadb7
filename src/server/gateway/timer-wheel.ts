/** An entry that waits in a wheel. */
export interface Due<T> {
  readonly item: T
  /** Slot it waits in, for `cancel`; the turn it is due at, for comparing. */
  readonly dueTick: number
}

/**
 * Many deadlines on one timer, exact to a tick. Whoever owns it calls `advance` once per tick.
 * Setting and cancelling cost the same however many wait.
 */
export class TimerWheel<T> {
  readonly #slots: Set<Due<T>>[]
  #tick = 0

  /** @param ticks the farthest deadline that can be set */
  constructor(ticks: number) {
    this.#slots = Array.from({ length: ticks + 1 }, () => new Set())
  }

  get tick(): number {
    return this.#tick
  }

  /** @returns what `cancel` takes */
  set(inTicks: number, item: T): Due<T> {
    const dueTick = this.#tick + Math.min(Math.max(Math.trunc(inTicks) || 1, 1), this.#slots.length - 1)
    const due = { item, dueTick }
    this.#slot(dueTick).add(due)
    return due
  }

  cancel(due: Due<T>): void {
    this.#slot(due.dueTick).delete(due)
  }

  /** One tick later. @returns what is due now */
  advance(): T[] {
    this.#tick += 1
    const slot = this.#slot(this.#tick)
    if (slot.size === 0) return []
    const items = [...slot].map(({ item }) => item)
    slot.clear()
    return items
  }

  #slot(tick: number): Set<Due<T>> {
    const slot = this.#slots[tick % this.#slots.length]
    if (slot === undefined) throw new RangeError('A wheel has at least one slot.')
    return slot
  }
}
