// From the states of a file on its instances to the state of its send (api.md §9.2). Pure.
import { type FileState, isFinalFileState } from './file-states.js'

export const FILE_SEND_STATES = ['Pending', 'Running', 'Success', 'Failed', 'PartialFailed'] as const
export type FileSendStatus = (typeof FILE_SEND_STATES)[number]

/** Classes that a send counts its instances by. */
export const FILE_CLASSES = ['waiting', 'queued', 'pending', 'running', 'success', 'failed'] as const
export type FileClass = (typeof FILE_CLASSES)[number]

const UNFINISHED_CLASSES = { Waiting: 'waiting', Queued: 'queued', Pending: 'pending', Running: 'running' } as const

export const fileClassOf = (state: FileState): FileClass => {
  if (!isFinalFileState(state)) return UNFINISHED_CLASSES[state]
  return state === 'Success' ? 'success' : 'failed'
}

export type FileCounts = Readonly<Record<FileClass, number>>

export const fileSendStatus = (counts: FileCounts): FileSendStatus => {
  if (counts.waiting + counts.queued + counts.pending > 0) return 'Pending'
  if (counts.running > 0) return 'Running'
  if (counts.failed === 0) return 'Success'
  return counts.success === 0 ? 'Failed' : 'PartialFailed'
}
