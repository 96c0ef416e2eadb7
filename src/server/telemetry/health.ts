import type { ServerResponse } from 'node:http'
import type { RequestDoor } from '../front/peer.js'
import type { Metrics } from './metrics.js'
import type { Watched } from './telemetry.js'

interface Parts {
  readonly metrics: Metrics
  /** Undefined while the server starts. */
  readonly watched: () => Watched | undefined
  readonly remoteMetrics: boolean
}

/** The store must answer a probe within this time. */
const PROBE_MS = 2_000

/**
 * `/healthz`: the process answers. `/readyz`: the store and the listeners do, too. `/metrics`: Prometheus, for this host
 * only unless the operator opened it.
 */
export const healthDoor = ({ metrics, watched, remoteMetrics }: Parts): RequestDoor => {
  const ready = async (): Promise<string | undefined> => {
    const parts = watched()
    if (parts === undefined) return 'starting'
    if (!parts.listening()) return 'stopping'
    try {
      await within(parts.storeAnswers(), PROBE_MS)
      return undefined
    } catch {
      return 'the store does not answer'
    }
  }
  return (request, response, peer) => {
    const path = (request.url ?? '').split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only\n')
    if (path === '/healthz') return answer(response, 200, 'text/plain', 'ok\n')
    if (path === '/readyz') {
      void ready().then((problem) =>
        problem === undefined
          ? answer(response, 200, 'text/plain', 'ok\n')
          : answer(response, 503, 'text/plain', `${problem}\n`),
      )
      return
    }
    if (!remoteMetrics && !peer.loopback)
      return answer(response, 403, 'text/plain', 'metrics are told to this host only\n')
    metrics.expose().then(
      ({ contentType, text }) => answer(response, 200, contentType, text),
      () => answer(response, 500, 'text/plain', 'metrics could not be read\n'),
    )
  }
}

const answer = (response: ServerResponse, status: number, contentType: string, text: string): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
  response.end(text)
}

const within = <T>(work: Promise<T>, milliseconds: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
