const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
] as const

/**
 * How long ago a wire time was, in one unit: `5 s ago`, `3 min ago`. `never` for `''`. A time just ahead of this
 * machine's clock is now, since no two clocks agree.
 */
export const relativeTime = (wireTime: string, now: number): string => {
  if (wireTime === '') return 'never'
  const time = Date.parse(wireTime)
  if (Number.isNaN(time)) return wireTime
  const seconds = Math.max(0, Math.floor((now - time) / 1000))
  const unit = UNITS.find((candidate) => seconds >= candidate.seconds)
  return unit === undefined ? `${seconds} s ago` : `${Math.floor(seconds / unit.seconds)} ${unit.name} ago`
}
