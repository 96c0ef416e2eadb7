// When a cron expression fires.
import type { Cron, MonthDays, Weekdays } from './cron-fields.js'
import type { Zone } from './zone.js'

const SECOND = 1_000
const DAY = 86_400_000
const LAST_YEAR = 2_099

/**
 * The first moment after `after` at which it fires. Where clocks are set back, what runs in every hour runs in both of the
 * hours with the same name, all else in the first one; where they are set forward, what falls into the hour that is
 * missing runs as much later.
 * @param after milliseconds since 1970
 * @returns undefined when there is none until 2099
 */
export const nextRun = (cron: Cron, zone: Zone, after: number): number | undefined =>
  cron.everyHour ? nextOfEveryHour(cron, zone, after) : nextByTheClock(cron, zone, after)

const nextByTheClock = (cron: Cron, zone: Zone, after: number): number | undefined => {
  const local = Math.floor(after / SECOND) * SECOND + SECOND + zone.offsetAt(after)
  // Clocks may have been set back since the last run: what is named again was run.
  for (const time of localTimes(cron, local)) {
    const at = momentOf(time, zone)
    if (at > after) return at
  }
  return undefined
}

const nextOfEveryHour = (cron: Cron, zone: Zone, after: number): number | undefined => {
  let from = after
  for (;;) {
    const offset = zone.offsetAt(from)
    const [time] = localTimes(cron, Math.floor(from / SECOND) * SECOND + SECOND + offset)
    if (time === undefined) return undefined
    const at = time - offset
    if (zone.offsetAt(at) === offset) return at
    const changed = changeBetween(zone, from, at)
    // It may fire at the moment of the change itself.
    const [sooner] = localTimes(cron, changed + zone.offsetAt(changed))
    if (sooner === undefined) return undefined
    const then = sooner - zone.offsetAt(changed)
    if (zone.offsetAt(then) === zone.offsetAt(changed)) return then
    from = changed
  }
}

/** The first moment in (`from`, `to`] with the offset of `to`, to the second. */
const changeBetween = (zone: Zone, from: number, to: number): number => {
  const offset = zone.offsetAt(to)
  let [before, behind] = [Math.floor(from / SECOND), Math.floor(to / SECOND)]
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2)
    if (zone.offsetAt(middle * SECOND) === offset) behind = middle
    else before = middle
  }
  return behind * SECOND
}

/** A time on the zone's clock as a moment: the first one with that name, or as much later where there is none. */
const momentOf = (local: number, zone: Zone): number => {
  const early = zone.offsetAt(local - DAY)
  const late = zone.offsetAt(local + DAY)
  const candidates = [local - Math.max(early, late), local - Math.min(early, late)]
  return candidates.find((at) => at + zone.offsetAt(at) === local) ?? local - early
}

/** All times on a clock from `from` on at which it fires, in order; as milliseconds that would be right in UTC. */
function* localTimes(cron: Cron, from: number): Generator<number> {
  const start = Math.floor(from / DAY) * DAY
  const times = timesOfDay(cron)
  for (let day = start; ; ) {
    const date = new Date(day)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
    if (year > LAST_YEAR) return
    if (cron.years !== undefined && !cron.years.has(year)) {
      day = Date.UTC(year + 1, 0, 1)
    } else if (!cron.months.has(month + 1)) {
      day = Date.UTC(year, month + 1, 1)
    } else {
      if (isDay(cron, year, month, date.getUTCDate(), date.getUTCDay())) {
        for (const time of times()) if (day + time >= from) yield day + time
      }
      day += DAY
    }
  }
}

/** When it fires for the last time; undefined for what names no year, and for what never fires. */
export const lastRun = ({ years, ...cron }: Cron, zone: Zone): number | undefined => {
  const time = Math.max(...cron.hours) * 3_600 + Math.max(...cron.minutes) * 60 + Math.max(...cron.seconds)
  for (const year of [...(years ?? [])].sort((a, b) => b - a)) {
    for (let day = Date.UTC(year, 11, 31); day >= Date.UTC(year, 0, 1); day -= DAY) {
      const date = new Date(day)
      const month = date.getUTCMonth()
      if (cron.months.has(month + 1) && isDay({ ...cron, years }, year, month, date.getUTCDate(), date.getUTCDay()))
        return momentOf(day + time * SECOND, zone)
    }
  }
  return undefined
}

/** In order; made anew for each day, since there may be 86,400. */
const timesOfDay = ({ hours, minutes, seconds }: Cron): (() => Generator<number>) => {
  const sorted = (numbers: ReadonlySet<number>): readonly number[] => [...numbers].sort((a, b) => a - b)
  const [h, m, s] = [sorted(hours), sorted(minutes), sorted(seconds)]
  return function* () {
    for (const hour of h)
      for (const minute of m) for (const second of s) yield ((hour * 60 + minute) * 60 + second) * SECOND
  }
}

/** Restricted days of month and of week add up, as the agent has it (agent-protocol.md §6.5). */
const isDay = ({ days, weekdays }: Cron, year: number, month: number, day: number, weekday: number): boolean => {
  if (days === undefined && weekdays === undefined) return true
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return (
    (days !== undefined && isMonthDay(days, day, weekday, length)) ||
    (weekdays !== undefined && isWeekday(weekdays, day, weekday, length))
  )
}

const isMonthDay = (days: MonthDays, day: number, weekday: number, length: number): boolean =>
  days.days.has(day) ||
  (days.last && day === length) ||
  (days.lastWorkday && day === workdayNear(length, weekday - day + length, length)) ||
  days.nearWorkdays.some((near) => near <= length && day === workdayNear(near, weekday - day + near, length))

const isWeekday = (weekdays: Weekdays, day: number, weekday: number, length: number): boolean =>
  weekdays.days.has(weekday) ||
  (weekdays.last.includes(weekday) && day + 7 > length) ||
  weekdays.nth.some(([wanted, which]) => wanted === weekday && Math.ceil(day / 7) === which)

/** @param weekday of that day, plus any number of weeks */
const workdayNear = (day: number, weekday: number, length: number): number => {
  switch (((weekday % 7) + 7) % 7) {
    case 6:
      return day > 1 ? day - 1 : day + 2
    case 0:
      return day < length ? day + 1 : day - 2
    default:
      return day
  }
}

/** Whether two days on which it fires follow each other: looked for in years with every kind of month and week. */
const hasDaysInARow = (cron: Cron): boolean => {
  if (cron.days === undefined && cron.weekdays === undefined) return true
  let isFiring = false
  for (let day = Date.UTC(2024, 0, 1); day < Date.UTC(2032, 0, 1); day += DAY) {
    const date = new Date(day)
    const month = date.getUTCMonth()
    const fires =
      cron.months.has(month + 1) && isDay(cron, date.getUTCFullYear(), month, date.getUTCDate(), date.getUTCDay())
    if (fires && isFiring) return true
    isFiring = fires
  }
  return false
}

/** Seconds between two runs, at least; undefined when there is no more than one run a day. */
export const shortestDistance = (cron: Cron): number | undefined => {
  let [shortest, previous]: (number | undefined)[] = []
  let first: number | undefined
  for (const time of timesOfDay(cron)()) {
    if (previous !== undefined) shortest = Math.min(shortest ?? DAY, time - previous)
    // Nothing can be shorter.
    if (shortest === SECOND) return 1
    first ??= time
    previous = time
  }
  const overnight = first === undefined || previous === undefined ? DAY : first + DAY - previous
  if (overnight < (shortest ?? DAY) && hasDaysInARow(cron)) shortest = overnight
  return shortest === undefined ? undefined : shortest / SECOND
}
