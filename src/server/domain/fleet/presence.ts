import type { Clock } from '../clock.js'
import type { Presence } from './agents.js'
import { floorAfterRestart, type HostClock, type JumpEvidence, judge, OVERTAKING_MS } from './freshness.js'
import type { PresenceRow, PresenceStore } from './presence-store.js'

/** A host is live while something verified of it came within this time (design §6). */
export const LIVE_MS = 120_000
/** After a start, hosts are judged for so long by what was known before (design §6). */
export const GRACE_AFTER_START_MS = 70_000
/** Request ids remembered of one host; the window of 15 s is closed earlier when a host sends more. */
const MOST_REQUEST_IDS = 512
/** A clock that differs by more from one that goes on evenly was set; less is how clocks go. */
const SET_MS = 5_000
/** Rows loaded or flushed in one turn of the event loop. */
const SLICE = 2_000

/** What only this process knows of a host that spoke to it. */
interface LiveHost {
  /** Request ids that were accepted, with their own times, oldest first. */
  seen: Map<string, number>
  /** Nothing as old is accepted: what an earlier process may have accepted, or the newest id that had to be forgotten. */
  floor: number
  evidence: JumpEvidence | undefined
  generation: number
  connected: boolean
  /** The identity that unfinished tasks were last compared with. */
  checkedProcess: string | undefined
  /** How often our own clock had been set when its offset was learned. */
  timesSet: number
}

/**
 * Who was heard, when. A million hosts are a Map from id to a place in typed columns (design §8): no object per host
 * that is silent. What changed is flushed in storage order, in slices.
 */
export class PresenceTable implements Presence {
  readonly #clock: Clock
  readonly #store: PresenceStore
  readonly #places = new Map<string, number>()
  readonly #ids: string[] = []
  /** Behind the place that `lastSeen` found last. */
  #next = 0
  readonly #hosts = new Map<string, LiveHost>()
  /** 1: to be written with the next flush. Read in order of place, so nothing has to be sorted. */
  #dirty = new Uint8Array(1_024)
  /** Hosts whose rows are to be removed with the next flush. */
  readonly #gone = new Set<string>()
  /** What is written before the next flush, as soon as the write before it is done. */
  #gathered: { readonly places: number[]; readonly written: Promise<void> } | undefined
  /** Places whose process is being written, until it is. */
  readonly #unwritten = new Map<number, Promise<void>>()
  /** Rows are written one batch behind the other: an older row never lands on a newer one. */
  #writing: Promise<void> = Promise.resolve()
  #lastSeen = new Float64Array(1_024)
  /** Since when it is live without a gap; 0: since before this start. */
  #liveSince = new Float64Array(1_024)
  #mark = new Float64Array(1_024)
  /** NaN: not learned. */
  #offset = new Float64Array(1_024).fill(Number.NaN)
  readonly #process: (string | undefined)[] = []
  #loaded = false
  #startedAt: number
  /** Until this start, by the clock of then. */
  readonly #down: { readonly from: number; readonly to: number }
  /** The earliest that this start has been since, by a clock that was set. */
  #earliestStart: number
  /** Nothing that was accepted before this process was signed later. */
  readonly #since: number
  /** When a node was last alive before this start. */
  #downSince: number
  /** How far our clock is ahead of one that goes on evenly. */
  #lead: number
  #timesSet = 0
  #lastSetBy = 0
  #generations = 0
  #connectedCount = 0

  /** @param options.since when this process had the data for itself, before it listened; default: now */
  constructor(options: { clock: Clock; store: PresenceStore; lastAlive: number | undefined; since?: number }) {
    this.#clock = options.clock
    this.#store = options.store
    this.#startedAt = options.clock.now()
    this.#since = options.since ?? this.#startedAt
    this.#downSince = Math.min(options.lastAlive ?? this.#startedAt, this.#startedAt)
    this.#down = { from: this.#downSince, to: this.#startedAt }
    this.#earliestStart = this.#startedAt
    this.#lead = this.#startedAt - (options.clock.steady?.() ?? 0)
  }

  // ── hot path ───────────────────────────────────────────────────────────────────────────────────────────────────────

