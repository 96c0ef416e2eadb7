import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallEvent } from '../api/call-event.js'
import type { FrontEvents } from '../front/front.js'
import type { Peer, RequestDoor } from '../front/peer.js'
import type { GatewayEvent } from '../gateway/gateway-event.js'
import type { CertificateEvents } from '../tls/certificates.js'
import { tellEvents } from './events.js'
import { healthDoor } from './health.js'
import { type LogLevel, openLogs } from './log.js'
import { createMetrics } from './metrics.js'

/** Where the rooms tell what happened: one function per kind of event, log line and counters together. */
export interface Events {
  readonly call: (event: CallEvent) => void
  readonly gateway: (event: GatewayEvent) => void
  /** One group of writes was committed. */
  readonly commit: (told: { readonly size: number; readonly milliseconds: number }) => void
  /** A task came to its end. */
  readonly taskEnded: (state: string) => void
  /** Something of the server's own failed in the background; it goes on. */
  readonly failure: (at: string, cause: unknown) => void
  /** Rows that retention removed, by kind. */
  readonly removed: (amounts: Readonly<Record<string, number>>) => void
  /** The delivery of an output came to its end. */
  readonly delivered: (state: string) => void
  readonly front: FrontEvents
  readonly certificates: CertificateEvents
}

/** What health and metrics ask of the parts. */
export interface Watched {
  readonly connectedAgents: () => number
  readonly unreachableAgents: () => number
  readonly certificateExpiresAt: () => number | undefined
  /** Rejects when the store does not answer. */
  readonly storeAnswers: () => Promise<void>
  readonly listening: () => boolean
}

export interface Telemetry extends Disposable {
  readonly events: Events
  /** `/healthz`, `/readyz`, `/metrics`. */
  readonly handle: RequestDoor
  /** Call once, when the parts are there; before that the server is not ready. */
  watch(watched: Watched): void
}

export interface TelemetrySettings {
  readonly logLevel: LogLevel
  /** Tell metrics to peers that are not on this host, too. */
  readonly remoteMetrics: boolean
}

export const openTelemetry = (settings: TelemetrySettings): Telemetry => {
  const logOf = openLogs({ level: settings.logLevel, human: process.stderr.isTTY })
  const metrics = createMetrics()
  let watched: Watched | undefined
  const health = healthDoor({
    metrics,
    watched: () => watched,
    remoteMetrics: settings.remoteMetrics,
    now: () => performance.now(),
  })
  return {
    events: tellEvents(logOf, metrics),
    handle: (request: IncomingMessage, response: ServerResponse, peer: Peer) => health(request, response, peer),
    watch(parts) {
      watched = parts
      metrics.watch(parts)
    },
    [Symbol.dispose]: () => metrics[Symbol.dispose](),
  }
}
