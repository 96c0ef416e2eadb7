import { requestTarget } from '../../protocol/message.js'
import { LEAST_REPORT_INTERVAL_MS } from '../../protocol/messages/task-entry.js'
import type { TaskEntry } from '../../protocol/messages/task-list.js'
import { taskRunning } from '../../protocol/messages/task-running.js'
import { isSuccess, type ServerLink } from '../link/server-link.js'
import type { OutputWindow } from '../process/output-window.js'
import type { TaskIdentity } from './result.js'

// Posts `task/running` while a script runs: once at its start, then its new output. One post is under way at a time, so
// they arrive in order. Bytes count as sent when the server took them, and also when it did not answer in time: it is
// slow then, not gone, and to repeat them would double them. When the connection failed they are posted again; the
// vendor's agent loses them.

export interface Progress {
  /** No more posts; resolves when the one under way is over. With `hurry` it is given up instead. */
  end(hurry: AbortSignal): Promise<void>
}

/** With `skipEmpty`, a post without output still goes out this often, as a sign of life of the task. */
const EMPTY_EVERY_MS = 60_000
const LONGEST_INTERVAL_MS = 3_600_000

export const startProgress = (
  link: Pick<ServerLink, 'exchange'>,
  task: TaskIdentity,
  startedAt: number,
  window: OutputWindow,
  wanted: TaskEntry['output'],
): Progress => {
  const giveUp = new AbortController()
  let isStartDue = wanted.sendStart
  let lastPostAt = performance.now()
  let underWay: Promise<void> | undefined

  const post = async (): Promise<void> => {
    // The first post tells the start alone, as the vendor's does.
    const increment = isStartDue ? new Uint8Array() : window.increment()
    const isQuiet = increment.length === 0 && !isStartDue && wanted.skipEmpty
    if (isQuiet && performance.now() - lastPostAt < EMPTY_EVERY_MS) return
    lastPostAt = performance.now()
    const exchange = await link.exchange({
      method: taskRunning.method,
      target: requestTarget(taskRunning, { ...task, start: startedAt }),
      contentType: taskRunning.contentType,
      timeoutMs: taskRunning.clientTimeoutMs,
      body: increment,
      signal: giveUp.signal,
    })
    const isTaken = exchange.kind === 'answered' && isSuccess(exchange.status)
    if (isTaken) isStartDue = false
    if (isTaken || exchange.kind === 'unanswered') window.sent(increment.length)
  }

  const tick = (): void => {
    underWay ??= post().finally(() => {
      underWay = undefined
    })
  }

  if (isStartDue) tick()
  const intervalMs = Math.min(Math.max(wanted.interval, LEAST_REPORT_INTERVAL_MS), LONGEST_INTERVAL_MS)
  const timer = setInterval(tick, intervalMs)

  return {
    async end(hurry) {
      clearInterval(timer)
      const abort = (): void => giveUp.abort()
      if (hurry.aborted) abort()
      hurry.addEventListener('abort', abort)
      await underWay
      hurry.removeEventListener('abort', abort)
    },
  }
}
