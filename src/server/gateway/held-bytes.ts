/**
 * How much memory long bodies may take together. Who finds it taken waits in line, first come first served: reports of
 * agents are made to wait, never refused for load (design D8).
 */
export class HeldBytes {
  readonly #limit: number
  readonly #waiting: { readonly bytes: number; readonly begin: () => void }[] = []
  #held = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get held(): number {
    return this.#held
  }

  /** Resolves when the bytes may be held; more than the limit count as the limit. @returns what gives them back, once */
  async take(bytes: number): Promise<() => void> {
    const counted = Math.min(bytes, this.#limit)
    if (this.#waiting.length > 0 || this.#held + counted > this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push({ bytes: counted, begin: resolve }))
    } else {
      this.#held += counted
    }
    let given = false
    return () => {
      if (given) return
      given = true
      this.#held -= counted
      this.#admit()
    }
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || this.#held + next.bytes > this.#limit) return
      this.#waiting.shift()
      this.#held += next.bytes
      next.begin()
    }
  }
}
