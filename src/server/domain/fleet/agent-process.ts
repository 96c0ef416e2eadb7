// Which process of an agent speaks (design §5). Pure.
import type { Heartbeat } from './agents.js'

/** A start is computed from an age and a clock; beats of one process differ by less than this. */
const SAME_PROCESS_MS = 10_000

/**
 * Identity of the agent's process: its pid, and its start on its own clock and on ours. The known identity is kept when
 * the pid is the same and either start is near: a clock that jumps, theirs or ours, is no new process.
 * @returns undefined for a beat that does not tell its process
 */
export const processIdentity = (beat: Heartbeat, known: string, now: number): string | undefined => {
  if (beat.pid === undefined || beat.processUptimeMs === undefined || beat.agentTime === undefined) return undefined
  const byAgent = beat.agentTime - beat.processUptimeMs
  const byServer = now - beat.processUptimeMs
  const [pid, knownByAgent, knownByServer] = known.split('@')
  const near = (a: number, b: string | undefined): boolean =>
    b !== undefined && Math.abs(a - Number(b)) <= SAME_PROCESS_MS
  if (Number(pid) === beat.pid && (near(byAgent, knownByAgent) || near(byServer, knownByServer))) return known
  return `${beat.pid}@${Math.round(byAgent)}@${Math.round(byServer)}`
}

/** When the process started, on the server's clock. */
export const processStartedAt = (identity: string): number => Number(identity.split('@')[2] ?? 0)
