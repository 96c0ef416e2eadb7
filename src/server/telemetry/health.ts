import type { ServerResponse } from 'node:http'
import type { Peer, RequestDoor } from '../front/peer.js'
import type { Metrics } from './metrics.js'
import type { Watched } from './telemetry.js'

interface Parts {
  readonly metrics: Pick<Metrics, 'expose'>
  /** Undefined while the server starts. */
  readonly watched: () => Watched | undefined
  readonly remoteMetrics: boolean
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number
}

/** The store must answer a probe within this time. */
const PROBE_MS = 2_000

/** Nobody must sign to ask, so all who ask within this time share one answer. */
const FRESH_MS = 1_000

/**
 * `/healthz`: the process answers. `/readyz`: the store and the listeners do, too. `/metrics`: Prometheus, for this host
 * only unless the operator opened it.
 */
export const healthDoor = ({ metrics, watched, remoteMetrics, now }: Parts): RequestDoor => {
  const storeAnswers = shared((parts: Watched) => within(parts.storeAnswers(), PROBE_MS), now)
  const expose = shared(() => metrics.expose(), now)

  /** @returns what is missing */
  const findProblem = async (): Promise<string | undefined> => {
    const parts = watched()
    if (parts === undefined) return 'starting'
    if (!parts.listening()) return 'stopping'
    try {
      await storeAnswers(parts)
      return undefined
    } catch {
      return 'the store does not answer'
    }
  }

  const tell = async (path: string, peer: Peer, response: ServerResponse): Promise<void> => {
    if (path === '/healthz') return answer(response, 200, TEXT, 'ok\n')
    if (path === '/readyz') {
      const problem = await findProblem()
      return problem === undefined ? answer(response, 200, TEXT, 'ok\n') : answer(response, 503, TEXT, `${problem}\n`)
    }
    if (!remoteMetrics && !peer.loopback) return answer(response, 403, TEXT, 'metrics are told to this host only\n')
    const { contentType, text } = await expose(undefined)
    answer(response, 200, contentType, text)
  }

  return (request, response, peer) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(response, 405, TEXT, 'GET only\n')
    }
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    tell(path, peer, response).catch(() => answer(response, 500, TEXT, 'this could not be read\n'))
  }
}

const TEXT = 'text/plain; charset=utf-8'

const answer = (response: ServerResponse, status: number, contentType: string, text: string): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(text)
}

/** Whoever asks while an answer is on its way, or while it is fresh, gets that one. */
const shared = <P, T>(ask: (parts: P) => Promise<T>, now: () => number): ((parts: P) => Promise<T>) => {
  let last: { readonly answer: Promise<T>; endedAt: number | undefined } | undefined
  return (parts) => {
    if (last !== undefined && (last.endedAt === undefined || now() - last.endedAt < FRESH_MS)) return last.answer
    const asked: { readonly answer: Promise<T>; endedAt: number | undefined } = {
      answer: ask(parts),
      endedAt: undefined,
    }
    const ended = (): void => {
      asked.endedAt = now()
    }
    asked.answer.then(ended, ended)
    last = asked
    return asked.answer
  }
}

const within = <T>(work: Promise<T>, milliseconds: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
