import type { Clock } from './domain/clock.js'
import type { Scope } from './domain/access/scope.js'
import {
  hideInvocations,
  idBehind,
  type KeptList,
  nextScope,
  oldest,
  type Removed,
  removeFileSends,
  removeHidden,
  removeOldRuns,
  removeScripts,
  removeStale,
} from './storage/retention-store.js'
import type { SqlDatabase, SqlWriter } from './storage/sql.js'

/** How much of one list is kept, of what is over: both bounds hold. */
export interface KeptAmount {
  readonly milliseconds: number
  /** Newest ones of one account and region. */
  readonly records: number
}

interface Parts {
  readonly database: SqlDatabase
  readonly clock: Clock
  readonly invocations: KeptAmount
  readonly fileSends: KeptAmount
  readonly tellRemoved: (removed: Removed) => void
}

/** Rows removed in one transaction. More would hold the event loop (design §8). */
const ROWS = 200
/** Rows looked at in one read. */
const WINDOW = 1_000
/** File sends removed in one transaction, each with its instances. */
const SENDS = 5
/** Scripts looked at in one sweep; the next one goes on behind them. */
const SCRIPTS = 2_000
/** A script that was just used may be about to be referred to. */
const SCRIPT_REST_MS = 3_600_000
/** ClientTokens are remembered for a day (api.md §2.5). */
const REPEAT_MS = 24 * 3_600_000
/** The longest rest between two steps. */
const LONGEST_REST_MS = 50

/**
 * Removes what is too old or too much (api.md §8.1, §9), and never what is unfinished.
 *
 * An invocation that goes is hidden first, in one commit: a reader sees all of it or nothing. Its rows follow in steps of a
 * commit each, and after each step the server rests as long as the step took, so that calls and reports come in between.
 * Several nodes may do this at a time, and any may stop anywhere: what is hidden stays hidden until somebody removed it.
 */
export class Retention {
  readonly #parts: Parts
  #scriptsAfter = ''

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** One round; ends early when the signal is aborted. */
  async sweep(signal: AbortSignal): Promise<void> {
    const now = this.#parts.clock.now()
    await this.#untilNothing(signal, (w) => removeStale(w, now, now - REPEAT_MS, ROWS))
    const { invocations, fileSends } = this.#parts
    // What another round left over goes first.
    await this.#untilNothing(signal, (w) => removeHidden(w, ROWS))
    for await (const ids of this.#tooOld('invocation', invocations, now, ROWS, signal)) {
      await this.#parts.database.write((w) => hideInvocations(w, ids))
      await this.#untilNothing(signal, (w) => removeHidden(w, ROWS))
    }
    await this.#untilNothing(signal, (w) => removeOldRuns(w, now - invocations.milliseconds, ROWS))
    for await (const ids of this.#tooOld('file_send', fileSends, now, SENDS, signal)) {
      await this.#step(signal, (w) => removeFileSends(w, ids))
    }
    await this.#sweepScripts(now, signal)
  }

  /** Ids that may go, of every scope, some at a time. */
  async *#tooOld(
    list: KeptList,
    { milliseconds, records }: KeptAmount,
    now: number,
    atATime: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[]> {
    const { reader } = this.#parts.database
    let scope = await nextScope(reader, list, { accountId: '', regionId: '' })
    for (; scope !== undefined && !signal.aborted; scope = await nextScope(reader, list, scope)) {
      // Ids are in the order of time, so the first young one ends the walk (docs/adr/0005).
      const surplus = await this.#newestSurplus(list, scope, records)
      for (let after = ''; !signal.aborted; ) {
        const found = await oldest(reader, list, scope, after, atATime)
        const old = found.filter(({ id, createdAt }) => createdAt < now - milliseconds || id <= surplus)
        const ids = old.filter(({ mayGo }) => mayGo).map(({ id }) => id)
        if (ids.length > 0) yield ids
        if (old.length < atATime) break
        after = old.at(-1)?.id ?? ''
        await turn()
      }
    }
  }

  /** The newest id that is one too many; `''` when none is. In windows, so that no read is long. */
  async #newestSurplus(list: KeptList, scope: Scope, records: number): Promise<string> {
    let below: string | undefined
    for (let left = records; ; left -= WINDOW) {
      // Each look skips so many rows and answers the one behind them.
      const last = left < WINDOW
      const id = await idBehind(this.#parts.database.reader, list, scope, below, last ? left : WINDOW - 1)
      if (id === undefined || last) return id ?? ''
      below = id
      await turn()
    }
  }

  /** Any hash may have lost its last use, so a round looks at the next ones, and begins anew behind the last. */
  async #sweepScripts(now: number, signal: AbortSignal): Promise<void> {
    for (let seen = 0; seen < SCRIPTS && !signal.aborted; seen += ROWS) {
      await this.#step(signal, async (w) => {
        const { last, removed } = await removeScripts(w, this.#scriptsAfter, now - SCRIPT_REST_MS, ROWS)
        this.#scriptsAfter = last ?? ''
        return removed
      })
      if (this.#scriptsAfter === '') return
    }
  }

  async #untilNothing(signal: AbortSignal, work: (w: SqlWriter) => Promise<Removed>): Promise<void> {
    while (!signal.aborted && (await this.#step(signal, work)) > 0);
  }

  /** One commit, and a rest. @returns how many rows it removed */
  async #step(signal: AbortSignal, work: (w: SqlWriter) => Promise<Removed>): Promise<number> {
    const begun = performance.now()
    const removed = await this.#parts.database.write(work)
    const amount = Object.values(removed).reduce((sum, count) => sum + count, 0)
    if (amount === 0) return 0
    this.#parts.tellRemoved(removed)
    const restMs = Math.min(LONGEST_REST_MS, performance.now() - begun)
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, restMs))
    return amount
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
