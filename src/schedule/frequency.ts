// What the API takes as a schedule (api.md §6), and the same in the words of the agent's wire (agent-protocol.md §6.5).
import { type Cron, fieldsForWire, parseCron, weekdaysForWire } from './cron-fields.js'
import { lastRun, nextRun, shortestDistance } from './cron.js'
import { LOCAL, UTC, type Zone, zoneOf } from './zone.js'

export type Frequency =
  | {
      readonly kind: 'cron'
      readonly cron: Cron
      /** Undefined: the host's own. */
      readonly zone: Zone | undefined
      /** It names a year or a zone, which older agents do not know. */
      readonly isExtended: boolean
      readonly wire: string
    }
  | { readonly kind: 'rate'; readonly seconds: number; readonly wire: string }
  | { readonly kind: 'at'; readonly at: number; readonly wire: string }

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
export const RATE_MIN_SECONDS = 60
export const RATE_MAX_SECONDS = 7 * 86_400
/** Without a zone it is the host's clock that counts, which may be almost a day behind. */
const DAY_MS = 86_400_000
const YEAR_10000 = Date.UTC(10_000, 0)
/** Between two runs of a cron schedule, whatever their time limit. */
export const CRON_MIN_SECONDS = 10

/** @returns undefined when it is none of the three spellings */
export const parseFrequency = (text: string): Frequency | undefined => {
  const bare = text.trim()
  if (/^rate\s*\(/i.test(bare)) return rateOf(bare)
  if (/^at\s*\(/i.test(bare)) return atOf(bare)
  return cronOf(bare)
}

const rateOf = (text: string): Frequency | undefined => {
  const [, amount, unit = ''] = /^rate\s*\(\s*(\d{1,6})\s*([smhd])\s*\)$/i.exec(text) ?? []
  const seconds = Number(amount) * (UNIT_SECONDS[unit.toLowerCase()] ?? Number.NaN)
  if (!(seconds >= RATE_MIN_SECONDS && seconds <= RATE_MAX_SECONDS)) return undefined
  return { kind: 'rate', seconds, wire: `rate(${Number(amount)}${unit.toLowerCase()})` }
}

const atOf = (text: string): Frequency | undefined => {
  const [, day, time, name] = /^at\s*\(\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: (\S+))?\s*\)$/i.exec(text) ?? []
  const zone = name === undefined ? UTC : zoneOf(name)
  const local = Date.parse(`${day}T${time}Z`)
  // A day that its month does not have becomes one of the next month.
  if (zone === undefined || Number.isNaN(local) || !new Date(local).toISOString().startsWith(`${day}T${time}`)) {
    return undefined
  }
  const at = local - zone.offsetAt(local - zone.offsetAt(local))
  if (at >= YEAR_10000) return undefined
  return { kind: 'at', at, wire: `at(${new Date(at).toISOString().slice(0, 19)})` }
}

const cronOf = (text: string): Frequency | undefined => {
  const words = text.split(/\s+/)
  if (words.length < 6 || words.length > 8) return undefined
  const [day = '', weekday = ''] = [words[3], words[5]]
  const isOneDayField = (day === '?') !== (weekday === '?') || (day === '*' && weekday === '*')
  if (!isOneDayField) return undefined
  const { year, zoneName } = tailOf(words.slice(6))
  const zone = zoneName === undefined ? undefined : zoneOf(zoneName)
  const cron = parseCron([...words.slice(0, 6), year ?? '*'], 'api')
  if (cron === undefined || (zoneName !== undefined && zone === undefined)) return undefined
  const [second, minute, hour, monthDay, month, wireYear] = fieldsForWire([
    ...words.slice(0, 5),
    ...(year === undefined ? [] : [year]),
  ])
  const days = [monthDay, month, weekdaysForWire(cron.weekdays, weekday)]
  const wire = [second, minute, hour, ...days, wireYear, zone?.name].filter((word) => word !== undefined).join(' ')
  return { kind: 'cron', cron, zone, isExtended: words.length > 6, wire }
}

/** A seventh word is a year if it looks like one, else a zone (api.md §6). */
export const tailOf = (tail: readonly string[]): { year?: string | undefined; zoneName?: string | undefined } => {
  const [seventh, eighth] = tail
  if (seventh === undefined) return {}
  return eighth === undefined && !looksLikeYear(seventh) ? { zoneName: seventh } : { year: seventh, zoneName: eighth }
}

export const looksLikeYear = (word: string): boolean => /^(?:\*|\?|\*\/\d+)$/.test(word) || /(?:19|20)\d\d/.test(word)

/** How a schedule stands to a time limit and to the clock. */
export type FrequencyProblem = 'too-often' | 'expired'

/**
 * A rate must be longer than one run may take, runs of a cron schedule must not be nearer to each other than that or than
 * ten seconds, and there must be a next run.
 * @param now milliseconds since 1970
 */
export const problemOf = (frequency: Frequency, timeoutSeconds: number, now: number): FrequencyProblem | undefined => {
  switch (frequency.kind) {
    case 'rate':
      return frequency.seconds > timeoutSeconds ? undefined : 'too-often'
    case 'at':
      return frequency.at > now ? undefined : 'expired'
    case 'cron': {
      const distance = shortestDistance(frequency.cron) ?? Number.POSITIVE_INFINITY
      if (distance < Math.max(timeoutSeconds, CRON_MIN_SECONDS)) return 'too-often'
      return nextRunOf(frequency, now) === undefined ? 'expired' : undefined
    }
  }
}

/** Seconds that a run may take at most, so that the next one does not begin before; undefined for as long as it likes. */
export const longestTimeout = (frequency: Frequency): number | undefined => {
  if (frequency.kind === 'at') return undefined
  return frequency.kind === 'rate' ? frequency.seconds - 1 : shortestDistance(frequency.cron)
}

/** Milliseconds that two runs are apart at least, on a clock that is right; undefined for what runs once. */
export const leastDistance = (frequency: Frequency): number | undefined => {
  if (frequency.kind === 'at') return undefined
  if (frequency.kind === 'rate') return frequency.seconds * 1_000
  // Where there is one run a day, clocks that are set forward bring it nearer.
  return Math.min(shortestDistance(frequency.cron) ?? 82_800, 82_800) * 1_000
}

/** The next run; where the host's zone is not known, one that is later nowhere. */
export const nextRunOf = (frequency: Frequency, now: number): number | undefined => {
  if (frequency.kind === 'at') return frequency.at > now ? frequency.at : undefined
  if (frequency.kind === 'rate') return now
  return nextRun(frequency.cron, frequency.zone ?? LOCAL, now - (frequency.zone === undefined ? DAY_MS : 0))
}

/** Clocks are less exact than schedules. */
const LAST_RUN_SLACK_MS = 5_000

/** The last run of all; where the host's zone is not known, one that is earlier nowhere. Undefined for what goes on for ever. */
export const lastRunOf = (frequency: Frequency): number | undefined => {
  if (frequency.kind !== 'cron') return frequency.kind === 'at' ? frequency.at : undefined
  const last = lastRun(frequency.cron, frequency.zone ?? LOCAL)
  return last === undefined || frequency.zone !== undefined ? last : last + DAY_MS
}

/** Whether a run that began then may be the last one. */
export const isLastRun = (frequency: Frequency, startedAt: number): boolean => {
  const last = lastRunOf(frequency)
  const isLocal = frequency.kind === 'cron' && frequency.zone === undefined
  return last !== undefined && startedAt >= last - (isLocal ? 2 * DAY_MS : LAST_RUN_SLACK_MS)
}
