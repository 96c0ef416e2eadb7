import { randomUUID } from 'node:crypto'
import { Agent, request as httpsRequest } from 'node:https'
import { signatureHeaders } from '../../protocol/agent-signature.js'
import { type Message, requestTarget } from '../../protocol/message.js'
import type { QueryFields } from '../../protocol/query.js'
import type { InferFields } from '../../schema/shape.js'
import { reasonOf } from '../log.js'
import type { Identity } from '../state/identity.js'
import type { ServerAddress } from './server-address.js'

/** One request, ready to go. */
export interface LinkRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly target: string
  readonly contentType: string
  readonly timeoutMs: number
  readonly body?: Uint8Array
  /** Most bytes of an answer; a longer one counts as none. */
  readonly answerLimit?: number
  readonly signal?: AbortSignal
}

/** What became of a request. */
export type Exchange =
  /** The whole answer came. */
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  /** The server has most likely not taken it in: no connection, or the connection broke before an answer began. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** The time is over; the server may have taken it in. */
  | { readonly kind: 'unanswered'; readonly reason: string }

export type Reply<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly reason: string; readonly status: number | undefined }

export interface ServerLink {
  /** Never rejects. */
  exchange(request: LinkRequest): Promise<Exchange>
  /** Sends a declared message without a body and reads its declared answer. Never rejects. */
  call<F extends QueryFields, B, A>(
    message: Message<F, B, A>,
    query: InferFields<F>,
    options?: { readonly answerLimit?: number; readonly signal?: AbortSignal },
  ): Promise<Reply<A>>
  /** Headers that prove who this host is, for one request. */
  identityHeaders(): Record<string, string>
  readonly address: ServerAddress
  readonly ca: string | undefined
  readonly userAgent: string
  close(): void
}

/**
 * 2xx and exactly 400 are success, whatever the body says. Upstream: 3xx too, as the vendor's agent follows redirections
 * (agent-protocol.md §2.1); what answers so has not taken a result in, and one that is sent elsewhere would be lost.
 */
export const isSuccess = (status: number): boolean => (status >= 200 && status < 300) || status === 400

const ANSWER_LIMIT = 1024 * 1024
/** As the vendor's agent closes its idle connections; the server keeps them longer (design §8). */
const IDLE_MS = 90_000
const MOST_SOCKETS = 6

export interface ServerLinkOptions {
  readonly address: ServerAddress
  readonly ca: string | undefined
  readonly userAgent: string
  /** Absent while the host is not registered: requests are then not signed. */
  readonly identity?: Pick<Identity, 'instanceId' | 'machineId' | 'privateKey'>
}

/** Requests to one server over kept-alive TLS connections, of which one stays while nothing happens. */
export const openServerLink = ({ address, ca, userAgent, identity }: ServerLinkOptions): ServerLink => {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MOST_SOCKETS,
    maxFreeSockets: 1,
    timeout: IDLE_MS,
    ...(ca === undefined ? {} : { ca }),
  })
  const inFlight = new Set<() => void>()
  let isClosed = false

  const identityHeaders = (): Record<string, string> =>
    identity === undefined
      ? {}
      : signatureHeaders(identity.privateKey, identity.machineId, {
          instanceId: identity.instanceId,
          timestamp: Date.now(),
          requestId: randomUUID(),
        })

  const attempt = (request: LinkRequest): Promise<Exchange & { readonly repeatable?: boolean }> =>
    new Promise((resolve) => {
      const { method, target, contentType, timeoutMs, body, signal } = request
      const sent = httpsRequest({
        agent,
        host: address.hostname,
        port: address.port,
        method,
        path: target,
        headers: {
          host: address.host,
          'user-agent': userAgent,
          'content-type': contentType,
          ...(method === 'POST' ? { 'content-length': body?.length ?? 0 } : {}),
          ...identityHeaders(),
        },
      })
      let isOverdue = false
      let isTakenIn = false
      let hasBegun = false
      const timer = setTimeout(() => {
        isOverdue = true
        isTakenIn ||= sent.writableFinished
        sent.destroy(new Error(`no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      const abort = (): void => void sent.destroy(new Error('given up'))
      signal?.addEventListener('abort', abort)
      inFlight.add(abort)
      const settle = (outcome: Exchange & { readonly repeatable?: boolean }): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        inFlight.delete(abort)
        resolve(outcome)
      }
      const fail = (error: unknown): void =>
        settle({
          kind: isTakenIn ? 'unanswered' : 'unsent',
          reason: reasonOf(error),
          repeatable: sent.reusedSocket && !isTakenIn && !isOverdue,
        })
      sent.on('error', fail)
      // An answer that changes the protocol is dropped by the runtime without another word.
      sent.on('close', () => {
        if (!hasBegun) fail(new Error('the connection was closed'))
      })
      sent.on('response', (response) => {
        isTakenIn = true
        hasBegun = true
        const chunks: Buffer[] = []
        let length = 0
        response.on('error', fail)
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > (request.answerLimit ?? ANSWER_LIMIT)) sent.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.on('end', () => {
          settle({ kind: 'answered', status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        })
      })
      if (isClosed || signal?.aborted === true) abort()
      else sent.end(body)
    })

  const exchange = async (request: LinkRequest): Promise<Exchange> => {
    const first = await attempt(request)
    // The server may close a kept connection at the moment it is used again; that says nothing about the server.
    const mayRepeat = first.kind === 'unsent' && first.repeatable === true && !isClosed
    return mayRepeat && request.signal?.aborted !== true ? attempt(request) : first
  }

  return {
    exchange,
    async call(message, query, options = {}) {
      const answered = await exchange({
        method: message.method,
        target: requestTarget(message, query),
        contentType: message.contentType,
        timeoutMs: message.clientTimeoutMs,
        ...options,
      })
      if (answered.kind !== 'answered') return { ok: false, reason: answered.reason, status: undefined }
      const { status, text } = answered
      if (!isSuccess(status)) return { ok: false, reason: `status ${status}`, status }
      const decoded = message.answer.decode(text)
      return decoded.ok ? { ok: true, answer: decoded.value } : { ok: false, reason: decoded.reason, status }
    },
    identityHeaders,
    address,
    ca,
    userAgent,
    close() {
      isClosed = true
      for (const abort of inFlight) abort()
      agent.destroy()
    },
  }
}