  admit(instanceId: string, agentTime: number, requestId: string): 'fresh' | 'stale' | 'replayed' {
    const now = this.followClock()
    const place = this.#place(instanceId)
    const host = this.#host(instanceId)
    if (host.seen.has(requestId)) return 'replayed'
    const offset = this.#offset[place] as number
    const clock: HostClock = {
      mark: this.#mark[place] as number,
      floor: host.floor,
      offset: Number.isNaN(offset) ? undefined : offset,
    }
    let verdict = judge(clock, host.evidence, agentTime, now)
    // The offset may have been learned before our own clock was set.
    if (!verdict.fresh && clock.offset !== undefined && host.timesSet !== this.#timesSet && this.#lastSetBy !== 0)
      verdict = judge({ ...clock, offset: clock.offset - this.#lastSetBy }, host.evidence, agentTime, now)
    if (!verdict.fresh) {
      host.evidence = verdict.evidence
      return 'stale'
    }
    // What was forgotten was of the clock before.
    if (verdict.jumped) host.floor = 0
    host.evidence = undefined
    host.timesSet = this.#timesSet
    this.#mark[place] = verdict.clock.mark
    this.#offset[place] = verdict.clock.offset ?? Number.NaN
    this.#remember(host, requestId, agentTime, verdict.clock.mark)
    this.#touch(place, now)
    // Once in its life: a kill cannot have it taken for a new host, whose first request is always fresh.
    if (clock.offset === undefined) void this.#writeSoon(place)
    return 'fresh'
  }

  /**
   * Where our own clock was set, moves with it what was measured by it: who was live is live, who was silent stays so
   * (design §6). To be called at least every second; costs nothing while the clock goes on evenly.
   * @returns the time
   */
  followClock(): number {
    const now = this.#clock.now()
    const steady = this.#clock.steady?.()
    if (steady === undefined || Math.abs(now - steady - this.#lead) <= SET_MS) return now
    const by = Math.round(now - steady - this.#lead)
    this.#lead += by
    this.#lastSetBy = by
    this.#timesSet += 1
    // Who counts after the next start is written as it is now, also who did not speak since this one.
    const countsFrom = this.#downSince - LIVE_MS
    this.#startedAt += by
    this.#earliestStart = Math.min(this.#earliestStart, this.#startedAt)
    this.#downSince += by
    for (let place = 0; place < this.#ids.length; place += 1) {
      const seen = this.#lastSeen[place] as number
      if (seen > 0) this.#lastSeen[place] = Math.max(1, seen + by)
      const since = this.#liveSince[place] as number
      if (since > 0) this.#liveSince[place] = Math.max(1, since + by)
      if (seen >= countsFrom) this.#dirty[place] = 1
    }
    for (const instanceId of this.#hosts.keys()) {
      const place = this.#places.get(instanceId)
      if (place !== undefined) this.#dirty[place] = 1
    }
    return now
  }

  heard(instanceId: string): void {
    const place = this.#places.get(instanceId)
    if (place !== undefined) this.#touch(place, this.followClock())
  }

  clockCorrection(instanceId: string): number {
    const place = this.#places.get(instanceId)
    const offset = place === undefined ? Number.NaN : (this.#offset[place] as number)
    return Number.isNaN(offset) ? 0 : -Math.round(offset)
  }

  connected(instanceId: string): number {
    const host = this.#host(instanceId)
    this.#place(instanceId)
    this.#generations += 1
    host.generation = this.#generations
    if (!host.connected) this.#connectedCount += 1
    host.connected = true
    return host.generation
  }

  disconnected(instanceId: string, generation: number): void {
    const host = this.#hosts.get(instanceId)
    if (host === undefined || host.generation !== generation || !host.connected) return
    host.connected = false
    this.#connectedCount -= 1
  }

  // ── what is asked of it ────────────────────────────────────────────────────────────────────────────────────────────

  /** The host's notify socket is open on this node. */
  isConnected(instanceId: string): boolean {
    return this.#hosts.get(instanceId)?.connected === true
  }

  get connectedCount(): number {
    return this.#connectedCount
  }

  /** Live hosts without a notify socket: they beat but cannot be reached. Walks all hosts that spoke to this process. */
  unreachableCount(): number {
    let count = 0
    for (const [instanceId, host] of this.#hosts)
      if (!host.connected && this.isLive(this.lastSeen(instanceId))) count += 1
    return count
  }

  /**
   * When the host was last heard, if this process knows; a host that is not loaded yet must be prefetched. Neighbours in
   * a list were mostly first heard one after the other, so the place behind the last one asked for is tried first: at a
   * million hosts that costs a tenth of the search.
   */
  lastSeen(instanceId: string): number | undefined {
    const place = this.#ids[this.#next] === instanceId ? this.#next : this.#places.get(instanceId)
    if (place !== undefined) this.#next = place + 1
    const seen = place === undefined ? 0 : (this.#lastSeen[place] as number)
    return seen === 0 ? undefined : seen
  }

  /** Judges a host by when it was last heard (design §6). Time with no node up counts against nobody. */
  isLive(lastSeenAt: number | undefined): boolean {
    if (lastSeenAt === undefined) return false
    const now = this.#clock.now()
    if (lastSeenAt >= this.#startedAt) return now - lastSeenAt <= LIVE_MS
    return now - this.#startedAt < GRACE_AFTER_START_MS && this.#downSince - lastSeenAt <= LIVE_MS
  }

  /** The host is live, and is so since then at the latest. */
  isLiveSince(instanceId: string, time: number): boolean {
    const place = this.#places.get(instanceId)
    return place !== undefined && this.isLive(this.lastSeen(instanceId)) && (this.#liveSince[place] as number) <= time
  }

  /** True while hosts are judged by what was known before the start. */
  get inGrace(): boolean {
    return this.#clock.now() - this.#startedAt < GRACE_AFTER_START_MS
  }

  /**
   * When no node was up before this start; an empty span for a new database. By the clock of then, as what is stored: no clock that is
   * set moves it.
   */
  get downtime(): { readonly from: number; readonly to: number } {
    return this.#down
  }

  /** What was stored with an earlier time was stored before this start, however the clock was set since. */
  get earliestStart(): number {
    return this.#earliestStart
  }

  /** The agent process that was last seen on the host, '' when unknown. */
  agentProcess(instanceId: string): string {
    const place = this.#places.get(instanceId)
    return place === undefined ? '' : (this.#process[place] ?? '')
  }

  /**
   * Notes the process that was heard. A new one is written before this resolves, not with the next flush: tasks are handed
   * out under its name, and behind a kill nobody could tell whether they went to it. A store that fails is flushed to later.
   */
  async seeProcess(instanceId: string, agentProcess: string): Promise<void> {
    const place = this.#place(instanceId)
    if (this.#process[place] !== agentProcess) {
      this.#process[place] = agentProcess
      this.#dirty[place] = 1
      const written = this.#writeSoon(place).finally(() => {
        if (this.#unwritten.get(place) === written) this.#unwritten.delete(place)
      })
      this.#unwritten.set(place, written)
    }
    await this.#unwritten.get(place)
  }

  /** Whether this identity was compared with the host's unfinished tasks by this server process. */
  isProcessChecked(instanceId: string, agentProcess: string): boolean {
    return this.#hosts.get(instanceId)?.checkedProcess === agentProcess
  }

  processChecked(instanceId: string, agentProcess: string): void {
    this.#host(instanceId).checkedProcess = agentProcess
  }

  /** A host that is gone. Its place stays empty. */
  forget(instanceId: string): void {
    const host = this.#hosts.get(instanceId)
    if (host?.connected === true) this.#connectedCount -= 1
    this.#hosts.delete(instanceId)
    const place = this.#places.get(instanceId)
    if (place === undefined) return
    this.#places.delete(instanceId)
    this.#ids[place] = ''
    this.#lastSeen[place] = 0
    this.#liveSince[place] = 0
    this.#dirty[place] = 0
    this.#gone.add(instanceId)
  }

  // ── loading and flushing ───────────────────────────────────────────────────────────────────────────────────────────

  /** Every host is known: nothing has to be prefetched. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** Makes these hosts known before they are asked about, while the whole is not loaded yet. */
  async prefetch(instanceIds: readonly string[]): Promise<void> {
    if (this.#loaded) return
    const unknown = instanceIds.filter((id) => !this.#places.has(id))
    if (unknown.length === 0) return
    for (const row of await this.#store.find(unknown)) this.#take(row)
  }

  /** Loads everything in slices, one a turn of the event loop. */
  async load(): Promise<void> {
    let after = -1
    for (;;) {
      const rows = await this.#store.load(after, SLICE)
      for (const row of rows) this.#take(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < SLICE) break
      after = last.slot
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#loaded = true
  }

  /** Call once before anything else: new hosts get places behind those that are stored. */
  async open(): Promise<void> {
    const last = await this.#store.lastSlot()
    this.#ids.length = last + 1
    this.#grow(last + 1)
  }

  /** Writes what changed since the last time, in storage order, in slices. */
  async flush(): Promise<void> {
    for (const instanceId of this.#gone) {
      await this.#store.remove(instanceId)
      this.#gone.delete(instanceId)
    }
    for (let from = 0; ; ) {
      const places: number[] = []
      while (places.length < SLICE) {
        const place = this.#dirty.indexOf(1, from)
        if (place < 0) break
        this.#dirty[place] = 0
        places.push(place)
        from = place + 1
      }
      if (places.length === 0) return
      try {
        await this.#inTurn(() => this.#save(places))
      } catch (cause) {
        for (const place of places) this.#dirty[place] = 1
        throw cause
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes this row without waiting for a flush, with those that came meanwhile. Resolves also when the store fails. */
  #writeSoon(place: number): Promise<void> {
    if (this.#gathered === undefined) {
      const places: number[] = []
      const write = async (): Promise<void> => {
        this.#gathered = undefined
        for (let from = 0; from < places.length; from += SLICE) await this.#save(places.slice(from, from + SLICE))
      }
      // What fails here is among what the next flush writes.
      this.#gathered = { places, written: this.#inTurn(write).catch(() => undefined) }
    }
    this.#gathered.places.push(place)
    return this.#gathered.written
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write)
    this.#writing = written.catch(() => undefined)
    return written
  }

  /** Rows as they are now; hosts that were forgotten have none. */
  async #save(places: readonly number[]): Promise<void> {
    const rows = places.filter((place) => this.#ids[place] !== '').map((place) => this.#row(place))
    if (rows.length > 0) await this.#store.save(rows)
  }

  #touch(place: number, now: number): void {
    const seen = this.#lastSeen[place] as number
    if (!this.isLive(seen === 0 ? undefined : seen)) this.#liveSince[place] = now
    this.#lastSeen[place] = now
    this.#dirty[place] = 1
  }

  #remember(host: LiveHost, requestId: string, agentTime: number, mark: number): void {
    const { seen } = host
    seen.set(requestId, agentTime)
    if (seen.size === 1) return
    let oldest: [id: string, time: number] | undefined
    for (const [id, time] of seen) {
      // Older than the window: the mark alone refuses them. Of a clock that was set back some ids lie ahead, and stay.
      if (time < mark - OVERTAKING_MS) seen.delete(id)
      else if (oldest === undefined || time < oldest[1]) oldest = [id, time]
    }
    if (seen.size <= MOST_REQUEST_IDS || oldest === undefined) return
    seen.delete(oldest[0])
    host.floor = Math.max(host.floor, oldest[1])
  }

  #host(instanceId: string): LiveHost {
    let host = this.#hosts.get(instanceId)
    if (host === undefined) {
      host = {
        seen: new Map(),
        floor: this.#storedFloor(instanceId),
        evidence: undefined,
        generation: 0,
        connected: false,
        checkedProcess: undefined,
        timesSet: 0,
      }
      this.#hosts.set(instanceId, host)
    }
    return host
  }

  /** What is known of its clock before it speaks to this process is from an earlier one. */
  #storedFloor(instanceId: string): number {
    const place = this.#places.get(instanceId)
    const offset = place === undefined ? Number.NaN : (this.#offset[place] as number)
    return floorAfterRestart(Number.isNaN(offset) ? undefined : offset, this.#since)
  }

  #place(instanceId: string): number {
    const known = this.#places.get(instanceId)
    if (known !== undefined) return known
    const place = this.#ids.length
    this.#ids.push(instanceId)
    this.#places.set(instanceId, place)
    this.#grow(place + 1)
    return place
  }

  #take(row: PresenceRow): void {
    if (this.#places.has(row.instanceId)) return
    this.#grow(row.slot + 1)
    this.#ids[row.slot] = row.instanceId
    this.#places.set(row.instanceId, row.slot)
    this.#lastSeen[row.slot] = row.lastSeenAt
    this.#mark[row.slot] = row.mark
    this.#offset[row.slot] = row.offset ?? Number.NaN
    this.#process[row.slot] = row.agentProcess
  }

  #row(place: number): PresenceRow {
    const offset = this.#offset[place] as number
    return {
      slot: place,
      instanceId: this.#ids[place] ?? '',
      lastSeenAt: this.#lastSeen[place] as number,
      mark: this.#mark[place] as number,
      offset: Number.isNaN(offset) ? undefined : Math.round(offset),
      agentProcess: this.#process[place] ?? '',
    }
  }

  #grow(size: number): void {
    if (size <= this.#lastSeen.length) return
    const length = Math.max(size, this.#lastSeen.length * 2)
    const grown = (old: Float64Array<ArrayBuffer>, fill: number): Float64Array<ArrayBuffer> => {
      const wider = new Float64Array(length).fill(fill)
      wider.set(old)
      return wider
    }
    this.#lastSeen = grown(this.#lastSeen, 0)
    this.#liveSince = grown(this.#liveSince, 0)
    this.#mark = grown(this.#mark, 0)
    this.#offset = grown(this.#offset, Number.NaN)
    const dirty = new Uint8Array(length)
    dirty.set(this.#dirty)
    this.#dirty = dirty
  }
}
