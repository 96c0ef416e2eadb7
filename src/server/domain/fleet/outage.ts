// What a time without a server means for hosts that were at work then (design §5, §6).
import type { PresenceTable } from './presence.js'

/** Shorter outages than this are none: clocks differ, and reports are tried again. */
const SLACK_MS = 2_000

type Known = Pick<PresenceTable, 'downtime' | 'earliestStart' | 'inGrace'>

/**
 * What the agent posted while no server answered is gone; what was in its hands then says so. `''` for all else.
 * @param startedAt when it began by the clock of its host, where that is known: before, there was nothing to post
 */
export const outageText = (
  { downtime: { from, to }, earliestStart }: Known,
  handedOutAt: number | undefined,
  startedAt?: number,
): string =>
  handedOutAt !== undefined &&
  Math.max(handedOutAt, (startedAt ?? 0) - SLACK_MS) < earliestStart &&
  to - from > SLACK_MS
    ? ` (server unreachable from ${new Date(from).toISOString()} to ${new Date(to).toISOString()})`
    : ''

/** For a while after a start, deadlines of what was under way before do not count: nobody could report. */
export const deadlineCounts = (presence: Known, since: number): boolean =>
  !presence.inGrace || since >= presence.earliestStart
