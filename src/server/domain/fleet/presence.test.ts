import { describe, expect, it } from 'vitest'
import { PresenceTable } from './presence.js'
import type { PresenceRow, PresenceStore } from './presence-store.js'

/** A store in memory: a fake peer of the table, over the same interface as the two real ones. */
const memoryStore = (
  rows: PresenceRow[] = [],
): PresenceStore & { rows: Map<number, PresenceRow>; saves: number[][] } => {
  const kept = new Map(rows.map((row) => [row.slot, row]))
  const saves: number[][] = []
  return {
    rows: kept,
    saves,
    load: async (after, limit) =>
      [...kept.values()]
        .filter((row) => row.slot > after)
        .sort((a, b) => a.slot - b.slot)
        .slice(0, limit),
    find: async (ids) => [...kept.values()].filter((row) => ids.includes(row.instanceId)),
    lastSlot: async () => Math.max(-1, ...kept.keys()),
    async save(changed) {
      saves.push(changed.map((row) => row.slot))
      for (const row of changed) kept.set(row.slot, row)
    },
    async remove(instanceId) {
      for (const [slot, row] of kept) if (row.instanceId === instanceId) kept.delete(slot)
    },
    alive: async () => undefined,
    lastAlive: async () => undefined,
  }
}

const open = async (store = memoryStore(), startAt = 1_000_000_000) => {
  const clock = { time: startAt, now: () => clock.time }
  const table = new PresenceTable({ clock, store, lastAlive: startAt })
  await table.open()
  return { table, clock, store }
}

