/** So many at a time, in the order in which they asked, and between two of them the event loop gets round. */
export class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(amount: number) {
    this.#free = amount
  }

  async take(): Promise<AsyncDisposable> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return {
      [Symbol.asyncDispose]: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        const next = this.#waiting.shift()
        if (next === undefined) this.#free += 1
        else next()
      },
    }
  }
}
