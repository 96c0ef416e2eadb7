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

/** How long something took: `12 s`, `3 min 5 s`, `2 h 10 min`. `''` when one of the wire times is missing. */
export const duration = (from: string, to: string): string => {
  const milliseconds = Date.parse(to) - Date.parse(from)
  if (Number.isNaN(milliseconds)) return ''
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
