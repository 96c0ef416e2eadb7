// A cron expression as sets of numbers (api.md §6; for the agent's own dialect, agent-protocol.md §6.5).

/** `api`: 1–7 from Monday. `wire`: 0–7 from Sunday, which is 0 and 7. */
export type Dialect = 'api' | 'wire'

export interface Cron {
  readonly seconds: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly everyHour: boolean
  /** Undefined: any day of the month. */
  readonly days: MonthDays | undefined
  /** 1–12. */
  readonly months: ReadonlySet<number>
  /** Undefined: any day of the week. */
  readonly weekdays: Weekdays | undefined
  /** Undefined: any year. */
  readonly years: ReadonlySet<number> | undefined
}

export interface MonthDays {
  readonly days: ReadonlySet<number>
  /** `L`. */
  readonly last: boolean
  /** `LW`. */
  readonly lastWorkday: boolean
  /** `nW`: the working day nearest to these, in the same month. */
  readonly nearWorkdays: readonly number[]
}

/** Days of the week are 0–6 from Sunday, in both dialects. */
export interface Weekdays {
  readonly days: ReadonlySet<number>
  /** `nL`: the last such day of the month. */
  readonly last: readonly number[]
  /** `n#k`: the k-th such day of the month. */
  readonly nth: readonly (readonly [day: number, which: number])[]
}

interface Field {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
  /** Number of the first name. */
  readonly firstName?: number
}

const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAY_NAMES = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']

const MINUTE: Field = { min: 0, max: 59 }
const HOUR: Field = { min: 0, max: 23 }
const DAY: Field = { min: 1, max: 31 }
const MONTH: Field = { min: 1, max: 12, names: MONTH_NAMES, firstName: 1 }
const WEEKDAY: Readonly<Record<Dialect, Field>> = {
  api: { min: 1, max: 7, names: DAY_NAMES, firstName: 1 },
  wire: { min: 0, max: 7, names: DAY_NAMES, firstName: 1 },
}
const YEAR: Field = { min: 1970, max: 2099 }

/** A field that is malformed: which word, what it is, and what may be in it. */
export interface BadField {
  readonly word: string
  readonly name: string
  readonly range: string
}

/** The first field that `parseCron` cannot read; undefined when it reads them all. */
export const badFieldOf = (words: readonly string[], dialect: Dialect): BadField | undefined => {
  const numbers = (field: Field) => (word: string) => numbersOf(word, field) !== undefined
  const fields: readonly (readonly [name: string, range: string, isGood: (word: string) => boolean])[] = [
    ['second', '0 to 59', numbers(MINUTE)],
    ['minute', '0 to 59', numbers(MINUTE)],
    ['hour', '0 to 23', numbers(HOUR)],
    ['day of the month', '1 to 31, L, LW, 15W or ?', (word) => isAny(word) || monthDaysOf(word) !== undefined],
    ['month', '1 to 12 or JAN to DEC', numbers(MONTH)],
    [
      'day of the week',
      dialect === 'api' ? '1 (Monday) to 7 (Sunday), MON to SUN, 5L, 5#3 or ?' : '0 (Sunday) to 7',
      (word) => isAny(word) || weekdaysOf(word, dialect) !== undefined,
    ],
    ['year', '1970 to 2099', (word) => isAny(word) || numbersOf(word, YEAR) !== undefined],
  ]
  for (const [index, [name, range, isGood]] of fields.entries()) {
    const word = words[index]
    if (word !== undefined && !isGood(word)) return { word, name, range }
  }
  return undefined
}

/**
 * @param words six fields from seconds to the day of the week, and perhaps a year
 * @returns undefined when it is malformed
 */
export const parseCron = (words: readonly string[], dialect: Dialect): Cron | undefined => {
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = '', year = '*'] = words
  const seconds = numbersOf(second, MINUTE)
  const minutes = numbersOf(minute, MINUTE)
  const hours = numbersOf(hour, HOUR)
  const months = numbersOf(month, MONTH)
  const days = isAny(day) ? 'any' : monthDaysOf(day)
  const weekdays = isAny(weekday) ? 'any' : weekdaysOf(weekday, dialect)
  const years = isAny(year) ? 'any' : numbersOf(year, YEAR)
  if (
    seconds === undefined ||
    minutes === undefined ||
    hours === undefined ||
    months === undefined ||
    days === undefined ||
    weekdays === undefined ||
    years === undefined
  ) {
    return undefined
  }
  return {
    seconds,
    minutes,
    hours,
    everyHour: hours.size === HOUR.max + 1,
    days: days === 'any' ? undefined : days,
    months,
    weekdays: weekdays === 'any' ? undefined : weekdays,
    years: years === 'any' ? undefined : years,
  }
}

/** Case of letters does not count, and there are letters beyond ASCII that become some of it. */
const isPlain = (word: string): boolean => /^[\x21-\x7e]+$/.test(word)

const isAny = (word: string): boolean => word === '*' || word === '?'

