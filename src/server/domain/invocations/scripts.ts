import type { UnitOfWork } from '../unit-of-work.js'
import type { InvocationReader, InvocationScript } from './invocation-store.js'

/** Invocations whose script is kept in memory: those whose tasks are being handed out and reported now. */
const MOST_SCRIPTS = 64

/** What hand-outs and reports need of an invocation. It never changes, so it may be remembered. */
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
    if (known !== undefined) return known
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
