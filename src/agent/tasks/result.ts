import { requestTarget } from '../../protocol/message.js'
import { taskError } from '../../protocol/messages/task-error.js'
import { taskFinish } from '../../protocol/messages/task-finish.js'
import { taskInvalid } from '../../protocol/messages/task-invalid.js'
import { taskStopped } from '../../protocol/messages/task-stopped.js'
import { taskTimeout } from '../../protocol/messages/task-timeout.js'
import { taskVerified } from '../../protocol/messages/task-verified.js'
import type { FileEnd } from '../files/file-end.js'

/** Which run of which task. */
export interface TaskIdentity {
  readonly taskId: string
  readonly invokeVersion: number
}

/** Names a task's run in file names and in the list of seen ones. */
export const taskKey = ({ taskId, invokeVersion }: TaskIdentity): string => `${taskId}.iv${invokeVersion}`

interface Ended {
  /** Milliseconds since 1970; both 0 when nothing ran. */
  readonly startedAt: number
  readonly endedAt: number
  readonly exitCode: number
  /** Bytes of output that are in no report. */
  readonly dropped: number
}

/** How a task ended (agent-protocol.md §4.5). Every task that was taken ends with exactly one. */
export type TaskEnd =
  | (Ended & { readonly kind: 'finish' })
  | (Ended & { readonly kind: 'timeout' })
  /** `completed`: a schedule does not fire any more. */
  | (Ended & { readonly kind: 'stopped'; readonly completed?: true })
  | (Ended & { readonly kind: 'error'; readonly errCode: string; readonly errDesc: string })
  | { readonly kind: 'invalid'; readonly param: string; readonly value: string }
  | { readonly kind: 'verified' }
  | FileEnd

/** The final report of a task; `output` is what no earlier report carried. */
export interface TaskResult {
  readonly task: TaskIdentity
  readonly end: TaskEnd
  readonly output: Uint8Array
}

/** Where and what to post; the whole is a plain request without an answer that matters. */
export interface ResultRequest {
  readonly target: string
  readonly contentType: string
  readonly timeoutMs: number
  readonly body: Uint8Array
}

/** Bytes of a description (agent-protocol.md §6.7). */
const LONGEST_DESCRIPTION = 255

export const resultRequest = ({ task, end, output }: TaskResult): ResultRequest => {
  const identity = { taskId: task.taskId, invokeVersion: task.invokeVersion }
  const common = (message: { contentType: string; clientTimeoutMs: number }) => ({
    contentType: message.contentType,
    timeoutMs: message.clientTimeoutMs,
    body: output,
  })
  switch (end.kind) {
    case 'finish':
      return { ...common(taskFinish), target: requestTarget(taskFinish, { ...identity, ...ended(end) }) }
    case 'timeout':
      return { ...common(taskTimeout), target: requestTarget(taskTimeout, { ...identity, ...ended(end) }) }
    case 'error': {
      const errDesc = cutBytes(end.errDesc, LONGEST_DESCRIPTION)
      const query = { ...identity, ...ended(end), errCode: end.errCode, errDesc }
      return { ...common(taskError), target: requestTarget(taskError, query) }
    }
    case 'stopped': {
      const { exitCode: exitcode, ...times } = ended(end)
      const result = end.completed === true ? ('completed' as const) : ('killed' as const)
      const query = { ...identity, ...times, exitcode, result }
      return { ...common(taskStopped), target: requestTarget(taskStopped, query) }
    }
    case 'invalid': {
      const query = { ...identity, param: end.param, value: end.value }
      return { ...common(taskInvalid), target: requestTarget(taskInvalid, query) }
    }
    case 'verified':
      return { ...common(taskVerified), target: requestTarget(taskVerified, identity) }
    case 'file-finish': {
      const status = end.code === 0 ? ('Success' as const) : ('Failed' as const)
      const query = { taskId: task.taskId, status, taskType: 'sendfile' as const, errorcode: end.code }
      return { ...common(taskFinish), target: requestTarget(taskFinish, query) }
    }
    case 'file-invalid': {
      const query = { taskId: task.taskId, taskType: 'sendfile' as const, param: end.param, value: end.value }
      return { ...common(taskInvalid), target: requestTarget(taskInvalid, query) }
    }
  }
}

const ended = ({ startedAt, endedAt, exitCode, dropped }: Ended) => ({
  start: startedAt,
  end: endedAt,
  exitCode,
  dropped,
})

/** At most so many bytes of UTF-8, cut between characters. */
const cutBytes = (text: string, most: number): string => {
  let cut = text.slice(0, most)
  while (Buffer.byteLength(cut) > most) cut = cut.slice(0, -1)
  // Half a surrogate pair becomes U+FFFD.
  return Buffer.from(cut).toString()
}
