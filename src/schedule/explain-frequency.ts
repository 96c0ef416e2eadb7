// Why the API does not take a schedule, in words for a person (api.md §6).
import { badFieldOf } from './cron-fields.js'
import {
  CRON_MIN_SECONDS,
  type Frequency,
  longestTimeout,
  parseFrequency,
  problemOf,
  RATE_MAX_SECONDS,
  RATE_MIN_SECONDS,
  tailOf,
} from './frequency.js'
import { zoneOf } from './zone.js'

/**
 * @param timeoutSeconds that one run may take
 * @param now milliseconds since 1970
 * @returns undefined when nothing is wrong with it
 */
export const explainFrequency = (text: string, timeoutSeconds: number, now: number): string | undefined => {
  const bare = text.trim()
  const frequency = parseFrequency(bare)
  if (frequency === undefined) {
    if (/^rate\s*\(/i.test(bare)) return badRate(bare)
    return /^at\s*\(/i.test(bare) ? badTime(bare) : badCron(bare)
  }
  switch (problemOf(frequency, timeoutSeconds, now)) {
    case 'too-often':
      return tooOften(frequency, timeoutSeconds)
    case 'expired':
      return frequency.kind === 'at'
        ? `${new Date(frequency.at).toISOString()} is past.`
        : 'there is no moment in the future at which it fires.'
    case undefined:
      return undefined
  }
}

const badRate = (text: string): string =>
  /^rate\s*\(\s*\d+\s*[smhd]\s*\)$/i.test(text)
    ? `a rate is from ${RATE_MIN_SECONDS} seconds to ${RATE_MAX_SECONDS / 86_400} days.`
    : 'a rate is a whole number of s, m, h or d, such as rate(5m).'

const badTime = (text: string): string => {
  const [, day, time, zone] = /^at\s*\(\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: (\S+))?\s*\)$/i.exec(text) ?? []
  if (day === undefined) return 'a time is written at(2026-12-24 18:00:00), perhaps with a zone behind it.'
  if (zone !== undefined && zoneOf(zone) === undefined) return unknownZone(zone)
  return `there is no ${day} ${time}.`
}

const unknownZone = (zone: string): string =>
  `the zone ${zone} is not known: it is a name such as Asia/Shanghai, or GMT+8:00 without a leading zero, or UTC.`

const badCron = (text: string): string => {
  const words = text.split(/\s+/)
  if (words.length < 6 || words.length > 8)
    return (
      `it has ${words.length} fields, and needs 6: second, minute, hour, day of the month, month, day of the week; ` +
      'perhaps a year and a zone behind them.'
    )
  const { year, zoneName } = tailOf(words.slice(6))
  // A number is no zone, whatever it was taken for.
  const misread = zoneName !== undefined && /^\d+$/.test(zoneName) ? zoneName : undefined
  const bad = badFieldOf([...words.slice(0, 6), misread ?? year ?? '*'], 'api')
  if (bad !== undefined) return `the ${bad.name} is ${bad.word}, and can be ${bad.range}.`
  if (zoneName !== undefined && zoneOf(zoneName) === undefined) return unknownZone(zoneName)
  const [day, weekday] = [words[3], words[5]]
  return day === '?'
    ? 'the day of the month and the day of the week are both ?: name one of them.'
    : `the day of the month is ${day} and the day of the week ${weekday}: one of them must be ?.`
}

const tooOften = (frequency: Frequency, timeoutSeconds: number): string => {
  const longest = longestTimeout(frequency) ?? 0
  if (frequency.kind === 'cron' && longest < CRON_MIN_SECONDS)
    return `two runs are ${longest} s apart, and must be ${CRON_MIN_SECONDS} s at least.`
  const apart = frequency.kind === 'rate' ? `it runs every ${frequency.seconds} s` : `two runs are ${longest} s apart`
  return `${apart}, and one may take ${timeoutSeconds} s: the time limit can be ${longest} s at most.`
}
