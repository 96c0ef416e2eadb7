import { integer, optional, text } from '../../schema/shape.js'
import { WIRE_ID_PATTERN } from '../wire-id.js'

// Members that the reports about tasks share, in the order in which the vendor's agent writes them
// (agent-protocol.md §4.5).

/** Latest moment that a date can name, in milliseconds. */
const LATEST = 8_640_000_000_000_000

export const taskIdentity = {
  taskId: text('The task.', { pattern: WIRE_ID_PATTERN }),
  /** Absent before release 578 and in results of file sends. */
  invokeVersion: optional(integer('Version of the invocation.', { min: 0, max: 2_147_483_647 })),
}

export const startField = integer('When it started, in ms on the clock of the host; 0 if it did not.', {
  min: 0,
  max: LATEST,
})

/** What ended reports tell; `exitCode` is spelled differently by `task/stopped`. */
export const endFields = {
  end: integer('When it ended, in ms on the clock of the host; 0 if it never ran.', { min: 0, max: LATEST }),
}

// A process killed by a signal has -1; Windows reports statuses of 32 bits.
export const exitCodeField = integer('Exit code of the process.', { min: -2_147_483_648, max: 4_294_967_295 })

export const droppedField = integer('Bytes of output that were dropped.', { min: 0 })

/** Appended for schedules and containers. */
export const tailFields = {
  currentTime: optional(integer('Time of a schedule, in ms on the clock of the host.', { min: 0, max: LATEST })),
  offset: optional(integer('Seconds east of UTC of a schedule.', { min: -86_400, max: 86_400 })),
  timeZone: optional(text('Time zone of a schedule.', { maxLength: 128 })),
  containerId: optional(text('The container it ran in.', { maxLength: 256 })),
  containerName: optional(text('Name of that container.', { maxLength: 256 })),
}

/** Reports that end a task are tried this often in all, with a pause between tries. */
export const FINAL_REPORT_TRIES = 4
export const FINAL_REPORT_PAUSE_MS = 2_000
