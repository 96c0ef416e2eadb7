import type { IncomingMessage, ServerResponse } from 'node:http'
import { LEAST_OUTPUT_QUOTA } from '../../protocol/messages/task-entry.js'
import { type MessageName, messages } from '../../protocol/messages/index.js'
import type { Peer } from '../front/peer.js'
import { type AdmissionDesk, type AdmittedHost, isProtected, REFUSALS } from './admission.js'
import { type AgentAnswer, type AgentHandler, refusal } from './agent-handler.js'
import type { Tell } from './gateway-event.js'
import { HeldBytes } from './held-bytes.js'
import { readBody } from './request-body.js'
import type { GatewaySettings } from './settings.js'

// Requests of agents: route, admit, read, hand to the handler, answer. Nothing that a peer sends makes this throw.

/** Bytes above the kept output that a body may have: increments are cut at 2,048, the rest is for other agents. */
const OUTPUT_SLACK = 65_536

/** Bodies up to this length are bounded by the number of connections; longer ones wait for their share of memory. */
const SHORT_BODY = 131_072

/** What is thrown away of a body that should not be there. */
const UNWANTED_BODY_LIMIT = 4_096

interface Route {
  readonly name: MessageName
  readonly method: string
  readonly signed: boolean
  readonly contentType: string
  readonly maxBodyBytes: number
  /** False: nobody reads the body. */
  readonly keepsBody: boolean
}

interface Parts {
  readonly admission: AdmissionDesk
  readonly handler: Pick<AgentHandler, 'answer'>
  readonly settings: Pick<GatewaySettings, 'outputQuota' | 'bodyTimeoutMs' | 'maxHeldBytes'>
  readonly tell: Tell
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse, peer: Peer) => void

export const createRequestHandler = ({ admission, handler, settings, tell }: Parts): RequestHandler => {
  const routes = createRoutes(settings.outputQuota)
  const held = new HeldBytes(settings.maxHeldBytes)

  // Heartbeats come by the thousand a second: what is known at once is not waited for.
  const answer = async (request: IncomingMessage, route: Route, query: string, peer: Peer): Promise<AgentAnswer> => {
    let host: AdmittedHost | undefined
    if (route.signed) {
      const asked = admission.admit(request.headers, peer)
      const admitted = asked instanceof Promise ? await asked : asked
      if (!admitted.admitted) return refusal(admitted.status, REFUSALS[admitted.refusal])
      host = admitted.host
    } else if (route.name === 'register' && !isProtected(peer)) {
      tell({ kind: 'registration-refused', refusal: 'insecure', address: peer.address })
      return refusal(403, 'Hosts register over TLS only.')
    }
    const call = { name: route.name, query, host, address: peer.address }
    if (!hasBody(request)) return handler.answer({ ...call, body: NO_BYTES })
    const giveBack = await share(request, route, host?.instanceId ?? '')
    try {
      const body = await readBody(request, route.maxBodyBytes, settings.bodyTimeoutMs, route.keepsBody)
      return body.ok ? await handler.answer({ ...call, body: body.bytes }) : refusal(body.status, body.reason)
    } finally {
      giveBack?.()
    }
  }

  const share = (
    { headers }: IncomingMessage,
    { maxBodyBytes, keepsBody }: Route,
    owner: string,
  ): Promise<() => void> | undefined => {
    if (!keepsBody) return undefined
    const told = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : maxBodyBytes
    return told > SHORT_BODY && told <= maxBodyBytes ? held.take(told, owner) : undefined
  }

  const serve = async (request: IncomingMessage, response: ServerResponse, peer: Peer): Promise<void> => {
    const url = request.url ?? ''
    const mark = url.indexOf('?')
    const route = routes.get(mark === -1 ? url : url.slice(0, mark))
    if (route === undefined) {
      send(request, response, refusal(404, 'There is no such endpoint.'))
    } else if (request.method !== route.method) {
      send(request, response, refusal(405, `This endpoint is called with ${route.method}.`))
    } else {
      const text = await answer(request, route, mark === -1 ? '' : url.slice(mark + 1), peer)
      send(request, response, text, route.contentType)
    }
  }

  return (request, response, peer) => {
    serve(request, response, peer).catch((error: unknown) => {
      const [path = ''] = (request.url ?? '').split('?', 1)
      tell({ kind: 'failed', at: routes.get(path)?.name ?? 'unknown', error })
      // A status above 400 makes agents try again: this was not their fault.
      if (!response.headersSent) send(request, response, refusal(isUnavailable(error) ? 503 : 500, 'Try again.'))
    })
  }
}

const createRoutes = (outputQuota: number): ReadonlyMap<string, Route> => {
  const outputLimit = Math.max(outputQuota, LEAST_OUTPUT_QUOTA) + OUTPUT_SLACK
  return new Map(
    Object.entries(messages).map(([name, { path, method, signed, body }]) => [
      path,
      {
        name: name as MessageName,
        method,
        signed,
        contentType: name === 'connectionDetect' ? 'text/plain' : 'application/json',
        maxBodyBytes: body.kind === 'none' ? UNWANTED_BODY_LIMIT : body.kind === 'output' ? outputLimit : body.maxBytes,
        keepsBody: body.kind === 'output' || body.kind === 'json',
      },
    ]),
  )
}

const send = (
  request: IncomingMessage,
  response: ServerResponse,
  { status, text }: AgentAnswer,
  contentType = 'application/json',
): void => {
  if (response.destroyed) return
  const headers: Record<string, string | number> = {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
  }
  // What is left of a refused body is not waited for.
  if (!request.complete && hasBody(request)) headers['connection'] = 'close'
  response.writeHead(status, headers).end(text)
}

const NO_BYTES = Buffer.alloc(0)

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const isUnavailable = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'store/unavailable'
