// Whether a signed request of a host is fresh (design D2). The signature covers neither path nor body, and the agent
// leaks signed headers, so one may be used once, and only soon. Pure rules; the memory is in presence.ts.

/** A host's clock may be this far from what was learned of it. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000
/** A request may be this much older than the newest accepted one: requests overtake each other. */
export const OVERTAKING_MS = 15_000
/** A host whose clock jumped is believed again after this many requests that agree with each other … */
export const RELEARN_REQUESTS = 3
/**
 * … over at least this long: more than the 65 s between two heartbeats, so that a live host is heard in between, which ends
 * what somebody else makes of a series of its old signatures; and less than three heartbeats take, 110 s.
 */
export const RELEARN_MS = 100_000

/** What is known of a host's clock. Times in milliseconds. */
export interface HostClock {
  /** Newest accepted time of the host's own clock; 0 when none was. */
  readonly mark: number
  /** Up to this time of the host's own clock, requests may have been accepted that are remembered no more. */
  readonly floor?: number
  /** Host's clock minus ours, learned with the newest accepted request; undefined before the first one. */
  readonly offset: number | undefined
}

/** Requests that were refused but agree with each other: evidence of a clock that jumped. */
export interface JumpEvidence {
  readonly offset: number
  readonly since: number
  readonly newest: number
  readonly count: number
}

export type Freshness =
  /** `jumped`: by the evidence, against what was known before. */
  | { readonly fresh: true; readonly clock: HostClock; readonly jumped: boolean }
  | { readonly fresh: false; readonly evidence: JumpEvidence }

/**
 * Judges a request by its own time. The first one of a host sets the offset: its key was made for the registration, so
 * no older signature exists.
 */
export const judge = (
  clock: HostClock,
  evidence: JumpEvidence | undefined,
  agentTime: number,
  now: number,
): Freshness => {
  const offset = agentTime - now
  if (clock.offset === undefined) return { fresh: true, clock: { mark: agentTime, offset }, jumped: false }
  const nearOffset = Math.abs(offset - clock.offset) <= CLOCK_TOLERANCE_MS
  const recent = agentTime >= clock.mark - OVERTAKING_MS && agentTime > (clock.floor ?? 0)
  if (nearOffset && recent)
    return { fresh: true, clock: agentTime > clock.mark ? { mark: agentTime, offset } : clock, jumped: false }
  return weighJump(evidence, agentTime, offset, now)
}

/**
 * The floor of a host that spoke to an earlier process of the server, which remembered its request ids in memory. What
 * that one accepted was signed before this one began, so by the host's clock before this. Costs no write, and refuses
 * nobody: what this process receives was signed later.
 * @param since when this process had its data for itself, before it listened
 */
export const floorAfterRestart = (offset: number | undefined, since: number): number =>
  offset === undefined ? 0 : since + offset - 1

const weighJump = (evidence: JumpEvidence | undefined, agentTime: number, offset: number, now: number): Freshness => {
  const agrees =
    evidence !== undefined && agentTime > evidence.newest && Math.abs(offset - evidence.offset) <= OVERTAKING_MS
  const next: JumpEvidence = agrees
    ? { offset: evidence.offset, since: evidence.since, newest: agentTime, count: evidence.count + 1 }
    : { offset, since: now, newest: agentTime, count: 1 }
  return next.count >= RELEARN_REQUESTS && now - next.since >= RELEARN_MS
    ? { fresh: true, clock: { mark: agentTime, offset }, jumped: true }
    : { fresh: false, evidence: next }
}