describe('presence', () => {
  it('takes a request id once', async () => {
    const { table, clock } = await open()
    expect(table.admit('mi-1', clock.time, 'a')).toBe('fresh')
    expect(table.admit('mi-1', clock.time, 'a')).toBe('replayed')
    expect(table.admit('mi-2', clock.time, 'a')).toBe('fresh')
  })

  it('knows since when a host is live without a gap', async () => {
    const { table, clock, store } = await open()
    const begin = clock.time
    table.admit('mi-1', clock.time, 'a')
    clock.time += 100_000
    table.admit('mi-1', clock.time, 'b')
    expect(table.isLiveSince('mi-1', begin)).toBe(true)
    expect(table.isLiveSince('mi-1', begin - 1)).toBe(false)
    expect(table.isLiveSince('mi-2', clock.time)).toBe(false)
    clock.time += 121_000
    expect(table.isLiveSince('mi-1', clock.time)).toBe(false)
    const back = clock.time
    table.admit('mi-1', back, 'c')
    expect(table.isLiveSince('mi-1', back - 1)).toBe(false)
    expect(table.isLiveSince('mi-1', back)).toBe(true)
    await table.flush()
    const again = await open(store, back + 30_000)
    await again.table.load()
    // It was live when the server before ended, and counts as that until it could have spoken.
    again.table.admit('mi-1', again.clock.time, 'd')
    expect(again.table.isLiveSince('mi-1', back)).toBe(true)
    const late = await open(store, back + 300_000)
    await late.table.load()
    late.table.admit('mi-1', late.clock.time, 'e')
    expect(late.table.isLiveSince('mi-1', late.clock.time - 1)).toBe(false)
  })

  it('an id that was forgotten is refused by the mark, not by memory', async () => {
    const { table, clock } = await open()
    const first = clock.time
    expect(table.admit('mi-1', first, 'a')).toBe('fresh')
    clock.time += 20_000
    expect(table.admit('mi-1', clock.time, 'b')).toBe('fresh')
    expect(table.admit('mi-1', first, 'a')).not.toBe('fresh')
  })

  it('a host that sends more ids than are kept cannot have one accepted twice', async () => {
    const { table, clock } = await open()
    for (let count = 0; count < 2_000; count += 1)
      expect(table.admit('mi-1', clock.time + count, `id-${count}`)).toBe('fresh')
    for (let count = 0; count < 2_000; count += 1)
      expect(table.admit('mi-1', clock.time + count, `id-${count}`)).not.toBe('fresh')
  })

  /** Sends a request of the host every so often. @returns the verdicts */
  const steadily = (
    { table, clock }: Awaited<ReturnType<typeof open>>,
    how: { times: number; every: number; ahead: number },
  ): string[] =>
    Array.from({ length: how.times }, () => {
      clock.time += how.every
      return table.admit('mi-1', clock.time + how.ahead, `id-${clock.time}-${how.ahead}`)
    })

  it('a host whose clock was set back is heard for good, once it is believed', async () => {
    const world = await open()
    steadily(world, { times: 3, every: 1_000, ahead: 86_400_000 })
    expect(steadily(world, { times: 3, every: 55_000, ahead: 0 })).toEqual(['stale', 'stale', 'fresh'])
    expect(new Set(steadily(world, { times: 2_000, every: 1_000, ahead: 0 }))).toEqual(new Set(['fresh']))
  })

  it('ids from before a clock was set back are still refused when the clock comes there again', async () => {
    const world = await open()
    const { table, clock } = world
    const ahead = clock.time + 3_600_000
    expect(table.admit('mi-1', ahead, 'ahead')).toBe('fresh')
    steadily(world, { times: 60, every: 55_000, ahead: 0 })
    clock.time = ahead
    expect(table.admit('mi-1', ahead, 'ahead')).toBe('replayed')
  })

  it('a host that had ids forgotten is believed again when its clock is set back', async () => {
    const world = await open()
    steadily(world, { times: 600, every: 1, ahead: 0 })
    expect(steadily(world, { times: 3, every: 55_000, ahead: -7_200_000 })).toEqual(['stale', 'stale', 'fresh'])
  })

  it('a series of old signatures of a live host is never believed', async () => {
    const world = await open()
    const { table, clock } = world
    steadily(world, { times: 1, every: 0, ahead: 0 })
    const verdicts = Array.from({ length: 600 }, (_, second) => {
      clock.time += 1_000
      if (second % 65 === 64) table.admit('mi-1', clock.time, `beat-${second}`)
      return table.admit('mi-1', clock.time - 7_200_000, `captured-${second}`)
    })
    expect(new Set(verdicts)).toEqual(new Set(['stale']))
  })

  it('flushes what changed, once, in storage order', async () => {
    const { table, clock, store } = await open()
    for (const id of ['c', 'a', 'b']) table.admit(id, clock.time, id)
    await table.flush()
    store.saves.length = 0
    for (const id of ['a', 'b', 'c']) table.heard(id)
    await table.flush()
    await table.flush()
    expect(store.saves).toEqual([[0, 1, 2]])
  })

  it('what a failing store did not take is flushed the next time', async () => {
    const { table, clock, store } = await open()
    const save = store.save.bind(store)
    store.save = () => Promise.reject(new Error('disk'))
    table.admit('a', clock.time, 'x')
    await expect(table.flush()).rejects.toThrow('disk')
    store.save = save
    await table.flush()
    expect(store.saves).toEqual([[0]])
  })

  it('a host is known by a point read before all are loaded, its mark too', async () => {
    const store = memoryStore([
      { slot: 0, instanceId: 'mi-1', lastSeenAt: 999_999_990, mark: 999_999_990, offset: 0, agentProcess: '7@1@1' },
    ])
    const { table, clock } = await open(store)
    await table.prefetch(['mi-1'])
    expect(table.isLive(table.lastSeen('mi-1'))).toBe(true)
    expect(table.agentProcess('mi-1')).toBe('7@1@1')
    expect(table.admit('mi-1', clock.time - 900_000, 'old')).toBe('stale')
  })

  it('new hosts get places behind the stored ones', async () => {
    const store = memoryStore([{ slot: 41, instanceId: 'mi-1', lastSeenAt: 1, mark: 1, offset: 0, agentProcess: '' }])
    const { table, clock } = await open(store)
    table.admit('mi-2', clock.time, 'a')
    await table.load()
    await table.flush()
    expect(store.rows.get(42)?.instanceId).toBe('mi-2')
    expect(store.rows.get(41)?.instanceId).toBe('mi-1')
  })

  it('a late disconnect does not erase a newer connection', async () => {
    const { table } = await open()
    const old = table.connected('mi-1')
    const newer = table.connected('mi-1')
    table.disconnected('mi-1', old)
    expect(table.isConnected('mi-1')).toBe(true)
    expect(table.connectedCount).toBe(1)
    table.disconnected('mi-1', newer)
    expect(table.isConnected('mi-1')).toBe(false)
    expect(table.connectedCount).toBe(0)
  })

  it('counts live hosts without a socket', async () => {
    const { table, clock } = await open()
    table.admit('mi-1', clock.time, 'a')
    table.admit('mi-2', clock.time, 'a')
    table.connected('mi-2')
    expect(table.unreachableCount()).toBe(1)
  })

  it('turns what an agent says into times of ours', async () => {
    const { table, clock } = await open()
    table.admit('mi-1', clock.time + 5_000, 'a')
    expect(table.clockCorrection('mi-1')).toBe(-5_000)
  })

  it('was heard when it was heard here, whatever its own clock says', async () => {
    const { table, clock, store } = await open()
    table.admit('mi-1', clock.time + 86_400_000, 'a')
    expect(table.lastSeen('mi-1')).toBe(clock.time)
    await table.flush()
    expect(store.rows.get(0)?.lastSeenAt).toBe(clock.time)
  })

  it('the row of a host that is gone is removed with the next flush', async () => {
    const { table, clock, store } = await open()
    table.admit('mi-1', clock.time, 'a')
    await table.flush()
    expect(store.rows.size).toBe(1)
    table.forget('mi-1')
    await table.flush()
    expect(store.rows.size).toBe(0)
  })

  it('forgets a host that is gone', async () => {
    const { table, clock, store } = await open()
    table.admit('mi-1', clock.time, 'a')
    table.forget('mi-1')
    await table.flush()
    expect(store.rows.size).toBe(0)
    expect(table.lastSeen('mi-1')).toBeUndefined()
  })

  it('writes the first word of hosts at once, those that came together with one another', async () => {
    const { table, clock, store } = await open()
    for (const id of ['a', 'b', 'c']) table.admit(id, clock.time, id)
    await new Promise((resolve) => setImmediate(resolve))
    expect(store.saves).toEqual([[0, 1, 2]])
    expect([...store.rows.values()].map(({ offset }) => offset)).toEqual([0, 0, 0])
    table.admit('a', clock.time + 1, 'another')
    await new Promise((resolve) => setImmediate(resolve))
    expect(store.saves).toHaveLength(1)
  })

  it('has written a new process when that was taken note of, and writes none twice', async () => {
    const { table, clock, store } = await open()
    for (const id of ['a', 'b', 'c']) table.admit(id, clock.time, id)
    await table.flush()
    store.saves.length = 0
    await Promise.all(['a', 'b', 'c'].map((id) => table.seeProcess(id, `${id}@1@1`)))
    expect(store.saves).toEqual([[0, 1, 2]])
    expect([...store.rows.values()].map(({ agentProcess }) => agentProcess)).toEqual(['a@1@1', 'b@1@1', 'c@1@1'])
    await table.seeProcess('a', 'a@1@1')
    expect(store.saves).toHaveLength(1)
  })

  it('a flush that began before does not land on what was written since', async () => {
    const { table, clock, store } = await open()
    table.admit('a', clock.time, 'x')
    const save = store.save.bind(store)
    const held: (() => void)[] = []
    store.save = async (rows) => {
      await new Promise<void>((resolve) => held.push(resolve))
      await save(rows)
    }
    const flushed = table.flush()
    const seen = table.seeProcess('a', '1@1@1')
    // Told once more: that waits for the same.
    const again = table.seeProcess('a', '1@1@1').then(() => 'again')
    expect(await Promise.race([again, new Promise((resolve) => setImmediate(resolve))])).toBeUndefined()
    const done = Promise.all([flushed, seen, again]).then(() => 'done')
    for (;;) {
      // The newest write is let go first.
      held.pop()?.()
      if ((await Promise.race([done, new Promise((resolve) => setImmediate(resolve))])) === 'done') break
    }
    expect([...store.rows.values()].map(({ agentProcess }) => agentProcess)).toEqual(['1@1@1'])
  })

  it('a store that fails keeps no process from being taken note of', async () => {
    const { table, clock, store } = await open()
    const save = store.save.bind(store)
    store.save = () => Promise.reject(new Error('disk'))
    table.admit('a', clock.time, 'x')
    await table.seeProcess('a', '1@1@1')
    expect(table.agentProcess('a')).toBe('1@1@1')
    store.save = save
    await table.flush()
    expect([...store.rows.values()].map(({ agentProcess }) => agentProcess)).toEqual(['1@1@1'])
  })
})

