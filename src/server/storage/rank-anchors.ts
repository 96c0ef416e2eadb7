/** One run of neighbours in a list: where it begins and how many there are. */
interface Run {
  first: string
  count: number
}

/** A run is begun anew behind this many … */
const RUN = 1_000
/** … and read again, to be cut in two, above this many. */
const LONGEST_RUN = 4_000

/** Reads every `stride`-th id of the list after `after`, at most `most`: how runs are found. */
export type ReadIds = (after: string | undefined, most: number) => Promise<readonly string[]>

/**
 * Where every thousandth row of one sorted list is, so that a page by number seeks instead of counting off all rows
 * before it (design §4). Kept on insert and delete; built in the background in short steps.
 */
export class RankAnchors {
  readonly #read: ReadIds
  readonly #runs: Run[] = []
  /** Ids up to this one are in runs; undefined before the first step, null when the whole list is. */
  #builtTo: string | undefined | null
  #building: Promise<void> | undefined

  constructor(read: ReadIds) {
    this.#read = read
  }

  get complete(): boolean {
    return this.#builtTo === null
  }

  /** Builds in steps of a thousand ids, one per turn of the event loop. Safe to call again. */
  build(): Promise<void> {
    this.#building ??= this.#build().finally(() => {
      this.#building = undefined
    })
    return this.#building
  }

  /** Where the row of this rank (from 0) is: seek `from` (inclusive; undefined = the beginning) and skip `skip` rows. */
  seek(rank: number): { from: string | undefined; skip: number } {
    let left = rank
    let last: Run | undefined
    for (const run of this.#runs) {
      last = run
      if (left < run.count) return { from: run.first, skip: left }
      left -= run.count
    }
    // Beyond what is built (or beyond the end): from the last run on.
    return last === undefined ? { from: undefined, skip: rank } : { from: last.first, skip: left + last.count }
  }

  inserted(id: string): void {
    if (this.#builtTo === undefined || (this.#builtTo !== null && id > this.#builtTo)) return
    const index = this.#indexOf(id)
    const run = this.#runs[index]
    if (run === undefined) {
      this.#runs.push({ first: id, count: 1 })
      return
    }
    const isLast = index === this.#runs.length - 1
    if (isLast && run.count >= RUN) {
      this.#runs.push({ first: id, count: 1 })
      return
    }
    if (id < run.first) run.first = id
    run.count += 1
    if (run.count > LONGEST_RUN) this.#restart()
  }

  removed(id: string): void {
    if (this.#builtTo === undefined || (this.#builtTo !== null && id > this.#builtTo)) return
    const index = this.#indexOf(id)
    const run = this.#runs[index]
    if (run === undefined) return
    run.count -= 1
    // `first` may name a row that is gone: seeking it finds the next one, which is right.
    if (run.count <= 0) this.#runs.splice(index, 1)
  }

  /** Index of the run that an id belongs to: the last that begins at or before it, else the first. */
  #indexOf(id: string): number {
    let low = 0
    let high = this.#runs.length - 1
    let found = 0
    while (low <= high) {
      const middle = (low + high) >> 1
      const run = this.#runs[middle] as Run
      if (run.first <= id) {
        found = middle
        low = middle + 1
      } else high = middle - 1
    }
    return found
  }

  #restart(): void {
    this.#runs.length = 0
    this.#builtTo = undefined
    // A failure leaves the list unbuilt: pages are answered by counting, and the next build tries again.
    void this.build().catch(() => undefined)
  }

  async #build(): Promise<void> {
    while (this.#builtTo !== null) {
      const after: string | undefined = this.#builtTo
      const ids = await this.#read(after, RUN)
      if (this.#builtTo !== after) continue
      const first = ids[0]
      if (first !== undefined) this.#runs.push({ first, count: ids.length })
      this.#builtTo = ids.length < RUN ? null : (ids.at(-1) as string)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
