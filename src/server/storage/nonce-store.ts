import type { Nonces } from '../domain/access/access.js'
import type { Clock } from '../domain/clock.js'
import type { SqlDatabase } from './sql.js'

const TAKE =
  'insert into nonce (access_key_id, nonce, expires_at) values ($1, $2, $3) on conflict (access_key_id, nonce) do nothing'

/**
 * Nonces of calls that change something are facts; those of reads are in this node's memory (design §7). A nonce counts
 * for a whole timestamp window to both sides.
 */
export const nonces = (database: SqlDatabase, clock: Clock, windowMs: number): Nonces => {
  const memory = new RecentNonces(windowMs * 2)
  return {
    async take(accessKeyId, nonce, durable) {
      const now = clock.now()
      if (!memory.take(`${accessKeyId}\n${nonce}`, now)) return false
      if (!durable) return true
      const added = await database.write((w) => w.run(TAKE, [accessKeyId, nonce, now + windowMs * 2]))
      return added === 1
    },
  }
}

/** Generations that make up a window: forgetting happens a fifth at a time. */
const GENERATIONS = 5
/** Nonces in memory at most, about 40 bytes each; beyond, the oldest generation is forgotten early. */
const MOST = 4_000_000

/** Nonces seen lately, as 52-bit hashes in generations of Sets: no string is kept. */
class RecentNonces {
  readonly #span: number
  readonly #generations: { since: number; seen: Set<number> }[] = []
  #count = 0

  constructor(keepMs: number) {
    this.#span = Math.max(1, Math.floor(keepMs / GENERATIONS))
  }

  take(text: string, now: number): boolean {
    this.#turn(now)
    const hash = hashOf(text)
    for (const generation of this.#generations) if (generation.seen.has(hash)) return false
    this.#generations.at(-1)?.seen.add(hash)
    this.#count += 1
    return true
  }

  #turn(now: number): void {
    // The clock may have been set back: what was seen then counts from now on.
    for (const generation of this.#generations) if (generation.since > now) generation.since = now
    const newest = this.#generations.at(-1)
    if (newest === undefined || now - newest.since >= this.#span || newest.seen.size >= MOST / GENERATIONS)
      this.#generations.push({ since: now, seen: new Set() })
    while (
      this.#generations.length > 1 &&
      (now - (this.#generations[0]?.since ?? now) > this.#span * (GENERATIONS + 1) || this.#count > MOST)
    ) {
      this.#count -= this.#generations.shift()?.seen.size ?? 0
    }
  }
}

/** Two 26-bit FNV-1a halves with different starts. */
const hashOf = (text: string): number => {
  let a = 0x811c9dc5
  let b = 0x01234567
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x0100019d)
  }
  return ((a >>> 6) & 0x3ffffff) * 0x4000000 + ((b >>> 6) & 0x3ffffff)
}
