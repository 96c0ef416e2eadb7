import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOutputWindow, INCREMENT_LIMIT, liveShare, type OutputWindow } from './output-window.js'

const sendIncrement = (window: OutputWindow): Uint8Array => {
  const increment = window.increment()
  window.sent(increment.length)
  return increment
}

/** 58,903 bytes in lines, as in agent-capture.md §5. */
const long = Buffer.from(Array.from({ length: 3_100 }, (_, row) => `row ${row + 1} abcdefghij\n`).join('')).subarray(
  0,
  58_903,
)

describe('the output of a task', () => {
  it('goes out whole at the end when it fits the quota', () => {
    const window = createOutputWindow(12_000)
    window.write(Buffer.from('hello '))
    window.write(Buffer.from('world'))
    expect(Buffer.from(window.final().output).toString()).toBe('hello world')
    expect(window.final().dropped).toBe(0)
  })

  it('goes out whole while it is written, up to what is left for the tail', () => {
    const window = createOutputWindow(24_576)
    const text = long.subarray(0, 24_576)
    const sent: Uint8Array[] = []
    for (let at = 0; at < text.length; at += 1_000) {
      window.write(text.subarray(at, at + 1_000))
      sent.push(sendIncrement(window))
    }
    expect(Buffer.concat(sent)).toEqual(text.subarray(0, 18_432))
    expect(window.final()).toEqual({ output: text.subarray(18_432), dropped: 0 })
  })

  it.each([
    [12_000, 6_000],
    [16_777_216, 12_582_912],
  ])('of a quota of %i sends %i bytes in increments', (quota, live) => expect(liveShare(quota)).toBe(live))

  it('is cut in the middle when increments went out and the quota is exceeded', () => {
    const window = createOutputWindow(12_000)
    window.write(long)
    const increments = [sendIncrement(window), sendIncrement(window), sendIncrement(window)]
    expect(increments.map(({ length }) => length)).toEqual([2_048, 2_048, 1_904])
    expect(sendIncrement(window)).toHaveLength(0)
    const { output, dropped } = window.final()
    expect(dropped).toBe(46_903)
    expect(Buffer.from(output)).toEqual(long.subarray(-6_000))
  })

  it('of a quota of 16 MiB goes out 64 KiB at a time, also when it waited', () => {
    const window = createOutputWindow(16_777_216)
    for (let piece = 0; piece < 400; piece++) window.write(long)
    const sent: Uint8Array[] = []
    for (let piece = sendIncrement(window); piece.length > 0; piece = sendIncrement(window)) sent.push(piece)
    expect(sent[0]).toHaveLength(65_536)
    const head = Buffer.concat(sent)
    expect(head.length).toBe(12_582_912)
    expect(head.subarray(58_903, 117_806).equals(long)).toBe(true)
    expect(window.final().dropped).toBe(400 * 58_903 - 16_777_216)
  })

  it('keeps only the tail when nothing went out before', () => {
    const window = createOutputWindow(24_000)
    window.write(long)
    const { output, dropped } = window.final()
    expect(Buffer.from(output)).toEqual(long.subarray(-24_000))
    expect(dropped).toBe(34_903)
  })

  it('never keeps less than 12,000 bytes, whatever the quota says', () => {
    for (const quota of [0, -5, 11_999, Number.NaN]) {
      const window = createOutputWindow(Number.isNaN(quota) ? 0 : quota)
      window.write(long)
      expect(window.final().output).toHaveLength(12_000)
    }
  })

  it('splits no character at either side of the gap, and counts every byte that is missing', () => {
    const text = Buffer.from('中'.repeat(20_000))
    const window = createOutputWindow(12_001)
    window.write(text)
    const increments: Uint8Array[] = []
    for (let increment = sendIncrement(window); increment.length > 0; increment = sendIncrement(window)) {
      increments.push(increment)
    }
    const { output, dropped } = window.final()
    for (const piece of [...increments, output]) expect(Buffer.from(piece).toString()).not.toContain('\uFFFD')
    const sent = increments.reduce((sum, { length }) => sum + length, 0)
    expect(sent + output.length + dropped).toBe(text.length)
  })

  it('is accounted for byte by byte, however it is written and sent', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 5_000 }), fc.constant('increment' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 12_000, max: 40_000 }), (steps, quota) => {
        const window = createOutputWindow(quota)
        const written: Uint8Array[] = []
        const sent: Uint8Array[] = []
        for (const next of steps) {
          if (next === 'increment') {
            const increment = sendIncrement(window)
            expect(increment.length).toBeLessThanOrEqual(INCREMENT_LIMIT)
            sent.push(increment)
          } else {
            window.write(next)
            written.push(next)
          }
        }
        const all = Buffer.concat(written)
        const head = Buffer.concat(sent)
        const { output, dropped } = window.final()
        expect(head.length).toBeLessThanOrEqual(liveShare(quota))
        expect(all.subarray(0, head.length)).toEqual(head)
        expect(all.subarray(all.length - output.length)).toEqual(Buffer.from(output))
        expect(head.length + dropped + output.length).toBe(all.length)
        expect(head.length + output.length).toBeLessThanOrEqual(quota)
        expect(dropped === 0 || head.length + output.length > quota - 4).toBe(true)
      }),
    )
  })
})
