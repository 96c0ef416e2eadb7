// Which process of an agent speaks (design §5). Pure.
import type { Heartbeat } from './agents.js'

/** A start is computed from an age and a clock; beats of one process differ by less than this. */
const SAME_PROCESS_MS = 10_000
/** A hand-out and a start on two clocks differ by less. */
const CLOCK_SLACK_MS = 2_000

/** Two starts, on one clock or the other, are near enough to be the same one. */
const near = (a: string | number | undefined, b: string | number | undefined): boolean =>
  a !== undefined && b !== undefined && Math.abs(Number(a) - Number(b)) <= SAME_PROCESS_MS

/**
 * Whether two identities are of one process: the pid is the same and either start is near. Not a comparison of texts:
 * presence is soft, and a server that has forgotten an identity learns it anew with a slightly other start.
 */
export const isSameProcess = (one: string, other: string): boolean => {
  const [pid, byAgent, byServer] = one.split('@')
  const [otherPid, otherByAgent, otherByServer] = other.split('@')
  return pid === otherPid && (near(byAgent, otherByAgent) || near(byServer, otherByServer))
}

/**
 * Identity of the agent's process: its pid, and its start on its own clock and on ours. The known identity is kept when
 * it is of the same process: a clock that jumps, theirs or ours, is no new process.
 * @returns undefined for a beat that does not tell its process
 */
export const processIdentity = (beat: Heartbeat, known: string, now: number): string | undefined => {
  if (beat.pid === undefined || beat.processUptimeMs === undefined || beat.agentTime === undefined) return undefined
  const byAgent = Math.round(beat.agentTime - beat.processUptimeMs)
  const byServer = Math.round(now - beat.processUptimeMs)
  const identity = `${beat.pid}@${byAgent}@${byServer}`
  return isSameProcess(known, identity) ? known : identity
}

/** When the process started, on the server's clock. */
export const processStartedAt = (identity: string): number => Number(identity.split('@')[2] ?? 0)

/** In front of the identity that was known when a process fetched for the first time: that may be of the one before it. */
const FIRST_FETCH = '~'

/**
 * The process that something is handed to, as it is remembered with it.
 * @param known the identity that was heard last, '' for none
 * @param isFirstFetch the first fetch of a process, whose first beat may still be on its way
 */
export const handedTo = (known: string, isFirstFetch: boolean): string => (isFirstFetch ? FIRST_FETCH + known : known)

const identityOf = (handed: string): string => (handed.startsWith(FIRST_FETCH) ? handed.slice(1) : handed)

/** Whether something was handed to this process, as far as that is known. */
export const isHandedTo = (handed: string, identity: string): boolean =>
  identityOf(handed) !== '' && isSameProcess(identityOf(handed), identity)

/**
 * Whether something was handed to another process than this one: before this one started. What came behind its start went
 * to this one, whichever was known then; its beats may have been lost.
 */
export const isOfAnotherProcess = (
  handed: { readonly agentProcess: string; readonly handedOutAt: number | undefined },
  identity: string,
): boolean => {
  if (isHandedTo(handed.agentProcess, identity)) return false
  const isInDoubt = handed.agentProcess === '' || handed.agentProcess.startsWith(FIRST_FETCH)
  const slack = isInDoubt ? CLOCK_SLACK_MS : -CLOCK_SLACK_MS
  return (handed.handedOutAt ?? 0) + slack < processStartedAt(identity)
}
