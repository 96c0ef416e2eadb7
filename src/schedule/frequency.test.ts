import { describe, expect, it } from 'vitest'
import { parseFrequency, problemOf } from './frequency.js'

const isFrequency = (text: string): boolean => parseFrequency(text) !== undefined

describe('a schedule', () => {
  it.each([
    '0 */20 * * * *',
    '0 0 12 * * ?',
    '0 0 12 ? * MON-FRI',
    '0 15 10 ? * 5#3',
    '0 15 10 ? * 5L',
    '0 0 12 L * ?',
    '0 0 12 LW * ?',
    '0 0 12 15W * ?',
    '0 0,30 8-18/2 1-5 JAN,dec ?',
    '0 0 12 * * ? 2026',
    '0 0 12 * * ? 2026-2028',
    '0 0 12 * * ? Asia/Shanghai',
    '0 0 12 * * ? GMT+8:00',
    '0 0 12 * * ? 2026 UTC',
    'rate(60s)',
    'rate(5m)',
    'RATE( 2 H )',
    'rate(7d)',
    'at(2026-06-01 10:20:30)',
    'at(2028-02-29 00:00:00 Asia/Shanghai)',
    'at(2026-06-01 10:20:30 GMT-12:59)',
  ])('is %s', (text) => {
    expect(isFrequency(text)).toBe(true)
  })

  it.each([
    ['', 'nothing'],
    ['* * * * *', 'five fields'],
    ['0 0 12 * * ? 2026 UTC more', 'nine fields'],
    ['60 * * * * *', 'a second that does not exist'],
    ['0 0 24 * * ?', 'an hour that does not exist'],
    ['0 0 12 0 * ?', 'a day that does not exist'],
    ['0 0 12 ? * 8', 'a weekday that does not exist'],
    ['0 0 12 ? * ?', 'no day at all'],
    ['0 0 12 1 * MON', 'both days'],
    ['0 0 12 5-1 * ?', 'a range that runs backwards'],
    ['0 0/0 12 * * ?', 'a step of nothing'],
    ['0 0 12 1 ſEP ?', 'a month with a letter that only looks like one'],
    ['0 0 12 ? * ſUN', 'a weekday with a letter that only looks like one'],
    ['0 0 12 * FOO ?', 'a month that nobody knows'],
    ['0 0 12 * * ? Asia/Nowhere', 'a zone that nobody knows'],
    ['0 0 12 * * ? US/Pacific-New', 'a zone that only ICU knows'],
    ['at(2026-06-01 10:20:30 SystemV/PST8)', 'a zone that no zone data have'],
    ['0 0 12 * * ? GMT+15:00', 'an offset beyond all zones'],
    ['0 0 12 * * ? GMT+08:00', 'an offset with a leading zero'],
    ['0 0 12 * * ? 2100', 'a year too far'],
    ['rate(59s)', 'a rate below a minute'],
    ['rate(8d)', 'a rate beyond a week'],
    ['rate(5)', 'a rate without a unit'],
    ['at(2026-02-30 10:00:00)', 'a day that its month does not have'],
    ['at(2026-06-01T10:00:00)', "the agent's form"],
    ['at(tomorrow)', 'no time'],
    ['at(9999-12-31 23:59:59 GMT-12:00)', 'a year of five digits'],
  ])('is not %s: %s', (text) => {
    expect(isFrequency(text)).toBe(false)
  })

  const NOW = Date.UTC(2026, 10, 24, 12)
  const problem = (text: string, timeout: number) => {
    const frequency = parseFrequency(text)
    return frequency === undefined ? 'malformed' : problemOf(frequency, timeout, NOW)
  }

  it.each([
    ['rate(90s)', 89, undefined],
    ['rate(90s)', 90, 'too-often'],
    ['*/10 * * * * *', 10, undefined],
    ['*/10 * * * * *', 11, 'too-often'],
    ['*/9 * * * * *', 5, 'too-often'],
    ['0,55 * * * * *', 5, 'too-often'],
    ['0 */20 * * * *', 1_200, undefined],
    ['0 */20 * * * *', 1_201, 'too-often'],
    ['0 0 12 * * ?', 86_400, undefined],
    ['0 0 0,23 * * ?', 3_601, 'too-often'],
    ['0 0 0,23 ? * MON', 3_601, undefined],
    ['0 0 0,23 ? * MON,TUE', 3_601, 'too-often'],
    ['0 0 0,23 1-31 * ?', 3_601, 'too-often'],
    ['0 0 0,23 L,1 * ?', 3_601, 'too-often'],
    ['0 0 0,23 ? * MON,WED', 3_601, undefined],
    ['* * * * * *', 10, 'too-often'],
    ['0 0 12 * * ? 2025', 60, 'expired'],
    ['0 0 12 24 11 ? 2026 UTC', 60, 'expired'],
    ['0 1 12 24 11 ? 2026 UTC', 60, undefined],
    ['0 0 12 30 2 ?', 60, 'expired'],
    ['at(2026-11-24 12:00:00)', 60, 'expired'],
    ['at(2026-11-24 12:00:01)', 60, undefined],
    ['at(2026-11-24 20:00:01 Asia/Shanghai)', 60, undefined],
    ['at(2026-11-24 20:00:00 GMT+8:00)', 60, 'expired'],
  ])('%s with a limit of %i s: %s', (text, timeout, expected) => {
    expect(problem(text, timeout)).toBe(expected)
  })

  it.each([
    ['0 */20 * * * *', '0 */20 * * * *'],
    ['0 0 12 ? * 5-7', '0 0 12 ? * 0,5,6'],
    ['0 0 12 ? * MON-FRI', '0 0 12 ? * 1,2,3,4,5'],
    ['0 0 12 ? * 7#2', '0 0 12 ? * 0#2'],
    ['0 0 12 ? * 7L,3', '0 0 12 ? * 3,0L'],
    ['0 0 12 ? * */3', '0 0 12 ? * 0,1,4'],
    ['0 0 12 ? * L 2027 Asia/Shanghai', '0 0 12 ? * 0 2027 Asia/Shanghai'],
    ['0 */100 */24 * * ?', '0 0 0 * * ?'],
    ['*/0030 00 0012 1,*/40,015 */13 ?', '*/30 0 12 1,1,15 1 ?'],
    ['0 0-59/60 8-20/4 5/10 JAN-dec/2 ?', '0 0 8-20/4 5/10 JAN-dec/2 ?'],
    ['0 0 12 L,lw,03W * ? */60', '0 0 12 L,lw,03W * ? 1970,2030,2090'],
    ['0 0 12 * * ? 2026-2099/59', '0 0 12 * * ? 2026-2099/59'],
    ['0 0 12 * * ? asia/SHANGHAI', '0 0 12 * * ? Asia/Shanghai'],
    ['0 0 12 * * ? us/pacific', '0 0 12 * * ? America/Los_Angeles'],
    ['0 0 12 * * ? US/PAcific', '0 0 12 * * ? America/Los_Angeles'],
    ['0 0 12 * * ? Asia/KolKata', '0 0 12 * * ? Asia/Kolkata'],
    ['0 0 12 * * ? asia/calcutta', '0 0 12 * * ? Asia/Calcutta'],
    ['0 0 12 * * ? America/Fort_wayne', '0 0 12 * * ? America/Indiana/Indianapolis'],
    ['0 0 12 * * ? America/Argentina/Buenos_aires', '0 0 12 * * ? America/Argentina/Buenos_Aires'],
    ['0 0 12 * * ? Etc/Zulu', '0 0 12 * * ? UTC'],
    ['0 0 12 * * ? America/Port-au-Prince', '0 0 12 * * ? America/Port-au-Prince'],
    ['0 0 12 * * ? etc/gmt+5', '0 0 12 * * ? Etc/GMT+5'],
    ['0 0 12 * * ? GMT', '0 0 12 * * ? GMT'],
    ['0 0 12 * * ? GMT+8:00', '0 0 12 * * ? GMT+8:00'],
    ['rate( 5 M )', 'rate(5m)'],
    ['at(2026-11-24 20:00:01 Asia/Shanghai)', 'at(2026-11-24T12:00:01)'],
    ['at(2026-11-24 12:00:01)', 'at(2026-11-24T12:00:01)'],
  ])('%s is %s for an agent', (text, wire) => {
    expect(parseFrequency(text)?.wire).toBe(wire)
  })

  it('is told from anything else in a time that does not grow with the text beyond its length', () => {
    expect(isFrequency('1,'.repeat(500))).toBe(false)
    expect(isFrequency(`0 0 12 * * ? ${'a/'.repeat(500)}`)).toBe(false)
  })
})
