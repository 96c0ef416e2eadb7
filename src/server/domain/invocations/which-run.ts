// Which run, and which version of a schedule, something is said of. Pure.
import { leastDistance } from '../../../schedule/frequency.js'
import { frequencyOf } from './frequency-of.js'
import type { InvocationScript } from './invocation-store.js'
import type { TaskRow } from './task-store.js'

/** The host was handed another version of the schedule than the one that counts: that one is on its way. */
export const isOutdated = ({ version }: Pick<InvocationScript, 'version'>, task: TaskRow): boolean =>
  task.version !== version

/** What is said of a schedule that another one takes the place of, or took. A stop is one of whatever the host has. */
export const isOfThePast = (
  script: InvocationScript,
  task: TaskRow,
  { version = task.version }: { version?: number | undefined },
) => task.state !== 'Stopping' && (isOutdated(script, task) || version !== task.version)

/** Starts of a host are further apart. */
const LEAST_DISTANCE_MS = 5_000
/** Clocks and deliveries are less exact than schedules. */
const DISTANCE_SLACK_MS = 60_000
const CLOCK_SLACK_MS = 5 * 60_000

/**
 * Whether a start, on our clock, can be that of another run. It bounds what a host that lies can have kept, too: no more
 * runs than there was time for.
 */
export const isNewRun = (script: InvocationScript, task: TaskRow, startedAt: number, now: number): boolean =>
  (task.repeatMode === 'Period' || task.state === 'HandedOut' || task.state === 'Stopping') &&
  startedAt >= (task.startedAt ?? Number.NEGATIVE_INFINITY) + distanceOf(script, task) &&
  startedAt >= task.createdAt - CLOCK_SLACK_MS &&
  startedAt <= now + CLOCK_SLACK_MS

const distanceOf = (script: InvocationScript, task: TaskRow): number => {
  // The run before was one of another schedule, or the next one may still be.
  if (
    script.version > 1 &&
    (isOutdated(script, task) || (task.startedAt ?? 0) <= (task.handedOutAt ?? 0) + DISTANCE_SLACK_MS)
  )
    return LEAST_DISTANCE_MS
  const parsed = frequencyOf(script)
  const least = parsed === undefined ? undefined : leastDistance(parsed)
  return least === undefined ? LEAST_DISTANCE_MS : least - Math.min(least / 2, DISTANCE_SLACK_MS)
}
