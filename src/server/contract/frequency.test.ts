import { describe, expect, it } from 'vitest'
import { isFrequency } from './frequency.js'

const TIMEOUT = 60

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
    expect(isFrequency(text, TIMEOUT - 1)).toBe(true)
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
    ['0 0 12 * FOO ?', 'a month that nobody knows'],
    ['0 0 12 * * ? Asia/Nowhere', 'a zone that nobody knows'],
    ['0 0 12 * * ? GMT+15:00', 'an offset beyond all zones'],
    ['0 0 12 * * ? GMT+08:00', 'an offset with a leading zero'],
    ['0 0 12 * * ? 2100', 'a year too far'],
    ['rate(59s)', 'a rate below a minute'],
    ['rate(8d)', 'a rate beyond a week'],
    ['rate(5)', 'a rate without a unit'],
    ['at(2026-02-30 10:00:00)', 'a day that its month does not have'],
    ['at(2026-06-01T10:00:00)', "the agent's form"],
    ['at(tomorrow)', 'no time'],
  ])('is not %s: %s', (text) => {
    expect(isFrequency(text, TIMEOUT - 1)).toBe(false)
  })

  it('has a rate that is longer than a run may take', () => {
    expect(isFrequency('rate(90s)', 89)).toBe(true)
    expect(isFrequency('rate(90s)', 90)).toBe(false)
  })

  it('is told from anything else in a time that does not grow with the text beyond its length', () => {
    expect(isFrequency('1,'.repeat(500), TIMEOUT)).toBe(false)
    expect(isFrequency(`0 0 12 * * ? ${'a/'.repeat(500)}`, TIMEOUT)).toBe(false)
  })
})
