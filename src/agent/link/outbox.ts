import { type AgentLog, reasonOf } from '../log.js'
import { type KeptResults, taskIdOf } from '../state/kept-results.js'
import { resultRequest, type TaskResult } from '../tasks/result.js'
import { fullJitter } from './backoff.js'
import { createBell } from './bell.js'
import { isSuccess, type ServerLink } from './server-link.js'

// Delivers final reports until the server acknowledges them. A result is on disk before it is posted for the first time
// and leaves the disk after a success, so it survives this process and any absence of the server. Final endpoints are
// idempotent (design §5): posting twice does no harm, and an answer that was lost costs nothing.

export interface Outbox {
  /** Durable when it resolves (where the disk takes it); delivery goes on by itself. Never rejects. */
  readonly keep: (result: TaskResult) => Promise<void>
  /**
   * Resolves when every result that was kept by an earlier process was acknowledged, or was refused by a server that
   * does answer. While no server answers it waits: nothing else could be told to it either.
   */
  readonly earlierSettled: Promise<void>
  /** True while a result of this task waits for its acknowledgement. */
  readonly holds: (taskId: string) => boolean
  readonly size: number
  /** Tries again at once what waits for its next try. */
  readonly nudge: () => void
  /** Resolves when everything is acknowledged or this long is over. */
  drained(mostMs: number): Promise<void>
  /** Ends deliveries; what is not acknowledged stays on disk. */
  stop(): Promise<void>
}

const retryDelay = fullJitter(1_000, 30_000)
/** Refusals by a server that answers, after which a kept result no longer holds up the start. */
const REFUSALS_BEFORE_GOING_ON = 3
const MOST_AT_ONCE = 3
/** A server keeps invocations for 30 days (api.md §8.1). */
const KEEP_MS = 31 * 24 * 3600 * 1000

export const openOutbox = (
  link: Pick<ServerLink, 'exchange'>,
  kept: KeptResults,
  log: AgentLog,
  onChange: (size: number) => void = () => undefined,
): Outbox => {
  const bell = createBell()
  const stopping = new AbortController()
  const deliveries = new Map<object, string>()
  const running = new Set<Promise<void>>()
  let free = MOST_AT_ONCE
  const turns: (() => void)[] = []

  const takeTurn = async (): Promise<void> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => turns.push(resolve))
  }
  const passTurn = (): void => {
    const next = turns.shift()
    if (next === undefined) free++
    else next()
  }

  /** @returns `refused` when a server answered and did not take it */
  const post = async (result: TaskResult): Promise<'taken' | 'refused' | 'unreachable'> => {
    await takeTurn()
    try {
      const exchange = await link.exchange({ method: 'POST', ...resultRequest(result), signal: stopping.signal })
      if (exchange.kind === 'answered' && isSuccess(exchange.status)) return 'taken'
      const reason = exchange.kind === 'answered' ? `status ${exchange.status}` : exchange.reason
      if (!bell.closed) log.warn(`the result of ${result.task.taskId} was not taken: ${reason}`)
      return exchange.kind === 'answered' ? 'refused' : 'unreachable'
    } finally {
      passTurn()
    }
  }

  const deliver = async (load: () => Promise<TaskResult | undefined>, keptAt: number, settled: () => void) => {
    let refusals = 0
    for (let attempt = 0; !bell.closed; attempt++) {
      const result = await load()
      if (result === undefined || Date.now() - keptAt > KEEP_MS) return 'given-up'
      const outcome = await post(result)
      if (outcome === 'taken') return 'taken'
      if (outcome === 'refused' && ++refusals >= REFUSALS_BEFORE_GOING_ON) settled()
      await bell.wait(retryDelay(attempt))
    }
    return 'stopped'
  }

  /** One result from the disk, or from memory where the disk is full. */
  const launch = (taskId: string, name: string | undefined, inMemory?: TaskResult): Promise<void> => {
    const handle = {}
    deliveries.set(handle, taskId)
    onChange(deliveries.size)
    return new Promise<void>((settled) => {
      let atHand = inMemory
      const load = async () => {
        const result = atHand ?? (name === undefined ? undefined : await kept.load(name))
        if (name !== undefined) atHand = undefined
        return result
      }
      const work = deliver(load, name === undefined ? Date.now() : kept.keptAt(name), settled)
        .catch((error: unknown) => {
          log.error(`the result of ${taskId} cannot be delivered: ${reasonOf(error)}`)
          return 'given-up' as const
        })
        .then(async (outcome) => {
          if (outcome !== 'stopped' && name !== undefined) await kept.remove(name)
          if (outcome === 'taken') log.debug(`the result of ${taskId} was taken`)
          deliveries.delete(handle)
          running.delete(work)
          onChange(deliveries.size)
          settled()
        })
      running.add(work)
    })
  }

  const earlier = kept.list().map((name) => launch(taskIdOf(name), name))
  if (earlier.length > 0) log.info(`delivering ${earlier.length} results kept from before`)

  return {
    async keep(result) {
      let name: string | undefined
      try {
        name = await kept.keep(result, Date.now())
      } catch (error) {
        log.error(`the result of ${result.task.taskId} cannot be kept on disk: ${reasonOf(error)}`)
      }
      void launch(result.task.taskId, name, result)
    },
    earlierSettled: Promise.all(earlier).then(() => undefined),
    holds: (taskId) => [...deliveries.values()].includes(taskId),
    get size() {
      return deliveries.size
    },
    nudge: () => bell.ring(),
    async drained(mostMs) {
      let timer: NodeJS.Timeout | undefined
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, mostMs)
      })
      bell.ring()
      await Promise.race([Promise.all(running), limit])
      clearTimeout(timer)
    },
    async stop() {
      stopping.abort()
      bell.close()
      await Promise.all(running)
    },
  }
}
