import { describe, expect, it } from 'vitest'
import { humanLine, logText } from './log-line.js'
import { type LogOptions, openLogs } from './log.js'

const open = (options: Partial<LogOptions> = {}) => {
  const lines: string[] = []
  const log = openLogs({ level: 'info', human: false, write: (line) => lines.push(line), ...options })
  return { lines, log, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

describe('a log line', () => {
  it('is one JSON object with time, room, message and fields', () => {
    const { log, last } = open()
    log('gateway').info('a host registered', { instanceId: 'mi-1', address: undefined, count: 2 })
    expect(last()).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      room: 'gateway',
      instanceId: 'mi-1',
      count: 2,
      msg: 'a host registered',
    })
  })

  it('is written from its level on', () => {
    const { log, lines } = open({ level: 'warn' })
    const room = log('api')
    room.debug('a')
    room.info('b')
    expect(lines).toEqual([])
    room.warn('c')
    room.error('d')
    expect(lines).toHaveLength(2)
  })

  it('holds no control character that a host sent, and is bounded', () => {
    const { log, lines, last } = open()
    log('gateway').warn('malformed', { reason: '\u001b[2J\u009b31m\u202eevil\nline', deep: { text: 'x\u0007' } })
    expect(lines[0]).not.toMatch(/[\u007f-\u009f\u202e]/)
    expect(last()['reason']).toBe('\\u001b[2J\\u009b31m\\u202eevil\nline')
    log('gateway').warn('malformed', { reason: 'y'.repeat(1_000_000), deep: { list: Array(100_000).fill('z') } })
    expect(lines[1]?.length).toBeLessThan(3_000)
  })

  it('tells an error with its causes, and nothing that a driver hangs on it', () => {
    const { log, last, lines } = open()
    const driver = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (secret)=(hunter2)' })
    log('server').error('failed', { error: new Error('cannot save', { cause: driver }) })
    expect(last()['error']).toMatchObject({
      message: 'cannot save',
      cause: { message: 'duplicate key', code: '23505' },
    })
    expect(lines[0]).not.toContain('hunter2')
  })

  it('reads as a line at a terminal', () => {
    const { log, lines } = open({ human: true })
    log('front').warn('request refused', { reason: 'host', text: 'a b', escape: '\u001b[31m' })
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d WARN {2}front: request refused reason=host text="a b" escape=\S+\n$/)
    expect(lines[0]).not.toContain('\u001b')
    expect(humanLine('{"level":50,"time":"2026-01-01T01:02:03.000Z","room":"x","msg":"m"}')).toBe(
      '01:02:03 ERROR x: m\n',
    )
  })

  it('cuts a text and says how long it was', () => {
    expect(logText('abcdef', 3)).toBe('abc… (6 characters)')
  })
})

describe('lines that peers can cause', () => {
  it('have a limit for each message, and the next line says how many were left out', () => {
    let now = 0
    const { log, lines, last } = open({ now: () => now })
    const room = log('front')
    for (let index = 0; index < 10_000; index += 1) room.warn('refused')
    const burst = lines.length
    expect(burst).toBeLessThan(1_000)
    room.warn('something else')
    expect(lines).toHaveLength(burst + 1)
    now += 1_000
    room.warn('refused')
    expect(last()).toMatchObject({ msg: 'refused', linesLeftOut: 10_000 - burst })
    room.warn('refused')
    expect(last()).not.toHaveProperty('linesLeftOut')
  })

  it('cannot make the memory of the limit grow', () => {
    const { log, lines } = open({ now: () => 0 })
    for (let index = 0; index < 50_000; index += 1) log('x').warn(`message ${index}`)
    expect(lines.length).toBeLessThan(2_000)
  })
})
