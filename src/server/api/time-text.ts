/**
 * Writes times as the wire has them, UTC `yyyy-MM-ddTHH:mm:ssZ` or to the minute. Keeps the texts of the day and of the
 * minute last written: the times of one answer are mostly of one day, heartbeats of one minute.
 */
export const createTimeText = (precision: 'second' | 'minute') => {
  const toMinute = createMinuteText()
  let lastMinute = Number.NaN
  let lastMinuteText = ''
  const ends = precision === 'minute' ? TWO_DIGITS.map(() => 'Z') : TWO_DIGITS.map((seconds) => `:${seconds}Z`)
  return (time: number): string => {
    const minute = Math.floor(time / MS_PER_MINUTE)
    if (minute !== lastMinute) {
      const text = toMinute(time)
      if (text === '') return ''
      lastMinuteText = text
      lastMinute = minute
    }
    return lastMinuteText + (ends[Math.floor((time - minute * MS_PER_MINUTE) / 1_000)] as string)
  }
}

/** Up to the minute, without an end; '' for a time that is none. */
const createMinuteText = () => {
  let lastDay = Number.NaN
  let lastDayText = ''
  return (time: number): string => {
    const day = Math.floor(time / MS_PER_DAY)
    if (day !== lastDay) {
      const date = new Date(time)
      if (Number.isNaN(date.getTime())) return ''
      lastDayText = date.toISOString().split('T')[0] ?? ''
      lastDay = day
    }
    const minutes = Math.floor((time - day * MS_PER_DAY) / MS_PER_MINUTE)
    return `${lastDayText}T${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}`
  }
}

const MS_PER_DAY = 86_400_000
const MS_PER_MINUTE = 60_000
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
