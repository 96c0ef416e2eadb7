// The states of a task, and how an event moves it. No other file assigns a state.
//
//   Pending ──fetch──► HandedOut ──running──► Running ──finish──► Success | Failed
//      │                   │                     │  ──timeout──► Timeout      ──error──► Error
//      │ stop              │ stop                │ stop
//      ▼                   ▼                     ▼
//   Cancelled           Stopping ◄───────────────┘   ──stopped──► Terminated  (or any natural end that won the race)
//
//   Pending   ──deadline──► Aborted          Pending | HandedOut ──invalid──► Invalid
//   HandedOut | Running | Stopping ──lost (deadline, new agent process, deregistered)──► Error, outcome unknown
//
// What repeats or waits for a start of its host:
//
//   Pending ──scheduled──► Scheduled ──running──► Running ──run-ended──► Scheduled ──…   (never ran: Cancelled, else Terminated)
//                              └── fetch after a reboot ──► HandedOut ──► as above
//
// In a rollout (docs/adr/0016-rollouts.md), before all that; no agent has such a task, so no report moves it:
//
//   Waiting ──released──► Pending      Waiting ──queued──► Queued ──released──► Pending      Pending ──queued──► Queued
//
// A final report is taken from any unfinished state, with or without `running` before it. A real result replaces
// a final state whose outcome is unknown, and `finish` replaces Terminated (design §5). A schedule that was Cancelled because no
// run of it was known is Terminated when one is told after all.
//
// What no host was ever given is added again (api.md §7.2):   Aborted | Invalid | Cancelled ──added-…──► as its admission says

export const UNFINISHED = ['Waiting', 'Queued', 'Pending', 'HandedOut', 'Scheduled', 'Running', 'Stopping'] as const
export const FINAL = ['Success', 'Failed', 'Error', 'Timeout', 'Invalid', 'Aborted', 'Cancelled', 'Terminated'] as const

export type UnfinishedState = (typeof UNFINISHED)[number]
export type FinalState = (typeof FINAL)[number]
export type TaskState = UnfinishedState | FinalState

/** Classes of states that an invocation counts its tasks by. `failed` is an exit code other than 0. */
export type StateClass =
  | 'waiting'
  | 'queued'
  | 'pending'
  | 'scheduled'
  | 'running'
  | 'stopping'
  | 'success'
  | 'failed'
  | 'broken'
  | 'stopped'

export const STATE_CLASSES: readonly StateClass[] = [
  'waiting',
  'queued',
  'pending',
  'scheduled',
  'running',
  'stopping',
  'success',
  'failed',
  'broken',
  'stopped',
]

const CLASS_OF: Readonly<Record<TaskState, StateClass>> = {
  Waiting: 'waiting',
  Queued: 'queued',
  Pending: 'pending',
  HandedOut: 'pending',
  Scheduled: 'scheduled',
  Running: 'running',
  Stopping: 'stopping',
  Success: 'success',
  Failed: 'failed',
  Error: 'broken',
  Timeout: 'broken',
  Invalid: 'broken',
  Aborted: 'broken',
  Cancelled: 'stopped',
  Terminated: 'stopped',
}

export const classOf = (state: TaskState): StateClass => CLASS_OF[state]

/** Not sent to its host, which is told nothing of it. */
export const isHeld = (state: TaskState): boolean => state === 'Waiting' || state === 'Queued'

export const isFinal = (state: TaskState): state is FinalState => (FINAL as readonly string[]).includes(state)

/** What failed; what somebody stopped did not (api.md §8.3). */
export const FAILURES: readonly FinalState[] = FINAL.filter((state) => ['failed', 'broken'].includes(CLASS_OF[state]))

/** ActiveTaskCount counts these (design §4). */
export const isActive = (state: TaskState): boolean => state === 'Running' || state === 'Stopping'

