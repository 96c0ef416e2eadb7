const SURROGATE = /[\ud800-\udfff]/

/** Names in byte order of their UTF-8 form, the order that both signatures are built in (rpc.md §1.3). */
export const sortedNames = (names: Iterable<string>): string[] => {
  const sorted = [...names].sort()
  // JavaScript sorts UTF-16 units, which is another order only beyond the basic plane.
  return sorted.some((name) => SURROGATE.test(name)) ? sorted.sort(inByteOrder) : sorted
}

const inByteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