describe('after a kill', () => {
  /** A table that was never flushed, and the one of the next process on the same store. */
  const killed = async (skewMs: number) => {
    const { table, clock, store } = await open(memoryStore(), 1_800_000_000_000)
    const agentTime = (): number => clock.time + skewMs
    // The last flush knows the host; what comes after it is in memory only.
    expect(table.admit('mi-1', agentTime(), 'first')).toBe('fresh')
    await table.flush()
    const accepted: [number, string][] = []
    for (let count = 0; count < 10; count += 1) {
      clock.time += 190
      accepted.push([agentTime(), `id-${count}`])
    }
    for (const [time, id] of accepted) expect(table.admit('mi-1', time, id)).toBe('fresh')
    clock.time += 300
    const { table: next, clock: later } = await open(store, clock.time)
    await next.prefetch(['mi-1'])
    return { next, clock: later, agentTime: () => later.time + skewMs, accepted }
  }

  it.each([0, -3_600_000, 7_200_000])(
    'nothing that was accepted is accepted again, and nothing that is new is refused; its clock is %d ms off',
    async (skewMs) => {
      const { next, agentTime, accepted } = await killed(skewMs)
      for (const [time, id] of accepted) expect(next.admit('mi-1', time, id)).toBe('stale')
      expect(next.admit('mi-1', agentTime(), 'new')).toBe('fresh')
      expect(next.admit('mi-1', agentTime(), 'new')).toBe('replayed')
      for (const [time, id] of accepted) expect(next.admit('mi-1', time, id)).toBe('stale')
    },
  )

  it('the first word of a new host is not taken for that of another new host', async () => {
    const { table, clock, store } = await open()
    expect(table.admit('mi-1', clock.time - 5_000, 'only')).toBe('fresh')
    clock.time += 300
    const next = (await open(store, clock.time)).table
    await next.prefetch(['mi-1'])
    expect(next.admit('mi-1', clock.time - 5_300, 'only')).toBe('stale')
    expect(next.admit('mi-1', clock.time - 5_000, 'new')).toBe('fresh')
  })

  it('the process that was heard last is known', async () => {
    const { table, clock, store } = await open()
    table.admit('mi-1', clock.time, 'first')
    await table.seeProcess('mi-1', '100@1@1')
    const next = (await open(store, clock.time)).table
    await next.prefetch(['mi-1'])
    expect(next.agentProcess('mi-1')).toBe('100@1@1')
    expect(next.isProcessChecked('mi-1', '100@1@1')).toBe(false)
  })

  it('a host whose clock was set back while nobody was there is believed again', async () => {
    const { next, clock, agentTime } = await killed(0)
    const back = -3_600_000
    const verdicts = [0, 60_000, 60_000].map((pause) => {
      clock.time += pause
      return next.admit('mi-1', agentTime() + back, `after-${clock.time}`)
    })
    expect(verdicts).toEqual(['stale', 'stale', 'fresh'])
    expect(next.admit('mi-1', agentTime() + back + 1, 'and-goes-on')).toBe('fresh')
  })
})

