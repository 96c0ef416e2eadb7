import { describe, expect, it } from 'vitest'
import { explainFrequency } from './explain-frequency.js'
import { longestTimeout, parseFrequency } from './frequency.js'

const NOW = Date.UTC(2026, 10, 24, 12)

describe('why a schedule is none', () => {
  it.each([
    ['rate(5)', 'a rate is a whole number of s, m, h or d, such as rate(5m).'],
    ['rate(59s)', 'a rate is from 60 seconds to 7 days.'],
    ['rate(8d)', 'a rate is from 60 seconds to 7 days.'],
    ['rate(1m)', 'it runs every 60 s, and one may take 60 s: the time limit can be 59 s at most.'],
    ['at(tomorrow)', 'a time is written at(2026-12-24 18:00:00), perhaps with a zone behind it.'],
    ['at(2026-02-30 10:00:00)', 'there is no 2026-02-30 10:00:00.'],
    ['at(2026-11-24 12:00:00)', '2026-11-24T12:00:00.000Z is past.'],
    ['at(2027-06-01 10:00:00 Asia/Nowhere)', /the zone Asia\/Nowhere is not known/],
    ['* * * * *', /it has 5 fields, and needs 6/],
    ['60 * * * * *', 'the second is 60, and can be 0 to 59.'],
    ['0 0 24 * * ?', 'the hour is 24, and can be 0 to 23.'],
    ['0 0 12 * FOO ?', 'the month is FOO, and can be 1 to 12 or JAN to DEC.'],
    ['0 0 12 32 * ?', /the day of the month is 32/],
    ['0 0 12 ? * 8', 'the day of the week is 8, and can be 1 (Monday) to 7 (Sunday), MON to SUN, 5L, 5#3 or ?.'],
    ['0 0 12 ? * 0', /the day of the week is 0/],
    ['0 0 12 * * ? 2100', 'the year is 2100, and can be 1970 to 2099.'],
    ['0 0 12 * * ? GMT+08:00', /the zone GMT\+08:00 is not known/],
    ['0 0 12 1 * MON', 'the day of the month is 1 and the day of the week MON: one of them must be ?.'],
    ['0 0 12 ? * ?', 'the day of the month and the day of the week are both ?: name one of them.'],
    ['*/5 * * * * ?', 'two runs are 5 s apart, and must be 10 s at least.'],
    ['*/30 * * * * ?', 'two runs are 30 s apart, and one may take 60 s: the time limit can be 30 s at most.'],
    ['0 0 12 30 2 ?', 'there is no moment in the future at which it fires.'],
    ['0 0 12 * * ? 2025', 'there is no moment in the future at which it fires.'],
  ])('%s: %s', (text, why) => {
    expect(explainFrequency(text, 60, NOW)).toMatch(why)
  })

  it.each(['rate(5m)', '0 0 2 * * ?', 'at(2027-06-01 10:00:00 Asia/Shanghai)', '0 0 12 ? * MON-FRI 2027'])(
    'is nothing for %s',
    (text) => {
      expect(explainFrequency(text, 60, NOW)).toBeUndefined()
    },
  )

  it.each([
    ['rate(1m)', 59],
    ['*/10 * * * * ?', 10],
    ['0 0 2 * * ?', undefined],
    ['at(2027-06-01 10:00:00)', undefined],
  ])('with the longest time limit of %s, %s, it is one', (text, expected) => {
    const frequency = parseFrequency(text)
    expect(frequency === undefined ? 0 : longestTimeout(frequency)).toBe(expected)
    expect(explainFrequency(text, expected ?? 60, NOW)).toBeUndefined()
  })
})
