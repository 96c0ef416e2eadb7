// The states of a file on one instance, and how an event moves it (api.md §9.2). No other file assigns a state.
//
//   Pending ──fetch──► Running ──written──► Success      ──failed──► Failed      ──refused──► Invalid
//      │                  │
//      │ deadline         ├──deadline──► Timeout, outcome unknown
//      ▼                  └──lost (new agent process, deregistered)──► Error, outcome unknown
//   Aborted
//
// In a rollout (docs/adr/0016-rollouts.md), before all that:
//
//   Waiting ──released──► Pending    Waiting ──queued──► Queued ──released──► Pending    Pending ──queued──► Queued    ──cancelled──► Aborted
//
// The agent reports once, when all is over; that it took the file is what Running means. A result is taken from any
// unfinished state and replaces a final one whose outcome is unknown. There is no stop.

export const UNFINISHED_FILE_STATES = ['Waiting', 'Queued', 'Pending', 'Running'] as const
export const FINAL_FILE_STATES = ['Success', 'Failed', 'Invalid', 'Aborted', 'Error', 'Timeout'] as const

export type UnfinishedFileState = (typeof UNFINISHED_FILE_STATES)[number]
export type FinalFileState = (typeof FINAL_FILE_STATES)[number]
export type FileState = UnfinishedFileState | FinalFileState

export type FileEvent =
  /** Its turn came, and its host is there. */
  | 'released'
  /** Its turn came, and its host is waited for. */
  | 'queued'
  /** Its rollout is over. */
  | 'cancelled'
  | 'handed-out'
  | 'written'
  | 'failed'
  | 'refused'
  | 'not-delivered'
  | 'timed-out'
  | 'lost'

const RESULTS = { written: 'Success', failed: 'Failed', refused: 'Invalid' } as const

/** What its host was never told of; no report moves it. */
const HELD = { released: 'Pending', queued: 'Queued', cancelled: 'Aborted', 'not-delivered': 'Aborted' } as const

const MOVES: Readonly<Record<UnfinishedFileState, Readonly<Partial<Record<FileEvent, FileState>>>>> = {
  Waiting: HELD,
  Queued: HELD,
  Pending: { ...RESULTS, queued: 'Queued', 'handed-out': 'Running', 'not-delivered': 'Aborted' },
  Running: { ...RESULTS, 'handed-out': 'Running', 'timed-out': 'Timeout', lost: 'Error' },
}

/** What the API tells a state as: what a rollout holds is Pending (docs/adr/0016-rollouts.md). */
export type FileStatus = Exclude<FileState, 'Waiting' | 'Queued'>

export const fileStatus = (state: FileState): FileStatus =>
  state === 'Waiting' || state === 'Queued' ? 'Pending' : state

/** What failed: there is no stop. */
export const FILE_FAILURES: readonly FinalFileState[] = FINAL_FILE_STATES.filter((state) => state !== 'Success')

/** The code of one that its rollout left out. It is Aborted, and failed nowhere. */
export const ROLLOUT_ENDED = 'RolloutEnded'

/** Not sent to its host, which is told nothing of it. */
export const isHeldFile = (state: FileState): boolean => state === 'Waiting' || state === 'Queued'

export const isFinalFileState = (state: FileState): state is FinalFileState =>
  (FINAL_FILE_STATES as readonly string[]).includes(state)

/**
 * Where an event takes a file.
 * @param outcomeUnknown true for a final state that was assumed, not reported
 * @returns undefined when the event changes nothing: it came twice, too late, or does not apply
 */
export const moveFile = (state: FileState, outcomeUnknown: boolean, event: FileEvent): FileState | undefined => {
  if (!isFinalFileState(state)) return MOVES[state][event]
  return outcomeUnknown && event in RESULTS ? RESULTS[event as keyof typeof RESULTS] : undefined
}
