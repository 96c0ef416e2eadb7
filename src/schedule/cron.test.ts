import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCron } from './cron-fields.js'
import { nextRun } from './cron.js'
import { parseWireSchedule, type WireSchedule } from './wire-schedule.js'
import { UTC, zoneOf } from './zone.js'

const cronOf = (text: string) => {
  const cron = parseCron(text.split(' '), 'wire')
  if (cron === undefined) throw new Error(`${text} is malformed`)
  return cron
}

/** Runs after a moment, as ISO text without milliseconds. */
const runs = (text: string, zoneName: string, after: string, amount: number): readonly string[] => {
  const zone = zoneOf(zoneName)
  if (zone === undefined) throw new Error(`no zone ${zoneName}`)
  const found: string[] = []
  let at: number | undefined = Date.parse(after)
  for (let index = 0; index < amount && at !== undefined; index++) {
    at = nextRun(cronOf(text), zone, at)
    if (at !== undefined) found.push(new Date(at).toISOString().slice(0, 19))
  }
  return found
}

describe('a cron schedule fires', () => {
  it.each([
    [
      '0 */20 * * * *',
      'UTC',
      '2026-11-24T12:00:00Z',
      ['2026-11-24T12:20:00', '2026-11-24T12:40:00', '2026-11-24T13:00:00'],
    ],
    ['5/20 * * * * *', 'UTC', '2026-11-24T12:00:05.5Z', ['2026-11-24T12:00:25', '2026-11-24T12:00:45']],
    ['0 0 12 ? * 1', 'UTC', '2026-11-24T12:00:00Z', ['2026-11-30T12:00:00', '2026-12-07T12:00:00']],
    ['0 0 12 ? * 0', 'UTC', '2026-11-24T12:00:00Z', ['2026-11-29T12:00:00']],
    ['0 0 12 ? * 7', 'UTC', '2026-11-24T12:00:00Z', ['2026-11-29T12:00:00']],
    ['0 0 12 ? * 5L', 'UTC', '2026-11-01T00:00:00Z', ['2026-11-27T12:00:00', '2026-12-25T12:00:00']],
    ['0 0 12 ? * 2#5', 'UTC', '2026-11-01T00:00:00Z', ['2026-12-29T12:00:00']],
    ['0 0 0 L * ?', 'UTC', '2028-01-31T00:00:00Z', ['2028-02-29T00:00:00', '2028-03-31T00:00:00']],
    [
      '0 0 0 LW * ?',
      'UTC',
      '2026-10-31T00:00:00Z',
      ['2026-11-30T00:00:00', '2026-12-31T00:00:00', '2027-01-29T00:00:00'],
    ],
    ['0 0 0 1W * ?', 'UTC', '2026-10-31T00:00:00Z', ['2026-11-02T00:00:00', '2026-12-01T00:00:00']],
    ['0 0 0 15W 8 ?', 'UTC', '2026-01-01T00:00:00Z', ['2026-08-14T00:00:00']],
    ['0 0 0 31W 10 ?', 'UTC', '2027-01-01T00:00:00Z', ['2027-10-29T00:00:00']],
    ['0 0 0 29 2 ?', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
    ['0 0 0 13 * 5', 'UTC', '2026-11-10T00:00:00Z', ['2026-11-13T00:00:00', '2026-11-20T00:00:00']],
    ['0 0 12 * * ? 2027', 'UTC', '2026-11-24T00:00:00Z', ['2027-01-01T12:00:00']],
    ['0 0 8 * * ?', 'Asia/Shanghai', '2026-11-24T00:00:00Z', ['2026-11-25T00:00:00']],
    ['0 30 8 * * ?', 'GMT-3:30', '2026-11-24T00:00:00Z', ['2026-11-24T12:00:00']],
    // Clocks go from 02:00 to 03:00 on 29 March, and from 03:00 to 02:00 on 25 October.
    ['0 30 2 * * ?', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:30:00', '2026-03-30T00:30:00']],
    ['0 30 2 * * ?', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:30:00', '2026-10-26T01:30:00']],
    [
      '0 */30 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:59:00Z',
      [
        '2026-10-25T00:00:00',
        '2026-10-25T00:30:00',
        '2026-10-25T01:00:00',
        '2026-10-25T01:30:00',
        '2026-10-25T02:00:00',
      ],
    ],
    [
      '0 */30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:20:00Z',
      ['2026-03-29T00:30:00', '2026-03-29T01:00:00', '2026-03-29T01:30:00'],
    ],
  ] as const)('%s in %s', (text, zone, after, expected) => {
    expect(runs(text, zone, after, expected.length)).toEqual(expected)
  })

  it('no more behind its last year', () => {
    expect(runs('0 0 12 * * ? 2026', 'UTC', '2026-12-31T11:59:59Z', 2)).toEqual(['2026-12-31T12:00:00'])
    expect(runs('0 0 12 30 2 ?', 'UTC', '2026-12-31T11:59:59Z', 1)).toEqual([])
  })

  it('when its fields say so, whatever they are', () => {
    const field = (min: number, max: number) =>
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join(','))
    const moment = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2030, 0) })
    fc.assert(
      fc.property(field(0, 59), field(0, 23), field(0, 6), moment, (minutes, hours, weekdays, after) => {
        const at = nextRun(cronOf(`0 ${minutes} ${hours} ? * ${weekdays}`), UTC, after)
        const fires = (time: number): boolean => {
          const date = new Date(time)
          return (
            minutes.split(',').includes(String(date.getUTCMinutes())) &&
            hours.split(',').includes(String(date.getUTCHours())) &&
            weekdays.split(',').includes(String(date.getUTCDay()))
          )
        }
        let expected = Math.floor(after / 60_000) * 60_000 + 60_000
        while (!fires(expected)) expected += 60_000
        expect(at).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a schedule from the wire', () => {
  const NOW = Date.UTC(2026, 10, 24, 12)
  const schedule = (repeat: 'Period' | 'Rate' | 'At', text: string): WireSchedule => {
    const made = parseWireSchedule(repeat, text, NOW, NOW)
    if (typeof made === 'string') throw new Error(made)
    return made
  }

  it('of a rate counts from its creation', () => {
    const { next } = schedule('Rate', 'rate(60s)')
    expect(next(NOW - 5)).toBe(NOW + 60_000)
    expect(next(NOW)).toBe(NOW + 60_000)
    expect(next(NOW + 60_000)).toBe(NOW + 120_000)
    expect(next(NOW + 119_999)).toBe(NOW + 120_000)
  })

  it('at a time fires once', () => {
    const { next } = schedule('At', 'at(2026-11-24T12:00:10)')
    expect(next(NOW)).toBe(NOW + 10_000)
    expect(next(NOW + 10_000)).toBeUndefined()
  })

  it.each([
    ['Period', '0 0 12 * *', 'InvalidCronExpression'],
    ['Period', '61 0 12 * * ?', 'InvalidCronExpression'],
    ['Period', '0 0 12 * * ? 2020', 'CronExpressionExpired'],
    ['Period', '0 0 12 * * ? Nowhere/Land', 'TimezoneInformationCorrupt'],
    ['Period', '0 0 12 * * ? GMT+15:00', 'InvalidGMTOffsetForTimezone'],
    ['Rate', 'rate(0s)', 'InvalidRateExpression'],
    ['Rate', 'rate(5)', 'InvalidRateExpression'],
    ['Rate', 'rate(1001d)', 'RateFrequencyTooLarge'],
    ['At', 'at(tomorrow)', 'InvalidAtExpression'],
  ] as const)('%s %s is refused as %s', (repeat, text, expected) => {
    expect(parseWireSchedule(repeat, text, NOW, NOW)).toBe(expected)
  })
})
