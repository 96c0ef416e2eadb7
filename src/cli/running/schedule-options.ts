import { explainFrequency } from '../../schedule/explain-frequency.js'
import { longestTimeout, parseFrequency } from '../../schedule/frequency.js'
import { RefusedCall } from '../call-failures.js'

/** Seconds that a run may take when nobody says otherwise, and at least (api.md §5.5). */
export const DEFAULT_TIMEOUT = 60
export const LEAST_TIMEOUT = 10
export const MOST_TIMEOUT = 86_400

/** How a time limit is asked for, the same wherever a script has one. */
export const TIMEOUT_RANGE = { value: 'SECONDS', min: LEAST_TIMEOUT, max: MOST_TIMEOUT } as const

/**
 * The time limit that a schedule leaves for one run, where that is shorter than the usual one; undefined where it is not, or
 * where the schedule is none.
 */
export const shorterTimeout = (schedule: string | undefined): number | undefined => {
  const frequency = schedule === undefined ? undefined : parseFrequency(schedule)
  const longest = frequency === undefined ? undefined : longestTimeout(frequency)
  return longest !== undefined && longest >= LEAST_TIMEOUT && longest < DEFAULT_TIMEOUT ? longest : undefined
}

const OF_SCHEDULES = new Set(['InvalidParam.Frequency', 'InvalidParameter.Frequency'])

/** The same failure; of a schedule that was refused it is said why. The server's clock may tell it otherwise than this one. */
export const explained = (error: unknown, schedule: string | undefined, timeoutSeconds: number): unknown => {
  if (!(error instanceof RefusedCall) || !OF_SCHEDULES.has(error.code) || schedule === undefined) return error
  const why = explainFrequency(schedule, timeoutSeconds, Date.now())
  return why === undefined ? error : error.withAdvice(`The schedule ${schedule}: ${why}`)
}