/** What can happen to a task. */
export type TaskEvent =
  /** Its turn came, and its host is there. */
  | 'released'
  /** Its turn came, and its host is waited for. */
  | 'queued'
  /** Its turn came, and no agent can do it. */
  | 'refused'
  | 'handed-out'
  /** A host took a schedule. */
  | 'scheduled'
  /** One of several runs is over. */
  | 'run-ended'
  /** Stopped before its first run. */
  | 'never-ran'
  /** A run was told only behind what came later. */
  | 'missed-run'
  /** Named once more, where no host was ever given it: it waits for its host, … */
  | 'added-pending'
  /** … for a start of its host, … */
  | 'added-scheduled'
  /** … or is over at once again. */
  | 'added-aborted'
  | 'added-invalid'
  | 'running'
  | 'finish-0'
  | 'finish-other'
  | 'timeout'
  | 'error'
  | 'invalid'
  | 'stopped'
  | 'stop-requested'
  | 'not-delivered'
  | 'lost'

/** A report of an end, or the lack of one, is taken in every state. */
const ENDS = {
  'finish-0': 'Success',
  'finish-other': 'Failed',
  timeout: 'Timeout',
  error: 'Error',
  invalid: 'Invalid',
  stopped: 'Terminated',
  lost: 'Error',
} as const

/** What its host was never told of. */
const HELD = {
  released: 'Pending',
  scheduled: 'Scheduled',
  queued: 'Queued',
  refused: 'Invalid',
  'stop-requested': 'Cancelled',
  'not-delivered': 'Aborted',
} as const

const MOVES: Readonly<Record<UnfinishedState, Readonly<Partial<Record<TaskEvent, TaskState>>>>> = {
  Waiting: HELD,
  Queued: HELD,
  Pending: {
    ...ENDS,
    queued: 'Queued',
    'handed-out': 'HandedOut',
    scheduled: 'Scheduled',
    'run-ended': 'Scheduled',
    running: 'Running',
    'stop-requested': 'Cancelled',
    'not-delivered': 'Aborted',
  },
  HandedOut: {
    ...ENDS,
    'handed-out': 'HandedOut',
    'run-ended': 'Scheduled',
    running: 'Running',
    'stop-requested': 'Stopping',
  },
  Scheduled: {
    ...ENDS,
    'handed-out': 'HandedOut',
    scheduled: 'Scheduled',
    'run-ended': 'Scheduled',
    'never-ran': 'Cancelled',
    running: 'Running',
    'stop-requested': 'Stopping',
    'not-delivered': 'Aborted',
  },
  Running: {
    ...ENDS,
    'run-ended': 'Scheduled',
    running: 'Running',
    'stop-requested': 'Stopping',
  },
  Stopping: {
    ...ENDS,
    'run-ended': 'Stopping',
    'never-ran': 'Cancelled',
    running: 'Stopping',
    'stop-requested': 'Stopping',
  },
}

const ADDED_AGAIN: Readonly<Partial<Record<TaskEvent, TaskState>>> = {
  'added-pending': 'Pending',
  'added-scheduled': 'Scheduled',
  'added-aborted': 'Aborted',
  'added-invalid': 'Invalid',
}
const NEVER_GIVEN: readonly TaskState[] = ['Aborted', 'Invalid', 'Cancelled']

const REAL_RESULTS: readonly TaskEvent[] = ['finish-0', 'finish-other', 'timeout', 'error', 'invalid', 'stopped']
const NATURAL_ENDS: readonly TaskEvent[] = ['finish-0', 'finish-other']

/**
 * Where an event takes a task.
 * @param outcomeUnknown true for a final state that was assumed, not reported
 * @returns undefined when the event changes nothing: it came twice, too late, or does not apply
 */
export const move = (state: TaskState, outcomeUnknown: boolean, event: TaskEvent): TaskState | undefined => {
  if (!isFinal(state)) return MOVES[state][event]
  if (state === 'Cancelled' && event === 'missed-run') return 'Terminated'
  if (event in ADDED_AGAIN) return NEVER_GIVEN.includes(state) ? ADDED_AGAIN[event] : undefined
  const replaceable =
    (outcomeUnknown && REAL_RESULTS.includes(event)) || (state === 'Terminated' && NATURAL_ENDS.includes(event))
  return replaceable ? MOVES.Running[event] : undefined
}
