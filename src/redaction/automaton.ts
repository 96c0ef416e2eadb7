// Many patterns are looked for at once, byte by byte (Aho and Corasick): a trie of them, and for each node the longest
// other beginning of a pattern that its text ends with.

/** Shorter patterns are in anything that is written, and hide nothing. */
export const SHORTEST = 4

export interface Span {
  readonly from: number
  readonly to: number
}

export interface Automaton {
  /**
   * Where patterns are, joined where they overlap.
   * @param covered bytes at the beginning that are a part of a pattern in any case
   * @returns and how many bytes at the end may be the beginning of one
   */
  search(data: Uint8Array, covered: number): { readonly hidden: Span[]; readonly open: number }
}

const ROOT = 0

export const buildAutomaton = (patterns: readonly Uint8Array[]): Automaton => {
  const next = new Map<number, number>()
  const fallback: number[] = [ROOT]
  const depth: number[] = [0]
  /** Length of the longest pattern that the text of a node ends with. */
  const longest: number[] = [0]
  /** Bytes that a pattern begins with: most of what is written is none. */
  const begins = new Uint8Array(256)

  const child = (node: number, byte: number): number | undefined => next.get(node * 256 + byte)

  for (const pattern of patterns) {
    let node = ROOT
    for (const byte of pattern) {
      let to = child(node, byte)
      if (to === undefined) {
        to = depth.length
        next.set(node * 256 + byte, to)
        depth.push((depth[node] ?? 0) + 1)
        fallback.push(ROOT)
        longest.push(0)
      }
      node = to
    }
    longest[node] = pattern.byteLength
    begins[pattern[0] ?? 0] = 1
  }

  const step = (from: number, byte: number): number => {
    for (let node = from; ; node = fallback[node] ?? ROOT) {
      const to = child(node, byte)
      if (to !== undefined) return to
      if (node === ROOT) return ROOT
    }
  }

  // Shorter texts first: each falls back to a shorter one. Nodes of one pattern were made in that order, not those of all.
  const edges = [...next].toSorted(([, a], [, b]) => (depth[a] ?? 0) - (depth[b] ?? 0))
  for (const [edge, node] of edges) {
    const parent = Math.floor(edge / 256)
    if (parent === ROOT) continue
    const back = step(fallback[parent] ?? ROOT, edge % 256)
    fallback[node] = back
    longest[node] = Math.max(longest[node] ?? 0, longest[back] ?? 0)
  }

  return {
    search(data, covered) {
      const hidden: Span[] = covered > 0 ? [{ from: 0, to: covered }] : []
      let node = ROOT
      for (let at = 0; at < data.byteLength; at += 1) {
        const byte = data[at] ?? 0
        if (node === ROOT && begins[byte] === 0) continue
        node = step(node, byte)
        const length = longest[node] ?? 0
        if (length > 0) add(hidden, at + 1 - length, at + 1)
      }
      return { hidden, open: depth[node] ?? 0 }
    },
  }
}

/** Spans come by their ends, but for the one that was covered: its pattern may end behind a shorter one. */
const add = (spans: Span[], start: number, end: number): void => {
  let from = start
  let to = end
  for (let last = spans.at(-1); last !== undefined && last.to > from; last = spans.at(-1)) {
    from = Math.min(from, last.from)
    to = Math.max(to, last.to)
    spans.pop()
  }
  spans.push({ from, to })
}
