import type { StatusRow } from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'

/** Rows of one leaf at most. */
const LEAF = 256

const OS_TYPES: readonly OsType[] = ['Linux', 'Windows', 'FreeBSD']

/** Neighbours in id order, a column each: no object per row, for a million of them would hold up every collection. */
class Leaf {
  readonly ids: string[] = []
  readonly versions: string[] = []
  readonly os = new Uint8Array(LEAF)
  readonly invocations = new Float64Array(LEAF)
  readonly active = new Int32Array(LEAF)
  /** NaN: never. */
  readonly invokedAt = new Float64Array(LEAF)
  /** How many rows there are of each OS. */
  readonly perOs = new Uint32Array(OS_TYPES.length)

  insert(index: number, row: StatusRow): void {
    const { length } = this.ids
    this.ids.splice(index, 0, row.instanceId)
    this.versions.splice(index, 0, row.agentVersion)
    for (const column of [this.os, this.invocations, this.active, this.invokedAt])
      column.copyWithin(index + 1, index, length)
    const os = osIndex(row.osType)
    this.os[index] = os
    this.invocations[index] = row.invocationCount
    this.active[index] = row.activeTaskCount
    this.invokedAt[index] = row.lastInvokedAt ?? Number.NaN
    this.perOs[os] = (this.perOs[os] as number) + 1
  }

  remove(index: number): void {
    const { length } = this.ids
    const os = this.os[index] as number
    this.ids.splice(index, 1)
    this.versions.splice(index, 1)
    for (const column of [this.os, this.invocations, this.active, this.invokedAt])
      column.copyWithin(index, index + 1, length)
    this.perOs[os] = (this.perOs[os] as number) - 1
  }

  setOs(index: number, osType: OsType): void {
    const before = this.os[index] as number
    const now = osIndex(osType)
    this.os[index] = now
    this.perOs[before] = (this.perOs[before] as number) - 1
    this.perOs[now] = (this.perOs[now] as number) + 1
  }

  row(index: number): StatusRow {
    const invokedAt = this.invokedAt[index] as number
    return {
      instanceId: this.ids[index] as string,
      osType: OS_TYPES[this.os[index] as number] as OsType,
      agentVersion: this.versions[index] as string,
      invocationCount: this.invocations[index] as number,
      activeTaskCount: this.active[index] as number,
      lastInvokedAt: Number.isNaN(invokedAt) ? undefined : invokedAt,
    }
  }

  /** The lower half stays; the upper one is returned. */
  split(): Leaf {
    const upper = new Leaf()
    const middle = this.ids.length >> 1
    for (let index = middle; index < this.ids.length; index += 1) upper.insert(index - middle, this.row(index))
    while (this.ids.length > middle) this.remove(this.ids.length - 1)
    return upper
  }
}

const osIndex = (osType: OsType): number => {
  const index = OS_TYPES.indexOf(osType)
  if (index < 0) throw new TypeError(`an instance of the unknown OS ${osType}`)
  return index
}

/** Where a row is. */
interface Place {
  /** Index of the leaf. */
  readonly at: number
  readonly leaf: Leaf
  readonly index: number
}

/**
 * The narrow rows of one scope in id order, in memory: leaves of some hundred rows. A page by number adds up the sizes of
 * the leaves before it (about 2 µs at a million rows), one by token or id searches by halves.
 */
export class StatusList {
  readonly #leaves: Leaf[] = []
  /** Where each leaf begins; `''` for the first, so that every id belongs to one. */
  readonly #begins: string[] = []
  /** How many rows each leaf has: what a page by number adds up, so not to be gathered from the leaves. */
  readonly #sizes: number[] = []
  /** How many rows there are of each OS. */
  readonly #perOs = OS_TYPES.map(() => 0)

