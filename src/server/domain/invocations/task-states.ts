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
// A final report is taken from any unfinished state, with or without `running` before it. A real result replaces
// a final state whose outcome is unknown, and `finish` replaces Terminated (design §5).

export const UNFINISHED = ['Pending', 'HandedOut', 'Scheduled', 'Running', 'Stopping'] as const
export const FINAL = ['Success', 'Failed', 'Error', 'Timeout', 'Invalid', 'Aborted', 'Cancelled', 'Terminated'] as const

export type UnfinishedState = (typeof UNFINISHED)[number]
export type FinalState = (typeof FINAL)[number]
export type TaskState = UnfinishedState | FinalState

/** Classes of states that an invocation counts its tasks by. `failed` is an exit code other than 0. */
export type StateClass = 'pending' | 'scheduled' | 'running' | 'stopping' | 'success' | 'failed' | 'broken' | 'stopped'

export const STATE_CLASSES: readonly StateClass[] = [
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

export const isFinal = (state: TaskState): state is FinalState => (FINAL as readonly string[]).includes(state)

/** ActiveTaskCount counts these (design §4). */
export const isActive = (state: TaskState): boolean => state === 'Running' || state === 'Stopping'

/** What can happen to a task. */
export type TaskEvent =
  | 'handed-out'
  /** A host took a schedule. */
  | 'scheduled'
  /** One of several runs is over. */
  | 'run-ended'
  /** Stopped before its first run. */
  | 'never-ran'
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

const MOVES: Readonly<Record<UnfinishedState, Readonly<Partial<Record<TaskEvent, TaskState>>>>> = {
  Pending: {
    ...ENDS,
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

const REAL_RESULTS: readonly TaskEvent[] = ['finish-0', 'finish-other', 'timeout', 'error', 'invalid', 'stopped']
const NATURAL_ENDS: readonly TaskEvent[] = ['finish-0', 'finish-other']

/**
 * Where an event takes a task.
 * @param outcomeUnknown true for a final state that was assumed, not reported
 * @returns undefined when the event changes nothing: it came twice, too late, or does not apply
 */
export const move = (state: TaskState, outcomeUnknown: boolean, event: TaskEvent): TaskState | undefined => {
  if (!isFinal(state)) return MOVES[state][event]
  const replaceable =
    (outcomeUnknown && REAL_RESULTS.includes(event)) || (state === 'Terminated' && NATURAL_ENDS.includes(event))
  return replaceable ? MOVES.Running[event] : undefined
}
