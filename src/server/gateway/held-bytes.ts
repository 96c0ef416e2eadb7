/** What one host may hold of the limit, in parts; the rest is there for others however slowly it sends. */
const PART_OF_ONE = 4

interface Waiting {
  readonly bytes: number
  readonly owner: string
  readonly begin: () => void
}

/**
 * How much memory long bodies may take together. Who finds it taken waits in line, first come first served: reports of
 * agents are made to wait, never refused for load (design D8). A host that holds its part already waits for itself, and
 * those behind it go ahead.
 */
export class HeldBytes {
  readonly #limit: number
  readonly #byOwner = new Map<string, number>()
  #waiting: Waiting[] = []
  #held = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get held(): number {
    return this.#held
  }

  /** Resolves when the bytes may be held; more than the limit count as the limit. @returns what gives them back, once */
  async take(bytes: number, owner: string): Promise<() => void> {
    const counted = Math.min(bytes, this.#limit)
    await new Promise<void>((resolve) => {
      this.#waiting.push({ bytes: counted, owner, begin: resolve })
      this.#admit()
    })
    let given = false
    return () => {
      if (given) return
      given = true
      this.#hold(owner, -counted)
      this.#admit()
    }
  }

  #admit(): void {
    const still: Waiting[] = []
    let at = 0
    for (; at < this.#waiting.length; at += 1) {
      const next = this.#waiting[at] as Waiting
      if (this.#hasItsPart(next)) {
        still.push(next)
        continue
      }
      if (this.#held + next.bytes > this.#limit) break
      this.#hold(next.owner, next.bytes)
      next.begin()
    }
    if (still.length < at) this.#waiting = still.concat(this.#waiting.slice(at))
  }

  /** True while the host must wait for its own bodies. One body it may always have, however long. */
  #hasItsPart({ owner, bytes }: Waiting): boolean {
    const held = this.#byOwner.get(owner) ?? 0
    return held > 0 && held + bytes > this.#limit / PART_OF_ONE
  }

  #hold(owner: string, bytes: number): void {
    this.#held += bytes
    const held = (this.#byOwner.get(owner) ?? 0) + bytes
    if (held === 0) this.#byOwner.delete(owner)
    else this.#byOwner.set(owner, held)
  }
}