/** Undefined when a word of the list is malformed. */
const numbersOf = (word: string, field: Field): ReadonlySet<number> | undefined => {
  if (!isPlain(word)) return undefined
  const all = new Set<number>()
  for (const item of word.split(',')) {
    const numbers = itemOf(item, field)
    if (numbers === undefined) return undefined
    for (const number of numbers) all.add(number)
  }
  return all
}

/** `*`, `n`, `a-b`, and each of them with `/step`. */
const itemOf = (item: string, field: Field): readonly number[] | undefined => {
  const [span = '', step, ...rest] = item.split('/')
  if (rest.length > 0 || (step !== undefined && !(/^\d{1,4}$/.test(step) && Number(step) > 0))) return undefined
  const bounds = span === '*' ? [field.min, field.max] : boundsOf(span, field, step !== undefined)
  const [first, last] = bounds ?? []
  if (first === undefined || last === undefined) return undefined
  const numbers: number[] = []
  for (let number = first; number <= last; number += Number(step ?? 1)) numbers.push(number)
  return numbers
}

/** @param isStepped `a/n` goes to the end of the field */
const boundsOf = (span: string, field: Field, isStepped: boolean): readonly [number, number] | undefined => {
  const [from = '', to, ...more] = span.split('-')
  if (more.length > 0) return undefined
  const first = numberOf(from, field)
  const last = to === undefined ? (isStepped ? field.max : first) : numberOf(to, field)
  return first === undefined || last === undefined || first > last ? undefined : [first, last]
}

const numberOf = (word: string, { min, max, names, firstName = 0 }: Field): number | undefined => {
  const named = names?.indexOf(word.toUpperCase()) ?? -1
  const number = named >= 0 ? firstName + named : /^\d{1,4}$/.test(word) ? Number(word) : undefined
  return number === undefined || number < min || number > max ? undefined : number
}

const monthDaysOf = (word: string): MonthDays | undefined => {
  if (!isPlain(word)) return undefined
  const days = new Set<number>()
  const nearWorkdays: number[] = []
  let last = false
  let lastWorkday = false
  for (const item of word.toUpperCase().split(',')) {
    const near = /^(\d{1,2})W$/.exec(item)?.[1]
    if (item === 'L') last = true
    else if (item === 'LW') lastWorkday = true
    else if (near !== undefined) {
      const day = numberOf(near, DAY)
      if (day === undefined) return undefined
      nearWorkdays.push(day)
    } else {
      const numbers = itemOf(item, DAY)
      if (numbers === undefined) return undefined
      for (const number of numbers) days.add(number)
    }
  }
  return { days, last, lastWorkday, nearWorkdays }
}

const weekdaysOf = (word: string, dialect: Dialect): Weekdays | undefined => {
  if (!isPlain(word)) return undefined
  const field = WEEKDAY[dialect]
  const days = new Set<number>()
  const last: number[] = []
  const nth: (readonly [number, number])[] = []
  for (const item of word.toUpperCase().split(',')) {
    const [, name, sign, which] = /^([A-Z]{3}|\d)(L|#([1-5]))$/.exec(item) ?? []
    if (name !== undefined && sign !== undefined) {
      const day = numberOf(name, field)
      if (day === undefined) return undefined
      if (which === undefined) last.push(day % 7)
      else nth.push([day % 7, Number(which)])
    } else if (item === 'L' && dialect === 'api') {
      // The last day of a week that begins on Monday.
      days.add(0)
    } else {
      const numbers = itemOf(item, field)
      if (numbers === undefined) return undefined
      for (const number of numbers) days.add(number % 7)
    }
  }
  return { days, last, nth }
}

/** The vendor's agent reads a step of at most so much, and never more than the field's greatest number. */
const MOST_STEP = 59

/**
 * The fields that both dialects share, as an agent reads them: no zeros that it does not know, and no step that is too large for
 * it, which is written as the numbers that it means.
 * @param words second, minute, hour, day of the month and month, and perhaps a year, of an expression that was read
 */
export const fieldsForWire = (words: readonly string[]): readonly string[] =>
  words.map((word, index) => {
    const field = [MINUTE, MINUTE, HOUR, DAY, MONTH, YEAR][index]
    return field === undefined
      ? word
      : word
          .split(',')
          .flatMap((item) => itemsForWire(item, field))
          .join(',')
  })

const itemsForWire = (item: string, field: Field): readonly string[] => {
  const [span = '', step] = item.split('/')
  if (step !== undefined && Number(step) > Math.min(field.max, MOST_STEP))
    return (itemOf(item, field) ?? []).map(String)
  const bare = span
    .split('-')
    .map((number) => (/^\d+$/.test(number) ? String(Number(number)) : number))
    .join('-')
  return [step === undefined ? bare : `${bare}/${Number(step)}`]
}

/** The days of the week in the agent's dialect, which has no ranges over Sunday. */
export const weekdaysForWire = (weekdays: Weekdays | undefined, word: string): string => {
  if (weekdays === undefined) return word
  return [
    ...[...weekdays.days].sort((a, b) => a - b).map(String),
    ...weekdays.last.map((day) => `${day}L`),
    ...weekdays.nth.map(([day, which]) => `${day}#${which}`),
  ].join(',')
}
