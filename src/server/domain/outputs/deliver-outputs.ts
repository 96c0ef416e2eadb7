// Puts outputs into their stores, out of a queue that outlives the process.
import type { Clock } from '../clock.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { DeliveryEnd, DueDelivery } from './delivery-store.js'
import { objectOf, outputUri, parseOutputAddress } from './output-address.js'
import { DeliveryFailure, type OutputStore, type OutputStores } from './output-stores.js'

/** Deliveries under way at a time: each holds one output, 16 MiB at most. */
const PLACES = 8
const FIRST_REST_MS = 2_000
const LONGEST_REST_MS = 10 * 60_000
/** After this time nobody tries any more. */
const GIVE_UP_MS = 24 * 3_600_000
/** For how long a store that failed is left alone by the deliveries that wait for it. */
const STORE_REST_MS = 5_000
/** Deliveries looked at together. */
const WINDOW = 64

interface Parts {
  readonly stores: UnitOfWork
  readonly outputStores: OutputStores
  readonly clock: Clock
  readonly random: () => number
  /** A delivery came to its end. */
  readonly tellEnded: (status: DeliveryEnd['status']) => void
  /** Something of the server's own failed; the delivery is tried again. */
  readonly tellFailure: (at: string, cause: unknown) => void
}

/**
 * The delivery of outputs. Each is read again, put under the same name and written down as done: a server that dies between
 * does it once more, and nothing is different for that. Some are under way at a time, and nobody waits for them.
 */
export class OutputDeliveries {
  readonly #parts: Parts
  readonly #underWay = new Map<string, Promise<void>>()
  /** Until when a store is left alone. */
  readonly #resting = new Map<OutputStore, number>()
  /** Deliveries that ended since the look at the queue began: what that finds of them is old. */
  readonly #ended = new Set<string>()
  #looking: Promise<void> | undefined
  #again = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Begins what is due, as far as there are places; what ends makes place for the next. */
  async sweep(signal: AbortSignal): Promise<void> {
    this.#again = true
    this.#looking ??= this.#lookWhileAsked(signal).finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  /** Waits for what is under way, and for what that makes place for. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
  }

  async #lookWhileAsked(signal: AbortSignal): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#look(signal)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#underWay.size < PLACES) {
      const { stores, clock } = this.#parts
      const now = clock.now()
      this.#ended.clear()
      const due = await stores.read.deliveries.due(now, WINDOW)
      const waiting = due.filter((one) => !this.#underWay.has(keyOf(one)) && !this.#ended.has(keyOf(one)))
      const resting = waiting.filter((delivery) => this.#restOf(delivery) > now)
      if (resting.length > 0) await this.#postpone(resting, now)
      const ready = waiting.filter((delivery) => !resting.includes(delivery)).slice(0, PLACES - this.#underWay.size)
      for (const delivery of ready) this.#begin(delivery, signal)
      if (resting.length === 0 && (ready.length === 0 || due.length < WINDOW)) return
    }
  }

  #begin(delivery: DueDelivery, signal: AbortSignal): void {
    const key = keyOf(delivery)
    const work = this.#deliver(delivery, signal)
      .catch((cause: unknown) => this.#parts.tellFailure('outputs', cause))
      .then(() => {
        this.#underWay.delete(key)
        this.#ended.add(key)
        // What could not be looked for now is looked for by the next sweep.
        return this.sweep(signal).catch((cause: unknown) => this.#parts.tellFailure('outputs', cause))
      })
    this.#underWay.set(key, work)
  }

  async #deliver(delivery: DueDelivery, signal: AbortSignal): Promise<void> {
    const address = parseOutputAddress(delivery.address)
    const found = address === undefined ? undefined : this.#parts.outputStores.find(address)
    if (address === undefined || found === undefined)
      return this.#end(delivery, failed('NoSuchBucket', 'no store is configured for this address any more'))
    const output = await this.#parts.stores.read.deliveries.output(delivery)
    if (output === undefined)
      return this.#end(delivery, failed('NoSuchKey', 'the output was removed before it could be delivered'))
    const object = objectOf(delivery.invokeId, delivery.instanceId, delivery.runStart)
    try {
      await found.store.put([...found.name, ...object], output, signal)
    } catch (cause) {
      if (!signal.aborted) await this.#fail(delivery, found.store, cause)
      return
    }
    this.#resting.delete(found.store)
    await this.#end(delivery, { status: 'Finished', uri: outputUri(address, object), code: '', info: '' })
  }

  async #fail(delivery: DueDelivery, store: OutputStore, cause: unknown): Promise<void> {
    const { stores, clock, random } = this.#parts
    if (!(cause instanceof DeliveryFailure)) this.#parts.tellFailure('outputs', cause)
    const { code, message, isTemporary } =
      cause instanceof DeliveryFailure ? cause : new DeliveryFailure('InternalError', 'the server failed', true)
    const now = clock.now()
    const restMs =
      Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(delivery.attempts, 20)) * (0.5 + random() / 2)
    if (!isTemporary || now + restMs > delivery.queuedAt + GIVE_UP_MS) return this.#end(delivery, failed(code, message))
    this.#resting.set(store, now + STORE_REST_MS)
    await stores.write((w) => w.deliveries.retry(delivery, { code, info: message }, Math.ceil(now + restMs), now))
  }

  async #end(delivery: DueDelivery, end: DeliveryEnd): Promise<void> {
    await this.#parts.stores.write((w) => w.deliveries.end(delivery, end, this.#parts.clock.now()))
    this.#parts.tellEnded(end.status)
  }

  /** Spreads them over some time behind the store's rest. */
  async #postpone(deliveries: readonly DueDelivery[], now: number): Promise<void> {
    const dueAt = Math.ceil(now + STORE_REST_MS * (1 + this.#parts.random()))
    await this.#parts.stores.write((w) => w.deliveries.postpone(deliveries, dueAt))
  }

  #restOf(delivery: DueDelivery): number {
    const address = parseOutputAddress(delivery.address)
    const found = address === undefined ? undefined : this.#parts.outputStores.find(address)
    return found === undefined ? 0 : (this.#resting.get(found.store) ?? 0)
  }
}

const keyOf = ({ invokeId, instanceId, runStart }: DueDelivery): string => `${invokeId} ${instanceId} ${runStart}`

const failed = (code: string, info: string): DeliveryEnd => ({ status: 'Failed', uri: '', code, info })
