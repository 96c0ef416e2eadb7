import { requestTarget } from '../../protocol/message.js'
import { heartBeat, LEAST_INTERVAL_MS, MOST_INTERVAL_MS } from '../../protocol/messages/heart-beat.js'
import type { AgentLog } from '../log.js'
import { fullJitter } from './backoff.js'
import { createBell, createGate } from './bell.js'
import { isSuccess, type ServerLink } from './server-link.js'

/** What the first heartbeats of a process tell, until one is answered. */
export interface ProcessFacts {
  readonly pid: number
  /** Milliseconds since the agent started, on a clock that does not jump. */
  readonly processUptimeMs: () => number
  readonly uptimeMs: () => number
  readonly osVersion: string
  readonly machineId: string
  readonly coldStart: boolean
}

export interface HeartbeatLoop {
  /** Resolves when the first one was answered, or when the first three tries failed. */
  readonly begun: Promise<void>
  /** Sends one now instead of waiting out a failure. */
  nudge(): void
  stop(): Promise<void>
}

/** So many failures, and the rest of the agent goes on without waiting for an answer, as the vendor's does. */
const FIRST_TRIES = 3
const retryDelay = fullJitter(1_000, 30_000)

/** Tells the server about once a minute that this host is alive (agent-protocol.md §4.2). */
export const startHeartbeat = (
  link: ServerLink,
  facts: ProcessFacts,
  log: AgentLog,
  onAnswered: () => void = () => undefined,
): HeartbeatLoop => {
  const bell = createBell()
  const begun = createGate()
  const stopping = new AbortController()
  let isWaitingAfterFailure = false
  let answered = 0
  let sent = 0

  const beat = async (): Promise<number | undefined> => {
    const target = requestTarget(heartBeat, {
      uptime: facts.uptimeMs(),
      timestamp: Date.now(),
      pid: facts.pid,
      process_uptime: Math.round(facts.processUptimeMs()),
      index: answered,
      seq_no: sent++,
      ...(answered > 0
        ? {}
        : {
            virt_type: 'kvm',
            os_version: facts.osVersion,
            az: 'unknown',
            machineid: facts.machineId,
            cold_start: facts.coldStart,
          }),
    })
    const { method, contentType, clientTimeoutMs: timeoutMs } = heartBeat
    const signal = stopping.signal
    const exchange = await link.exchange({ method, target, contentType, timeoutMs, signal })
    if (signal.aborted) return undefined
    const reason =
      exchange.kind !== 'answered'
        ? exchange.reason
        : isSuccess(exchange.status)
          ? undefined
          : `status ${exchange.status}`
    if (exchange.kind !== 'answered' || reason !== undefined) {
      log.warn(`heartbeat failed: ${reason}`)
      return undefined
    }
    answered++
    onAnswered()
    const document = heartBeat.answer.decode(exchange.text)
    const wanted = document.ok ? document.value.nextInterval : undefined
    return wanted !== undefined && wanted >= LEAST_INTERVAL_MS && wanted <= MOST_INTERVAL_MS
      ? wanted
      : LEAST_INTERVAL_MS + Math.random() * (MOST_INTERVAL_MS - LEAST_INTERVAL_MS)
  }

  const loop = async (): Promise<void> => {
    let failures = 0
    while (!bell.closed) {
      const next = await beat()
      failures = next === undefined ? failures + 1 : 0
      if (next !== undefined || failures >= FIRST_TRIES) begun.open()
      isWaitingAfterFailure = next === undefined
      await bell.wait(next ?? retryDelay(failures - 1))
    }
    begun.open()
  }

  const running = loop()
  return {
    begun: begun.passed,
    nudge() {
      if (isWaitingAfterFailure) bell.ring()
    },
    async stop() {
      stopping.abort()
      bell.close()
      await running
    },
  }
}
