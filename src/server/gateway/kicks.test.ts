import { describe, expect, it } from 'vitest'
import { Kicks, TICK_MS } from './kicks.js'

/** Kicks with time and turns of the event loop in hand. */
class Desk {
  readonly sent: { at: number; instanceId: string }[] = []
  readonly work = new Set<string>()
  readonly connected = new Set<string>()
  readonly failures: unknown[] = []
  broken = false
  now = 0
  elapsed = 0
  turns: (() => void)[] = []
  readonly kicks = new Kicks({
    send: (instanceId) => {
      if (!this.connected.has(instanceId)) return false
      this.sent.push({ at: this.now, instanceId })
      return true
    },
    hasWork: async (instanceId) => {
      if (this.broken) throw new Error('the store is away')
      return this.work.has(instanceId)
    },
    failed: (error) => this.failures.push(error),
    later: (run) => this.turns.push(run),
    elapsed: () => this.elapsed,
  })

  host(instanceId: string): string {
    this.connected.add(instanceId)
    this.work.add(instanceId)
    return instanceId
  }

  turn(): void {
    for (const run of this.turns.splice(0)) run()
  }

  /** Turns of a length until nothing more is to be done. @returns kicks in each */
  drain(milliseconds = 0): number[] {
    const perTurn: number[] = []
    while (this.turns.length > 0) {
      const before = this.sent.length
      this.elapsed += milliseconds
      this.turn()
      perTurn.push(this.sent.length - before)
    }
    return perTurn
  }

  async settle(): Promise<void> {
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    this.turn()
  }

  async pass(seconds: number): Promise<void> {
    for (let ticks = (seconds * 1_000) / TICK_MS; ticks > 0; ticks--) {
      this.now += TICK_MS / 1_000
      this.kicks.advance()
      await this.settle()
    }
  }

  times(): number[] {
    return this.sent.map(({ at }) => at)
  }
}

describe('kicks', () => {
  it('are repeated after 2, 5, 10, 20 and 40 s while the task is not asked for, and then no more', async () => {
    const desk = new Desk()
    desk.kicks.want(desk.host('mi-1'))
    desk.turn()
    await desk.pass(120)
    expect(desk.times()).toEqual([0, 2, 5, 10, 20, 40])
    expect(desk.kicks.waiting).toBe(0)
  })

  it('end with the fetch', async () => {
    const desk = new Desk()
    desk.kicks.want(desk.host('mi-1'))
    desk.turn()
    await desk.pass(3)
    desk.kicks.fetched('mi-1')
    await desk.pass(60)
    expect(desk.times()).toEqual([0, 2])
    expect(desk.kicks.waiting).toBe(0)
  })

  it('end when no work is left, such as after a deadline', async () => {
    const desk = new Desk()
    desk.kicks.want(desk.host('mi-1'))
    desk.turn()
    desk.work.delete('mi-1')
    await desk.pass(60)
    expect(desk.times()).toEqual([0])
    expect(desk.kicks.waiting).toBe(0)
  })

  it('are not sent twice while one waits for its fetch', async () => {
    const desk = new Desk()
    const host = desk.host('mi-1')
    desk.kicks.want(host)
    desk.kicks.want(host)
    desk.turn()
    desk.kicks.want(host)
    desk.turn()
    expect(desk.times()).toEqual([0])
    await desk.pass(2)
    expect(desk.times()).toEqual([0, 2])
  })

  it('of a later task come soon again, although an earlier one is hardly repeated any more', async () => {
    const desk = new Desk()
    const host = desk.host('mi-1')
    desk.kicks.want(host)
    desk.turn()
    await desk.pass(25)
    desk.kicks.want(host)
    await desk.pass(60)
    expect(desk.times()).toEqual([0, 2, 5, 10, 20, 27, 30, 35, 45, 65])
  })

  it('cannot be put off for ever by new work', async () => {
    const desk = new Desk()
    const host = desk.host('mi-1')
    desk.kicks.want(host)
    desk.turn()
    for (let second = 0; second < 10; second++) {
      await desk.pass(1)
      desk.kicks.want(host)
    }
    expect(desk.times().length).toBeGreaterThanOrEqual(5)
  })

  it('are sent again for work that came after the fetch', async () => {
    const desk = new Desk()
    const host = desk.host('mi-1')
    desk.kicks.want(host)
    desk.turn()
    desk.kicks.fetched(host)
    desk.kicks.want(host)
    desk.turn()
    expect(desk.times()).toEqual([0, 0])
  })

  it('of a host that has gone are forgotten', async () => {
    const desk = new Desk()
    desk.kicks.want(desk.host('mi-1'))
    desk.turn()
    desk.kicks.closed('mi-1')
    desk.kicks.want(desk.host('mi-2'))
    desk.connected.delete('mi-2')
    desk.turn()
    await desk.pass(60)
    expect(desk.sent).toHaveLength(1)
    expect(desk.kicks.waiting).toBe(0)
  })

  it('of a large invocation are written some at a time', () => {
    const desk = new Desk()
    for (let index = 0; index < 200; index++) desk.kicks.want(desk.host(`mi-${index}`))
    expect(desk.sent).toHaveLength(0)
    expect(desk.drain()).toEqual([64, 64, 64, 8])
  })

  it('become fewer while turns of the event loop are long, and more when those are short again', () => {
    const desk = new Desk()
    for (let index = 0; index < 250; index++) desk.kicks.want(desk.host(`mi-${index}`))
    expect(desk.drain(20).slice(0, 7)).toEqual([64, 32, 16, 8, 4, 4, 4])
    for (let index = 0; index < 250; index++) desk.kicks.fetched(`mi-${index}`)
    for (let index = 0; index < 60; index++) desk.kicks.want(desk.host(`mi-${index}`))
    expect(desk.drain(1).slice(0, 4)).toEqual([4, 5, 6, 7])
  })

  it('of a large invocation wait for fetches of the first ones, but not for hosts that are silent', async () => {
    const desk = new Desk()
    for (let index = 0; index < 1_000; index++) desk.kicks.want(desk.host(`mi-${index}`))
    desk.drain()
    expect(desk.sent).toHaveLength(256)
    for (let index = 0; index < 10; index++) desk.kicks.fetched(`mi-${index}`)
    desk.kicks.closed('mi-10')
    desk.drain()
    expect(desk.sent).toHaveLength(267)
    await desk.pass(1.25)
    desk.drain()
    expect(desk.sent.length).toBeGreaterThanOrEqual(2 * 256)
    await desk.pass(4)
    desk.drain()
    expect(new Set(desk.sent.map(({ instanceId }) => instanceId)).size).toBe(1_000)
    for (let index = 0; index < 1_000; index++) desk.kicks.fetched(`mi-${index}`)
    await desk.pass(60)
    expect(desk.kicks.waiting).toBe(0)
    for (let index = 0; index < 256; index++) desk.kicks.want(`mi-${index}`)
    desk.sent.length = 0
    desk.drain()
    expect(desk.sent).toHaveLength(256)
  })

  it('are repeated rather than dropped while the store cannot be asked', async () => {
    const desk = new Desk()
    desk.broken = true
    desk.kicks.want(desk.host('mi-1'))
    desk.turn()
    await desk.pass(60)
    expect(desk.times()).toEqual([0, 2, 5, 10, 20, 40])
    expect(desk.failures.length).toBeGreaterThan(0)
  })
})
