import type { Clock } from './domain/clock.js'
import type { PresenceTable } from './domain/fleet/presence.js'
import type { PresenceStore } from './domain/fleet/presence-store.js'
import { removeHost } from './domain/fleet/remove-host.js'
import type { LostTasks } from './domain/invocations/end-lost-tasks.js'
import { removeUncommitted } from './domain/invocations/start-invocation.js'
import type { OutputDeliveries } from './domain/outputs/deliver-outputs.js'
import type { Pacer } from './domain/rollouts/pacer.js'
import type { UnitOfWork } from './domain/unit-of-work.js'
import type { Retention } from './retention.js'

/** A registration whose answer was lost never beats; it is taken back after this time (design §4). */
const UNPROVEN_MS = 10 * 60_000
/** A submission that is not written to its end after this time is one that its server could not take back. */
const UNWRITTEN_MS = 10 * 60_000
/** Rows removed in one transaction. */
const CHUNK = 200

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly presenceStore: PresenceStore
  readonly lost: LostTasks
  readonly rollouts: Pick<Pacer, 'sweep'>
  readonly nodeId: string
  readonly retention: Retention
  readonly outputs: OutputDeliveries
  readonly tellFailure: (at: string, cause: unknown) => void
}

/** Periodic work inside the server: deadlines, presence, deliveries, what is too old. Each run ends before its next begins. */
export class Sweeps {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  #running: Promise<void>[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    const { presence, presenceStore, clock, nodeId } = this.#parts
    this.#running = [
      this.#every(1_000, 'expire', async () => {
        presence.followClock()
        while ((await this.expireNow()) > 0) await turn()
      }),
      this.#every(1_000, 'outputs', () => this.deliverOutputs()),
      this.#every(2_000, 'presence', async () => {
        await presence.flush()
        await presenceStore.alive(nodeId, clock.now())
      }),
      this.#every(1_000, 'rollouts', () => this.#parts.rollouts.sweep()),
      this.#every(60_000, 'unproven', () => this.removeUnproven()),
      this.#every(60_000, 'unwritten', () => this.removeHalfWritten(clock.now() - UNWRITTEN_MS)),
      this.#every(300_000, 'retention', () => this.retain()),
    ]
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
    await this.#parts.outputs.settle()
    try {
      await this.#parts.presence.flush()
      await this.#parts.presenceStore.alive(this.#parts.nodeId, this.#parts.clock.now())
    } catch (cause) {
      this.#parts.tellFailure('presence', cause)
    }
  }

  /** Ends the tasks whose deadline passed. @returns how many */
  expireNow(): Promise<number> {
    return this.#parts.lost.expire()
  }

  /**
   * Takes back invocations that were being written when a server died, or when it lost its database.
   * @param before those that began earlier; at a start, all that are not this server's
   */
  async removeHalfWritten(before = this.#parts.presence.downtime.to): Promise<void> {
    const { stores } = this.#parts
    for (;;) {
      const found = await stores.write((w) => w.invocations.findUncommitted(before, CHUNK))
      for (const invokeId of found) await removeUncommitted(stores, invokeId)
      if (found.length < CHUNK) return
    }
  }

  /** Begins deliveries of outputs that are due. */
  deliverOutputs(): Promise<void> {
    return this.#parts.outputs.sweep(this.#stopping.signal)
  }

  /** Removes what is too old or too much. */
  async retain(): Promise<void> {
    await this.#parts.retention.sweep(this.#stopping.signal)
  }

  async #every(milliseconds: number, name: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await pause(milliseconds, signal)
      if (signal.aborted) return
      try {
        await work()
      } catch (cause) {
        this.#parts.tellFailure(name, cause)
      }
    }
  }

  /** Takes back registrations that never beat (design §4). */
  async removeUnproven(): Promise<void> {
    const { stores, clock, presence } = this.#parts
    await stores.write(async (w) => {
      for (const instanceId of await w.instances.findUnproven(clock.now() - UNPROVEN_MS, CHUNK)) {
        if (presence.lastSeen(instanceId) === undefined) await removeHost(w, instanceId, 'unproven', clock.now())
      }
    })
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Waits, but not past the signal. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
