// The three spellings of a schedule (api.md §6): whether a text is one of them. When it fires is not asked here.

interface CronField {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
  /** Forms besides numbers, ranges and steps. */
  readonly special?: RegExp
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']

const FIELDS: readonly CronField[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31, special: /^(?:\?|L|LW|(?:[1-9]|[12]\d|3[01])W)$/ },
  { min: 1, max: 12, names: MONTHS },
  { min: 1, max: 7, names: DAYS, special: /^(?:\?|L|[1-7]L|[1-7]#[1-5])$/ },
]
const YEAR: CronField = { min: 1970, max: 2099, special: /^\?$/ }

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const RATE_MIN_SECONDS = 60
const RATE_MAX_SECONDS = 7 * 86_400

const valueOf = (word: string, field: CronField): number => {
  const named = field.names?.indexOf(word.toUpperCase()) ?? -1
  if (named >= 0) return field.min + named
  return /^\d{1,4}$/.test(word) ? Number(word) : Number.NaN
}

const within = (value: number, field: CronField): boolean => value >= field.min && value <= field.max

const isCronItem = (item: string, field: CronField): boolean => {
  if (field.special?.test(item.toUpperCase()) === true) return true
  const [span = '', step, ...rest] = item.split('/')
  if (rest.length > 0) return false
  if (step !== undefined && !(/^\d{1,4}$/.test(step) && Number(step) >= 1)) return false
  if (span === '*') return true
  const [from = '', to, ...more] = span.split('-')
  if (more.length > 0) return false
  const first = valueOf(from, field)
  if (to === undefined) return within(first, field)
  const last = valueOf(to, field)
  return within(first, field) && within(last, field) && first <= last
}

const isCronField = (word: string, field: CronField): boolean =>
  word.split(',').every((item) => isCronItem(item, field))

const isZone = (zone: string): boolean => {
  const offset = /^GMT([+-])(\d|1[0-4]):([0-5]\d)$/.exec(zone)
  if (offset !== null) return offset[1] === '+' || Number(offset[2]) <= 12
  if (zone === 'UTC' || zone === 'GMT') return true
  if (!/^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+$/.test(zone)) return false
  try {
    // Throws for a zone that is not known.
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const looksLikeYear = (word: string): boolean => /^(?:\*|\?|\*\/\d+)$/.test(word) || /(?:19|20)\d\d/.test(word)

const isCron = (text: string): boolean => {
  const words = text.split(/\s+/)
  if (words.length < 6 || words.length > 8) return false
  const [day = '', weekday = ''] = [words[3], words[5]]
  const oneDayField = (day === '?') !== (weekday === '?') || (day === '*' && weekday === '*')
  if (!oneDayField || !FIELDS.every((field, at) => isCronField(words[at] ?? '', field))) return false
  const seventh = words[6]
  if (seventh === undefined) return true
  const eighth = words[7]
  if (eighth !== undefined) return isCronField(seventh, YEAR) && isZone(eighth)
  return looksLikeYear(seventh) ? isCronField(seventh, YEAR) : isZone(seventh)
}

const isRate = (text: string, timeoutSeconds: number): boolean => {
  const parts = /^rate\(\s*(\d{1,6})\s*([smhd])\s*\)$/i.exec(text)
  if (parts === null) return false
  const seconds = Number(parts[1]) * (UNIT_SECONDS[(parts[2] ?? '').toLowerCase()] ?? 0)
  return seconds >= RATE_MIN_SECONDS && seconds <= RATE_MAX_SECONDS && seconds > timeoutSeconds
}

const isAt = (text: string): boolean => {
  const parts = /^at\(\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: (\S+))?\s*\)$/i.exec(text)
  if (parts === null) return false
  const moment = new Date(`${parts[1]}T${parts[2]}Z`)
  // A day that its month does not have becomes one of the next month.
  const real = !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(`${parts[1]}T${parts[2]}`)
  return real && (parts[3] === undefined || isZone(parts[3]))
}

/** Whether a text is a schedule: cron, `rate(…)` or `at(…)`. A rate must be longer than one run may take. */
export const isFrequency = (text: string, timeoutSeconds: number): boolean => {
  const bare = text.trim()
  if (/^rate\(/i.test(bare)) return isRate(bare, timeoutSeconds)
  if (/^at\(/i.test(bare)) return isAt(bare)
  return isCron(bare)
}
