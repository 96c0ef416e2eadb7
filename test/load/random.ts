/** Chance that can be repeated: the same seed, the same numbers (xorshift of 32 bits with a multiplied output). */
export class Chance {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1
  }

  /** A seed from OPENASSIST_TEST_SEED, or a fresh one, to be printed. */
  static fresh(): Chance {
    const given = process.env['OPENASSIST_TEST_SEED']
    return new Chance(given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given))
  }

  /** Uniform in [0, 1). */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (Math.imul(x, 0x9e3779b1) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)]
    if (item === undefined && items.length === 0) throw new RangeError('nothing to choose from')
    return item as T
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let index = 0; index < length; index += 1) bytes[index] = this.between(0, 255)
    return bytes
  }
}