  size(osType: OsType | undefined): number {
    if (osType !== undefined) return this.#perOs[osIndex(osType)] as number
    let size = 0
    for (const amount of this.#perOs) size += amount
    return size
  }

  find(instanceId: string): StatusRow | undefined {
    const place = this.#place(instanceId)
    return place?.leaf.row(place.index)
  }

  /** Rows from this rank (0 is the first) on, at most `most`. */
  fromRank(osType: OsType | undefined, rank: number, most: number): StatusRow[] {
    const os = osType === undefined ? undefined : osIndex(osType)
    let left = rank
    for (let at = 0; at < this.#leaves.length; at += 1) {
      const size = os === undefined ? (this.#sizes[at] as number) : ((this.#leaves[at] as Leaf).perOs[os] as number)
      if (left < size) return this.#walk(at, 0, os, left, most)
      left -= size
    }
    return []
  }

  /** Rows whose ids are greater, at most `most`. */
  after(osType: OsType | undefined, instanceId: string, most: number): StatusRow[] {
    if (this.#leaves.length === 0) return []
    const os = osType === undefined ? undefined : osIndex(osType)
    const at = this.#leafOf(instanceId)
    const { ids } = this.#leaves[at] as Leaf
    const index = indexIn(ids, instanceId)
    return this.#walk(at, ids[index] === instanceId ? index + 1 : index, os, 0, most)
  }

  insert(row: StatusRow): void {
    this.remove(row.instanceId)
    if (this.#leaves.length === 0) this.#addLeaf(0, new Leaf(), '')
    let at = this.#leafOf(row.instanceId)
    const full = this.#leaves[at] as Leaf
    if (full.ids.length === LEAF) {
      // Ids grow with time: a full last leaf is left as it is when the list grows at its end.
      const atEnd = at === this.#leaves.length - 1 && (full.ids[LEAF - 1] as string) < row.instanceId
      const upper = atEnd ? new Leaf() : full.split()
      this.#sizes[at] = full.ids.length
      this.#addLeaf(at + 1, upper, upper.ids[0] ?? row.instanceId)
      at = this.#leafOf(row.instanceId)
    }
    const leaf = this.#leaves[at] as Leaf
    leaf.insert(indexIn(leaf.ids, row.instanceId), row)
    this.#count(at, osIndex(row.osType), 1)
  }

  remove(instanceId: string): void {
    const place = this.#place(instanceId)
    if (place === undefined) return
    const { at, leaf, index } = place
    this.#count(at, leaf.os[index] as number, -1)
    leaf.remove(index)
    if (leaf.ids.length > 0) return
    for (const column of [this.#leaves, this.#begins, this.#sizes]) column.splice(at, 1)
    if (this.#begins.length > 0) this.#begins[0] = ''
  }

  describe(instanceId: string, osType: OsType, agentVersion: string): void {
    const place = this.#place(instanceId)
    if (place === undefined) return
    const { at, leaf, index } = place
    leaf.versions[index] = agentVersion
    this.#count(at, leaf.os[index] as number, -1)
    leaf.setOs(index, osType)
    this.#count(at, leaf.os[index] as number, 1)
  }

  /** @param invokedAt undefined: stays as it is */
  addInvocations(instanceId: string, amount: number, invokedAt: number | undefined): void {
    const place = this.#place(instanceId)
    if (place === undefined) return
    const { leaf, index } = place
    leaf.invocations[index] = (leaf.invocations[index] as number) + amount
    if (invokedAt !== undefined) leaf.invokedAt[index] = invokedAt
  }

  addActiveTasks(instanceId: string, amount: number): void {
    const place = this.#place(instanceId)
    if (place !== undefined) place.leaf.active[place.index] = (place.leaf.active[place.index] as number) + amount
  }

  #place(instanceId: string): Place | undefined {
    const at = this.#leafOf(instanceId)
    const leaf = this.#leaves[at]
    if (leaf === undefined) return undefined
    const index = indexIn(leaf.ids, instanceId)
    return leaf.ids[index] === instanceId ? { at, leaf, index } : undefined
  }

  #addLeaf(at: number, leaf: Leaf, begin: string): void {
    this.#leaves.splice(at, 0, leaf)
    this.#begins.splice(at, 0, begin)
    this.#sizes.splice(at, 0, leaf.ids.length)
  }

  #count(at: number, os: number, amount: number): void {
    this.#sizes[at] = (this.#sizes[at] as number) + amount
    this.#perOs[os] = (this.#perOs[os] as number) + amount
  }

  /** Index of the leaf that an id belongs to: the last that begins at or before it. */
  #leafOf(instanceId: string): number {
    let low = 0
    let high = this.#begins.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#begins[middle] as string) <= instanceId) low = middle
      else high = middle
    }
    return low
  }

  #walk(firstLeaf: number, firstIndex: number, os: number | undefined, skip: number, most: number): StatusRow[] {
    const rows: StatusRow[] = []
    let left = skip
    for (let at = firstLeaf; at < this.#leaves.length && rows.length < most; at += 1) {
      const leaf = this.#leaves[at] as Leaf
      for (let index = at === firstLeaf ? firstIndex : 0; index < leaf.ids.length && rows.length < most; index += 1) {
        if (os !== undefined && leaf.os[index] !== os) continue
        if (left > 0) left -= 1
        else rows.push(leaf.row(index))
      }
    }
    return rows
  }
}

/** Index of the first id that is not less. */
const indexIn = (ids: readonly string[], instanceId: string): number => {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] as string) < instanceId) low = middle + 1
    else high = middle
  }
  return low
}
