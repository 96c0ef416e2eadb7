// A schedule as an agent meets it (agent-protocol.md §6.5), with the words in which one that is wrong is refused.
import { parseCron } from './cron-fields.js'
import { nextRun } from './cron.js'
import { looksLikeYear } from './frequency.js'
import { LOCAL, type Zone, zoneOf } from './zone.js'

export interface WireSchedule {
  /** @returns milliseconds since 1970, or undefined when it does not fire any more */
  readonly next: (after: number) => number | undefined
  /** Name of its zone; undefined: the host's own, or none. */
  readonly zoneName: string | undefined
  /** `Period` alone reports that it is completed. */
  readonly tellsCompletion: boolean
}

/** Words of `invalid?param=cron`. */
export type ScheduleError =
  | 'InvalidCronExpression'
  | 'CronExpressionExpired'
  | 'TimezoneInformationCorrupt'
  | 'InvalidGMTOffsetForTimezone'
  | 'InvalidRateExpression'
  | 'RateFrequencyTooLarge'
  | 'InvalidAtExpression'

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const RATE_MAX_MS = 1_000 * 86_400_000

/**
 * @param createdAt what a rate counts from, in milliseconds since 1970
 * @param now to tell whether it fires at all
 */
export const parseWireSchedule = (
  repeat: 'Period' | 'Rate' | 'At',
  text: string,
  createdAt: number,
  now: number,
): WireSchedule | ScheduleError => {
  if (repeat === 'Rate') return rateOf(text, createdAt)
  if (repeat === 'At') return atOf(text)
  return cronOf(text, now)
}

const rateOf = (text: string, createdAt: number): WireSchedule | ScheduleError => {
  const [, amount, unit = ''] = /^rate\s*\((\d{1,12})\s*([smhd])\)$/i.exec(text) ?? []
  const period = Number(amount) * (UNIT_MS[unit.toLowerCase()] ?? Number.NaN)
  if (!(period > 0)) return 'InvalidRateExpression'
  if (period > RATE_MAX_MS) return 'RateFrequencyTooLarge'
  const next = (after: number): number => createdAt + Math.max(Math.floor((after - createdAt) / period) + 1, 1) * period
  return { next, zoneName: undefined, tellsCompletion: false }
}

const atOf = (text: string): WireSchedule | ScheduleError => {
  const [, moment] = /^(?:at\()?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)?$/i.exec(text) ?? []
  const at = Date.parse(`${moment}Z`)
  if (Number.isNaN(at)) return 'InvalidAtExpression'
  return { next: (after) => (at > after ? at : undefined), zoneName: undefined, tellsCompletion: false }
}

const cronOf = (text: string, now: number): WireSchedule | ScheduleError => {
  const words = text.trim().split(/\s+/)
  if (words.length < 6 || words.length > 8) return 'InvalidCronExpression'
  const [seventh, eighth] = words.slice(6)
  const hasZone = eighth !== undefined || (seventh !== undefined && !looksLikeYear(seventh))
  const zoneName = hasZone ? (eighth ?? seventh) : undefined
  const zone = zoneName === undefined ? LOCAL : (zoneOf(zoneName) ?? zoneError(zoneName))
  if (typeof zone === 'string') return zone
  const cron = parseCron([...words.slice(0, 6), hasZone && eighth === undefined ? '*' : (seventh ?? '*')], 'wire')
  if (cron === undefined) return 'InvalidCronExpression'
  const next = (after: number): number | undefined => nextRun(cron, zone, after)
  if (next(now) === undefined) return 'CronExpressionExpired'
  return { next, zoneName, tellsCompletion: true }
}

const zoneError = (name: string): ScheduleError | Zone =>
  !name.includes('/') && /[+-]/.test(name) ? 'InvalidGMTOffsetForTimezone' : 'TimezoneInformationCorrupt'
