// Counting on the hot path: a map and an addition. What is exposed is made when somebody asks.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Something that is counted or measured, and can tell its state. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  samples(): Iterable<Sample>
}

/** Combinations of labels of one metric; what comes after is counted under `other`. */
const MAX_SERIES = 5_000

/** Series by their label values; a peer that could invent values cannot make it grow without end. */
class SeriesMap<S> {
  readonly #series = new Map<string, { readonly labels: readonly string[]; readonly state: S }>()
  readonly #names: readonly string[]
  readonly #make: () => S

  constructor(names: readonly string[], make: () => S) {
    this.#names = names
    this.#make = make
  }

  get(values: readonly string[]): S {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\n')
    const found = this.#series.get(key)
    if (found !== undefined) return found.state
    if (this.#series.size >= MAX_SERIES && values.some((value) => value !== 'other')) {
      return this.get(values.map(() => 'other'))
    }
    const state = this.#make()
    this.#series.set(key, { labels: [...values], state })
    return state
  }

  *entries(): Iterable<[Record<string, string>, S]> {
    for (const { labels, state } of this.#series.values()) {
      yield [Object.fromEntries(this.#names.map((name, index) => [name, labels[index] ?? ''])), state]
    }
  }
}

export class Counter implements Metric {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #series: SeriesMap<{ value: number }>

  constructor(name: string, help: string, labelNames: readonly string[] = []) {
    this.name = name
    this.help = help
    this.#series = new SeriesMap(labelNames, () => ({ value: 0 }))
    // Without labels there is one series, and it is there from the start.
    if (labelNames.length === 0) this.#series.get([])
  }

  add(labelValues: readonly string[] = [], amount = 1): void {
    this.#series.get(labelValues).value += amount
  }

  *samples(): Iterable<Sample> {
    for (const [labels, { value }] of this.#series.entries()) yield { name: this.name, labels, value }
  }
}

export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #series: SeriesMap<{ readonly counts: Float64Array; sum: number }>

  /** @param bounds upper bounds of the buckets, ascending, in the unit of the name */
  constructor(name: string, help: string, bounds: readonly number[], labelNames: readonly string[] = []) {
    this.name = name
    this.help = help
    this.#bounds = bounds
    this.#series = new SeriesMap(labelNames, () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }))
    if (labelNames.length === 0) this.#series.get([])
  }

  observe(value: number, labelValues: readonly string[] = []): void {
    const series = this.#series.get(labelValues)
    series.sum += value
    let index = 0
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? 0)) index += 1
    series.counts[index] = (series.counts[index] ?? 0) + 1
  }

  *samples(): Iterable<Sample> {
    for (const [labels, { counts, sum }] of this.#series.entries()) {
      let below = 0
      for (const [index, count] of counts.entries()) {
        below += count
        const bound = this.#bounds[index]
        const le = bound === undefined ? '+Inf' : String(bound)
        yield { name: `${this.name}_bucket`, labels: { ...labels, le }, value: below }
      }
      yield { name: `${this.name}_sum`, labels, value: sum }
      yield { name: `${this.name}_count`, labels, value: below }
    }
  }
}

/** A value that is read when somebody asks. */
export class Gauge implements Metric {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly #read: () => number | undefined

  /** @param read undefined when there is nothing to tell yet */
  constructor(name: string, help: string, read: () => number | undefined, type: 'gauge' | 'counter' = 'gauge') {
    this.name = name
    this.help = help
    this.type = type
    this.#read = read
  }

  *samples(): Iterable<Sample> {
    const value = this.#read()
    if (value !== undefined) yield { name: this.name, labels: {}, value }
  }
}