describe('a clock that is set', () => {
  const HOUR = 3_600_000

  /** A table with two hosts: one that beats and one that has been silent for three minutes. */
  const world = async () => {
    const clock = {
      time: 1_800_000_000_000,
      even: 0,
      now: () => clock.time,
      steady: () => clock.even,
    }
    const pass = (milliseconds: number): void => {
      clock.time += milliseconds
      clock.even += milliseconds
    }
    const store = memoryStore()
    const table = new PresenceTable({ clock, store, lastAlive: clock.time })
    await table.open()
    table.admit('silent', clock.time, 'a')
    pass(180_000)
    table.admit('beats', clock.time, 'a')
    pass(30_000)
    const isLive = (id: string): boolean => table.isLive(table.lastSeen(id))
    return { table, clock, pass, isLive, store }
  }

  it.each([2 * HOUR, -2 * HOUR])('on the server by %d ms changes nobody’s state, and refuses nobody', async (by) => {
    const { table, clock, pass, isLive, store } = await world()
    const agentTime = clock.time
    clock.time += by
    table.followClock()
    expect([isLive('beats'), isLive('silent')]).toEqual([true, false])
    // Its agent's clock was not set; it is learned anew with the next request.
    expect(table.admit('beats', agentTime + 1, 'b')).toBe('fresh')
    expect(table.clockCorrection('beats')).toBe(by - 1)
    expect(table.admit('beats', agentTime - 60_000, 'old')).toBe('stale')
    pass(119_000)
    expect([isLive('beats'), isLive('silent')]).toEqual([true, false])
    pass(2_000)
    expect(isLive('beats')).toBe(false)
    await table.flush()
    expect(store.rows.get(1)?.lastSeenAt).toBe(clock.time - 121_000)
  })

  it('on the server and its hosts at once refuses nobody either, such as after a pause of the machine', async () => {
    const { table, clock, isLive } = await world()
    clock.time += 2 * HOUR
    table.followClock()
    expect(table.admit('beats', clock.time, 'b')).toBe('fresh')
    expect(isLive('beats')).toBe(true)
  })

  it.each([2 * HOUR, -2 * HOUR])('on a host by %d ms leaves it live while its socket answers', async (by) => {
    const { table, clock, pass, isLive } = await world()
    const verdicts: string[] = []
    for (let second = 30; second <= 240; second += 30) {
      pass(30_000)
      table.heard('beats')
      expect(isLive('beats')).toBe(true)
      if (second % 60 === 0) verdicts.push(table.admit('beats', clock.time + by, `after-${second}`))
    }
    expect(verdicts).toEqual(['stale', 'stale', 'fresh', 'fresh'])
  })

  it('goes unnoticed when it is only corrected a little', async () => {
    const { table, clock, isLive } = await world()
    clock.time += 4_000
    table.followClock()
    expect(table.admit('beats', clock.time, 'b')).toBe('fresh')
    expect([isLive('beats'), isLive('silent')]).toEqual([true, false])
  })
})
