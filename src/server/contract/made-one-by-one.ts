/** A list whose entries are made while the answer is written: of thousands, only one lives at a time. */
export const madeOneByOne = <T, E>(items: readonly T[], entry: (item: T) => E): Iterable<E> => ({
  *[Symbol.iterator]() {
    for (const item of items) yield entry(item)
  },
})
