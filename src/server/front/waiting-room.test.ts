import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testDoors } from './_support.js'
import { MAX_WAITING_BYTES, START_WAIT_MS } from './limits.js'
import type { Doors } from './peer.js'
import { WaitingRoom } from './waiting-room.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const doors = testDoors([])

const room = () => {
  let open: (opened: Doors) => void = () => undefined
  let fail: (cause: Error) => void = () => undefined
  const promise = new Promise<Doors>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  const told: string[] = []
  const waiting = new WaitingRoom(promise)
  const wait = (name: string, caller = new EventEmitter(), header = ''): EventEmitter => {
    const request = { url: '/', rawHeaders: ['x', header] } as unknown as IncomingMessage
    waiting.wait(
      request,
      caller,
      () => told.push(`${name} served`),
      () => told.push(`${name} refused`),
    )
    return caller
  }
  return { waiting, told, wait, open, fail }
}

describe('what waits for the doors', () => {
  it('is served in its order once they open', async () => {
    const { waiting, told, wait, open } = room()
    const names = Array.from({ length: 250 }, (_, index) => `${index}`)
    for (const name of names) wait(name)
    expect(waiting.doors).toBeUndefined()
    open(doors)
    await vi.waitUntil(() => told.length === names.length)
    expect(told).toEqual(names.map((name) => `${name} served`))
    expect(waiting.doors).toBe(doors)
    vi.advanceTimersByTime(START_WAIT_MS)
    expect(told).toHaveLength(names.length)
  })

  it('is refused when they do not open in time, or at all', async () => {
    const { told, wait, fail } = room()
    wait('first')
    vi.advanceTimersByTime(START_WAIT_MS - 1)
    wait('second')
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['first refused'])
    fail(new Error('no store'))
    await vi.waitUntil(() => told.length === 2)
    wait('third')
    expect(told).toEqual(['first refused', 'second refused', 'third refused'])
  })

  it('takes no more memory than it may, and gives back what callers leave that go', async () => {
    const { told, wait, open } = room()
    const half = 'a'.repeat(MAX_WAITING_BYTES / 4)
    const caller = wait('first', undefined, half)
    wait('second', undefined, half)
    expect(told).toEqual(['second refused'])
    caller.emit('close')
    expect(caller.listenerCount('close')).toBe(0)
    wait('third', undefined, half)
    open(doors)
    await vi.waitUntil(() => told.length === 2)
    expect(told).toEqual(['second refused', 'third served'])
  })
})
