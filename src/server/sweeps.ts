import type { Clock } from './domain/clock.js'
import type { PresenceTable } from './domain/fleet/presence.js'
import type { PresenceStore } from './domain/fleet/presence-store.js'
import { removeHost } from './domain/fleet/remove-host.js'
import type { LostTasks } from './domain/invocations/end-lost-tasks.js'
import { removeUncommitted } from './domain/invocations/start-invocation.js'
import type { UnitOfWork } from './domain/unit-of-work.js'
import type { SqlDatabase } from './storage/sql.js'

/** A registration whose answer was lost never beats; it is taken back after this time (design §4). */
const UNPROVEN_MS = 10 * 60_000
/** A submission that is not written to its end after this time is one that its server could not take back. */
const UNWRITTEN_MS = 10 * 60_000
/** ClientTokens are remembered for a day (api.md §2.5). */
const REPEAT_MS = 24 * 3_600_000
/** Rows removed in one transaction. */
const CHUNK = 200

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly database: SqlDatabase
  readonly presence: PresenceTable
  readonly presenceStore: PresenceStore
  readonly lost: LostTasks
  readonly nodeId: string
  /** Finished invocations are kept so long (api.md §8.1). */
  readonly retentionMs: number
  readonly tellFailure: (at: string, cause: unknown) => void
}

/** Periodic work inside the server: deadlines, presence, what is too old. Each run ends before its next begins. */
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
      this.#every(2_000, 'presence', async () => {
        await presence.flush()
        await presenceStore.alive(nodeId, clock.now())
      }),
      this.#every(60_000, 'unproven', () => this.removeUnproven()),
      this.#every(60_000, 'unwritten', () => this.removeHalfWritten(clock.now() - UNWRITTEN_MS)),
      this.#every(300_000, 'age', () => this.#age()),
    ]
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
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
  async removeHalfWritten(before = this.#parts.presence.startedAt): Promise<void> {
    const { stores } = this.#parts
    for (;;) {
      const found = await stores.write((w) => w.invocations.findUncommitted(before, CHUNK))
      for (const invokeId of found) await removeUncommitted(stores, invokeId)
      if (found.length < CHUNK) return
    }
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

  async #age(): Promise<void> {
    const { stores, clock, database, retentionMs } = this.#parts
    const now = clock.now()
    await database.write((w) => w.run('delete from nonce where expires_at < $1', [now]))
    await database.write((w) => w.run('delete from repeat where created_at < $1', [now - REPEAT_MS]))
    for (;;) {
      const old = await stores.write((w) => w.invocations.findExpired(now - retentionMs, CHUNK))
      for (const invokeId of old) {
        for (;;) {
          const removed = await stores.write(async (w) => {
            const instanceIds = await w.tasks.removeOfInvocation(invokeId, CHUNK)
            if (instanceIds.length < CHUNK) await w.invocations.remove(invokeId)
            return instanceIds.length
          })
          if (removed < CHUNK) break
        }
      }
      if (old.length < CHUNK) break
    }
    await database.write((w) =>
      w.run(
        `delete from script where used_at < $1 and not exists (select 1 from command c where c.script_hash = script.hash)
           and not exists (select 1 from invocation i where i.script_hash = script.hash)`,
        [now - retentionMs],
      ),
    )
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
