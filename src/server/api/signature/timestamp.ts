const FORM = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/

/** @returns milliseconds since 1970, or undefined when the text is not `YYYY-MM-DDThh:mm:ssZ` or names no such time */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length !== 20 || !FORM.test(text)) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) return undefined
  // Date takes 31 February for a day of March, and 24:00:00 for the next day.
  return new Date(time).getUTCDate() === Number(text.slice(8, 10)) ? time : undefined
}
