// Words for states in answers (api.md §8.2, §5.5).

/** State on one instance. */
export const TASK_STATES = [
  'Pending',
  'Scheduled',
  'Running',
  'Success',
  'Failed',
  'Error',
  'Timeout',
  'Invalid',
  'Aborted',
  'Cancelled',
  'Stopping',
  'Terminated',
] as const

/** State of the copy of an output. */
export const OSS_OUTPUT_STATES = ['InProgress', 'Finished', 'Failed'] as const
