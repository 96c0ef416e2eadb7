import type { UnitOfWork } from '../unit-of-work.js'
import type { InvocationReader, InvocationScript } from './invocation-store.js'
import { isTimed } from './repeat-modes.js'

/** Invocations whose script is kept in memory: those whose tasks are being handed out and reported now. */
const MOST_SCRIPTS = 64

/**
 * What hand-outs and reports need of an invocation. What runs once never changes and is remembered; what may run again may be
 * changed, also by another server, and is remembered by its version.
 */
export class Scripts {
  readonly #stores: UnitOfWork
  readonly #known = new Map<string, InvocationScript>()

  constructor(stores: UnitOfWork) {
    this.#stores = stores
  }

  /** @param reader of the transaction that asks, so that it needs no second connection */
  async find(
    invokeId: string,
    reader: InvocationReader = this.#stores.read.invocations,
  ): Promise<InvocationScript | undefined> {
    const known = this.#known.get(invokeId)
    if (known !== undefined && !isTimed(known.repeatMode)) return known
    if (known !== undefined && known.version === (await reader.version(invokeId))) return known
    this.#known.delete(invokeId)
    const found = await reader.script(invokeId)
    if (found === undefined) return undefined
    if (this.#known.size >= MOST_SCRIPTS) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(invokeId, found)
    return found
  }
}
