import { AGENT_FEATURES, formatFeatures } from '../../protocol/agent-features.js'
import { taskList } from '../../protocol/messages/task-list.js'
import type { Codec } from '../../protocol/parsed.js'
import type { AgentLog } from '../log.js'
import { fullJitter } from './backoff.js'
import { createBell, createGate } from './bell.js'
import type { ServerLink } from './server-link.js'

// Asks for tasks: once at the start of the process, then when the server kicks. Kicks that come while a request is on
// its way become one more request after it.

export type TaskListAnswer = typeof taskList.answer extends Codec<infer A> ? A : never

export interface FetchLoop {
  /** Kicks before `start` become part of the first fetch. */
  readonly kick: (taskId: string | undefined) => void
  /** Allows the first fetch. Call it once. */
  start(): void
  /** Resolves when the first fetch was answered. */
  readonly begun: Promise<void>
  /** Tries again at once instead of waiting out a failure. */
  nudge(): void
  stop(): Promise<void>
}

/** As the vendor's agent (agent-protocol.md §4.3), so that a server's window for a lost answer fits. */
const RETRIES = 3
const RETRY_PAUSE_MS = 2_000
/** Upstream: this code in an answer means "ask again in a moment", at most so often. */
const ASK_AGAIN = 408
const ASK_AGAIN_ROUNDS = 4
/** Then the pause grows; the vendor's agent gives up instead, and waits for another kick. */
const laterRetry = fullJitter(4_000, 30_000)
/** Ten scripts of the largest size that a server may allow. */
const ANSWER_LIMIT = 32 * 1024 * 1024

/** @param onAnswer takes the work in; the next fetch waits for it. It must not reject. */
export const createFetch = (
  link: ServerLink,
  coldStart: boolean,
  timeZone: string,
  onAnswer: (answer: TaskListAnswer) => Promise<void>,
  log: AgentLog,
): FetchLoop => {
  const bell = createBell()
  const started = createGate()
  const begun = createGate()
  const stopping = new AbortController()
  let isFirst = true
  let wanted = true
  /** Up to two different ids: with more than one, none is named. */
  let hints = new Set<string | undefined>()
  let isWaitingAfterFailure = false

  const ask = async (hint: string | undefined): Promise<TaskListAnswer | undefined> => {
    const now = new Date()
    const reply = await link.call(
      taskList,
      {
        reason: isFirst ? 'startup' : 'kickoff',
        ...(isFirst ? { cold_start: coldStart } : {}),
        ...(!isFirst && hint !== undefined ? { taskId: hint } : {}),
        currentTime: now.getTime(),
        offset: -now.getTimezoneOffset() * 60,
        supports: formatFeatures(AGENT_FEATURES),
        timeZone,
      },
      { answerLimit: ANSWER_LIMIT, signal: stopping.signal },
    )
    if (reply.ok) return reply.answer
    if (!bell.closed) log.warn(`fetching tasks failed: ${reply.reason}`)
    return undefined
  }

  const fetch = async (): Promise<void> => {
    const [hint] = hints.size === 1 ? hints : []
    hints = new Set()
    let rounds = 0
    for (let failures = 0; !bell.closed; ) {
      const answer = await ask(hint)
      if (answer !== undefined && (answer.code !== ASK_AGAIN || ++rounds >= ASK_AGAIN_ROUNDS)) {
        isFirst = false
        await onAnswer(answer)
        begun.open()
        return
      }
      if (answer === undefined) failures++
      isWaitingAfterFailure = true
      await bell.wait(failures <= RETRIES ? RETRY_PAUSE_MS : laterRetry(failures - RETRIES - 1))
      isWaitingAfterFailure = false
    }
  }

  const loop = async (): Promise<void> => {
    await started.passed
    while (!bell.closed) {
      if (wanted) {
        wanted = false
        await fetch()
      } else {
        await bell.wait(0x7fffffff)
      }
    }
    begun.open()
  }

  const running = loop()
  return {
    begun: begun.passed,
    kick(taskId) {
      wanted = true
      if (hints.size < 2) hints.add(taskId)
      if (!isWaitingAfterFailure) bell.ring()
    },
    start: started.open,
    nudge() {
      if (isWaitingAfterFailure) bell.ring()
    },
    async stop() {
      stopping.abort()
      bell.close()
      started.open()
      await running
    },
  }
}
