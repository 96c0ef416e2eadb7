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
/** An offset is learned with each request. */
const EXACT_MS = 1_000

const mayRun = ({ repeatMode, state }: TaskRow): boolean =>
  repeatMode === 'Period' || state === 'HandedOut' || state === 'Stopping'

/**
 * Whether a start, on our clock, can be that of another run. It bounds what a host that lies can have kept, too: no more
 * runs than there was time for. Where our clock was set back behind the latest run, one is taken that begins now.
 * @param latest when the latest run began that told its start
 */
export const isNewRun = (
  script: InvocationScript,
  task: TaskRow,
  startedAt: number,
  latest: number | undefined,
  now: number,
): boolean => {
  if (!mayRun(task) || !canHaveBegun(task, startedAt, now)) return false
  if (latest === undefined) return true
  const isSetBack = latest > now + EXACT_MS
  return startedAt >= latest + distanceOf(script, task) || (isSetBack && startedAt <= now + EXACT_MS)
}

/** What failed before it began has no start: it must come as long after what was told before. */
export const isNewFailure = (script: InvocationScript, task: TaskRow, now: number): boolean =>
  mayRun(task) && now >= (task.startedAt ?? task.finishedAt ?? Number.NEGATIVE_INFINITY) + distanceOf(script, task)

export const canHaveBegun = ({ createdAt }: TaskRow, startedAt: number, now: number): boolean =>
  startedAt >= Math.min(createdAt, now) - CLOCK_SLACK_MS && startedAt <= now + CLOCK_SLACK_MS

export const distanceOf = (script: InvocationScript, task: TaskRow): number => {
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

/**
 * The version that a run is of which began then, on our clock. One that began before its host had the version of now is of one
 * before: of the latest run's, where that is older, too.
 * @param startedAt undefined for what failed before it began
 */
export const versionOf = (
  { version, versionSince = 0, runVersion }: TaskRow,
  startedAt: number | undefined,
): number => {
  if (startedAt === undefined || startedAt >= versionSince - EXACT_MS) return version
  return Math.max(1, runVersion !== undefined && runVersion < version ? runVersion : version - 1)
}
