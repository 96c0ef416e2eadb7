// The way of a request (style.md §3.3): one line per step, each taking what the one before returned. The order of
// checks is part of the wire (rpc.md §3.6).
import { createSecretKey, getHashes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import type { Operation } from '../contract/define-operation.js'
import type { Access } from '../domain/access/access.js'
import type { Clock } from '../domain/clock.js'
import type { Domain } from '../domain/domain.js'
import type { Peer } from '../front/peer.js'
import type { Tell } from './call-event.js'
import { compileOperations } from './compiled-operation.js'
import { encodeError } from './encode-error.js'
import { createGate, type Pass } from './gate.js'
import {
  type Answer,
  defaultFormat,
  type Format,
  formatOf,
  guessFormat,
  hostOf,
  type Received,
  receive,
  send,
} from './http.js'
import { type Identified, type Identification, identify } from './identify.js'
import { ClientGone, hasBody } from './read-body.js'
import { newRequestId } from './request-id.js'
import { type ApiSettings, DEFAULT_API_SETTINGS } from './settings.js'
import { createSigningKeys } from './signature/signing-keys.js'
import { handle, type Parsed, parse, permit, type Recognised, recognise, throttle, validate } from './steps.js'
import { createThrottle } from './throttle.js'
import { toWireError, WireError } from './wire-errors.js'

export interface ApiDoorParts {
  readonly operations: readonly Operation[]
  readonly domain: Domain
  readonly access: Access
  /** Signs page tokens; the same on all nodes. */
  readonly pageTokenKey: Buffer
  /** Labels that this server serves, its own first (design D10). */
  readonly regions: readonly string[]
  readonly clock: Clock
  readonly settings?: Partial<ApiSettings>
  readonly tell: Tell
}

export interface ApiDoor {
  /** Answers a request; never throws. */
  handle(request: IncomingMessage, response: ServerResponse, peer: Peer): void
  /** Refuses further calls and waits for those under way, up to a deadline. */
  stop(): Promise<void>
}

export const createApiDoor = (parts: ApiDoorParts): ApiDoor => {
  const settings: ApiSettings = { ...DEFAULT_API_SETTINGS, ...parts.settings }
  const { domain, access, regions, clock } = parts
  const operations = compileOperations(parts.operations)
  const pageTokenKey = createSecretKey(parts.pageTokenKey)
  const buckets = createThrottle(settings.rate)
  const gate = createGate(settings.maxCalls, settings.maxHeldBytes)
  const identification: Identification = {
    access,
    signingKeys: createSigningKeys(),
    now: () => clock.now(),
    timestampWindowMs: settings.timestampWindowMs,
    echoStringToSign: (action) => settings.echoStringToSign && operations.get(action)?.takesSecrets !== true,
    publicHosts: settings.publicHosts,
    hashes: new Set(getHashes()),
    changesSomething: (action) => operations.get(action)?.access === 'write',
  }

  const answer = async (request: IncomingMessage, response: ServerResponse, peer: Peer, pass: Pass | undefined) => {
    const startedAt = performance.now()
    const requestId = newRequestId()
    let received: Received | undefined
    let identified: Identified | undefined
    let recognised: Recognised | undefined
    let parsed: Parsed | undefined
    let repeated = false
    let error: WireError | undefined
    let failure: unknown
    let reply: Answer | undefined

    try {
      const receiving = receive(request, settings, admit(pass))
      received = receiving instanceof Promise ? await receiving : receiving
      identified = await identify(received, identification)
      recognised = recognise(identified, operations)
      throttle(recognised, buckets, clock.now())
      parsed = parse(recognised, peer.address ?? '')
      const permitted = await permit(parsed, { access, regions })
      const validated = validate(permitted, { domain, regions })
      const outcome = await handle(validated, { domain, access, pageTokenKey })
      repeated = outcome.repeated
      const body = recognised.operation.encode[identified.format](outcome.answer, requestId)
      reply = { status: 200, format: identified.format, requestId, body, close: gate.isClosed() }
    } catch (thrown) {
      if (!(thrown instanceof ClientGone)) {
        error = toWireError(thrown, recognised?.operation)
        if (error.status >= 500 && thrown !== error) failure = thrown
        const format = identified?.format ?? error.format ?? formatForError(request, received)
        const recommend = settings.recommend(error.code, requestId)
        const body = encodeError(error, format, { requestId, host: hostOf(request), recommend })
        const close = (error.extras.close === true && hasBody(request)) || gate.isClosed()
        reply = { status: error.status, format, requestId, body, headers: error.extras.headers, close }
      }
    }
    const bytesOut = reply === undefined ? 0 : send(request, response, reply)
    parts.tell({
      requestId,
      action: recognised?.operation.name ?? '',
      status: reply?.status ?? 0,
      code: error?.code ?? (reply === undefined ? CLIENT_GONE : ''),
      scheme: identified?.scheme,
      format: reply?.format ?? 'json',
      accountId: identified?.key.accountId,
      accessKeyId: identified?.key.accessKeyId,
      sourceAddress: peer.address,
      durationMs: performance.now() - startedAt,
      bytesIn: received?.body.length ?? 0,
      bytesOut,
      unknownParameters: parsed?.parameters.unknown ?? 0,
      repeated,
      failure,
    })
  }

  /** A call that there is no room for is refused unread. */
  const admit = (pass: Pass | undefined): Pass => {
    if (gate.isClosed()) throw new WireError(GATEWAY_ERRORS.unavailable, [], { close: true })
    if (pass !== undefined) return pass
    throw new WireError(GATEWAY_ERRORS.throttled, [], { headers: { 'x-acs-retry-after': '1000' }, close: true })
  }

  return {
    handle(request, response, peer) {
      const pass = gate.enter()
      answer(request, response, peer, pass).then(
        () => pass?.leave(),
        // Only what sends or tells can throw: there is nobody left to tell.
        () => {
          pass?.leave()
          response.destroy()
        },
      )
    },
    stop: () => gate.close(settings.stopDeadlineMs),
  }
}

/** What the log has as code when the client went away within its request. */
const CLIENT_GONE = 'ClientGone'

const formatForError = (request: IncomingMessage, received: Received | undefined): Format =>
  received === undefined
    ? guessFormat(request)
    : (formatOf(received.parameters, received.header) ?? defaultFormat(received.header))
