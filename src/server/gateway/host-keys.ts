import type { KeyObject } from 'node:crypto'
import type { AgentRegistry } from '../domain/fleet/agents.js'
import { readKey } from './read-key.js'

/** What a host's signatures are checked with. */
export interface ReadyKey {
  readonly machineId: string
  readonly publicKey: KeyObject
}

/** Wrong signatures in a host's name cause no more look-ups than one in this time. */
const LOOKUP_PAUSE_MS = 1_000

interface Kept extends ReadyKey {
  readonly publicKeyPem: string
  lookedUpAt: number
}

/**
 * Keys of the hosts that are heard from, ready for use: making one from PEM costs six times the verification itself, and
 * heartbeats come round in turn, so the cache must hold every present host (design §8). The least recently used key goes
 * first when there are too many.
 */
export class HostKeys {
  readonly #registry: Pick<AgentRegistry, 'findHostKey'>
  readonly #limits: { readonly maxHostKeys: number; readonly hostKeyLifetimeMs: number }
  readonly #now: () => number
  /** In order of use, the least recent first. */
  readonly #kept = new Map<string, Kept>()
  readonly #lookups = new Map<string, Promise<ReadyKey | undefined>>()

  constructor(
    registry: Pick<AgentRegistry, 'findHostKey'>,
    limits: { readonly maxHostKeys: number; readonly hostKeyLifetimeMs: number },
    now: () => number,
  ) {
    this.#registry = registry
    this.#limits = limits
    this.#now = now
  }

  get size(): number {
    return this.#kept.size
  }

  /** The kept key when it is young enough; no look-up. */
  peek(instanceId: string): ReadyKey | undefined {
    const kept = this.#kept.get(instanceId)
    if (kept === undefined) return undefined
    this.#kept.delete(instanceId)
    const age = this.#now() - kept.lookedUpAt
    this.#kept.set(instanceId, kept)
    return age >= 0 && age < this.#limits.hostKeyLifetimeMs ? kept : undefined
  }

  /** The key as the registry knows it now, or did a second ago; one look-up at a time for a host. */
  async lookUp(instanceId: string): Promise<ReadyKey | undefined> {
    const kept = this.#kept.get(instanceId)
    if (kept !== undefined && Math.abs(this.#now() - kept.lookedUpAt) < LOOKUP_PAUSE_MS) return kept
    const running = this.#lookups.get(instanceId)
    if (running !== undefined) return running
    const isWanted = (): boolean => this.#lookups.get(instanceId) === lookup
    const lookup: Promise<ReadyKey | undefined> = this.#lookUp(instanceId, isWanted).finally(() => {
      if (isWanted()) this.#lookups.delete(instanceId)
    })
    this.#lookups.set(instanceId, lookup)
    return lookup
  }

  /** Forgets a key, such as one of a registration that ended, also one that is being looked up. */
  drop(instanceId: string): void {
    this.#kept.delete(instanceId)
    this.#lookups.delete(instanceId)
  }

  /** Forgets keys that were not used for a lifetime, as far as one turn of the event loop allows. */
  sweep(most = 1_000): void {
    const oldest = this.#now() - 2 * this.#limits.hostKeyLifetimeMs
    for (const [instanceId, kept] of this.#kept) {
      if (kept.lookedUpAt > oldest || most-- === 0) return
      this.#kept.delete(instanceId)
    }
  }

  async #lookUp(instanceId: string, isWanted: () => boolean): Promise<ReadyKey | undefined> {
    const found = await this.#registry.findHostKey(instanceId)
    if (!isWanted()) return undefined
    const before = this.#kept.get(instanceId)
    this.#kept.delete(instanceId)
    if (found === undefined) return undefined
    const unchanged = before !== undefined && before.publicKeyPem === found.publicKeyPem
    const kept: Kept = {
      machineId: found.machineId,
      publicKeyPem: found.publicKeyPem,
      publicKey: unchanged ? before.publicKey : readKey(found.publicKeyPem),
      lookedUpAt: this.#now(),
    }
    this.#kept.set(instanceId, kept)
    if (this.#kept.size > this.#limits.maxHostKeys) {
      const [leastUsed] = this.#kept.keys()
      if (leastUsed !== undefined) this.#kept.delete(leastUsed)
    }
    return kept
  }
}
