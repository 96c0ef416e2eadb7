/**
 * Writes times as the wire has them, UTC `yyyy-MM-ddTHH:mm:ssZ` or to the minute. Keeps the text of the day last
 * written: the times of one answer are mostly of one day.
 */
export const createTimeText = (precision: 'second' | 'minute') => {
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
    const seconds = Math.floor((time - day * MS_PER_DAY) / 1_000)
    const toMinute = `${lastDayText}T${TWO_DIGITS[Math.floor(seconds / 3_600)]}:${TWO_DIGITS[Math.floor(seconds / 60) % 60]}`
    return precision === 'minute' ? `${toMinute}Z` : `${toMinute}:${TWO_DIGITS[seconds % 60]}Z`
  }
}

const MS_PER_DAY = 86_400_000
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
