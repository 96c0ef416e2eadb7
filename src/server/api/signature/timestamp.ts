/** @returns milliseconds since 1970, or undefined when the text is not `YYYY-MM-DDThh:mm:ssZ` or names no such time */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length !== FORM.length) return undefined
  for (let index = 0; index < FORM.length; index++) {
    const code = text.charCodeAt(index)
    const expected = FORM.charCodeAt(index)
    if (expected === ZERO ? code < ZERO || code > NINE : code !== expected) return undefined
  }
  const year = two(text, 0) * 100 + two(text, 2)
  const [month, day, hour] = [two(text, 5), two(text, 8), two(text, 11)]
  const [minute, second] = [two(text, 14), two(text, 17)]
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  // Day 0 of the next month is the last of this one.
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined
  // Date takes the years before 100 for those of the last century.
  return year < 100 ? undefined : Date.UTC(year, month - 1, day, hour, minute, second)
}

const FORM = '0000-00-00T00:00:00Z'
const ZERO = 0x30
const NINE = 0x39

const two = (text: string, at: number): number => (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO
