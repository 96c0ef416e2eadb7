import { randomBytes } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { escapeControl } from '../command-line/escape-control.js'
import { adviceOn, NoAnswer, RefusedCall, unreachable } from './call-failures.js'
import type { Connection } from './settings.js'
import { encodeParameters, signRequest } from './sign-request.js'

/** Parameters in their flat form, such as `['InstanceId.1', 'i-1']`. */
export type FlatParameters = readonly (readonly [name: string, value: string])[]

export interface Api {
  readonly connection: Connection
  /**
   * Calls an operation and returns the members of its answer. `RegionId` is added.
   * @throws RefusedCall when the server refuses, NoAnswer when it cannot be reached or is not one
   */
  call(action: string, parameters: FlatParameters, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>
  /** The same, but the answer is returned as the server wrote it, in JSON or XML, and no parameter is added. */
  send(action: string, parameters: FlatParameters, signal?: AbortSignal): Promise<string>
  [Symbol.dispose](): void
}

/** Of the API of product Ecs. */
const VERSION = '2014-05-26'
const FORM = 'application/x-www-form-urlencoded'
/** The longest answer is a page of 50 results with output of 16 MiB each, far above what a person reads. */
const ANSWER_LIMIT = 256 * 1024 * 1024
/** How often a call is tried that was throttled, or whose kept connection was closed under it. */
const TRIES = 4
const LONGEST_RETRY_AFTER_MS = 30_000

interface Received {
  readonly status: number
  readonly body: string
  readonly contentType: string
  /** The server's clock, of the Date header. */
  readonly serverTime: number | undefined
  readonly retryAfterMs: number | undefined
}

/**
 * A client of one server that keeps its connections; dispose of it, or the process does not end.
 * @param version of the API whose operations are called
 */
export const openApi = (connection: Connection, version = VERSION): Api => {
  const secure = connection.endpoint.protocol === 'https:'
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 8, ...(connection.ca === undefined ? {} : { ca: connection.ca }) })
    : new HttpAgent({ keepAlive: true, maxSockets: 8 })

  const once = async (action: string, parameters: FlatParameters, signal: AbortSignal): Promise<Received> => {
    const body = encodeParameters(parameters)
    const headers = signRequest(
      {
        method: 'POST',
        host: connection.endpoint.host,
        action,
        version,
        query: [],
        body,
        contentType: FORM,
        date: new Date(),
        nonce: randomBytes(16).toString('hex'),
      },
      connection.key,
    )
    const request = (secure ? httpsRequest : httpRequest)(connection.endpoint, {
      agent,
      method: 'POST',
      signal,
      headers: { ...headers, accept: 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    return await receive(request, body)
  }

  const attempt = async (action: string, parameters: FlatParameters, signal?: AbortSignal): Promise<Received> => {
    const repeatable = parameters.some(([name]) => name === 'ClientToken') || /^(Describe|List|Get|Stop)/.test(action)
    for (let tried = 1; ; tried += 1) {
      const timeout = AbortSignal.timeout(connection.timeoutMs)
      try {
        const answer = await once(
          action,
          parameters,
          signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        )
        if (answer.retryAfterMs === undefined || tried === TRIES) return answer
        await delay(answer.retryAfterMs, undefined, signal === undefined ? {} : { signal })
      } catch (error) {
        signal?.throwIfAborted()
        // The server may close a kept connection at the moment it is used; nobody knows then whether it read the call.
        const closedUnderIt = error instanceof ClosedUnderCall
        if (closedUnderIt && repeatable && tried < TRIES) continue
        throw unreachable(timeout.aborted ? timeout.reason : closedUnderIt ? error.cause : error, connection)
      }
    }
  }

  return {
    connection,
    call: async (action, parameters, signal) => {
      const region: FlatParameters = parameters.some(([name]) => name === 'RegionId')
        ? []
        : [['RegionId', connection.regionId]]
      const received = await attempt(action, [...region, ...parameters], signal)
      const content = jsonObject(received, connection)
      if (isSuccess(received)) return content
      throw refusal(action, received, content, connection)
    },
    send: async (action, parameters, signal) => {
      const received = await attempt(action, parameters, signal)
      const isXml = /^(application|text)\/xml\b/.test(received.contentType)
      const content = isXml ? xmlError(received.body) : jsonObject(received, connection)
      if (isSuccess(received)) return received.body
      throw refusal(action, received, content, connection)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** A kept connection ended before the answer began. */
class ClosedUnderCall extends Error {}

const receive = async (request: ClientRequest, body: string): Promise<Received> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', (error: NodeJS.ErrnoException) => {
      const closed = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(closed ? new ClosedUnderCall('', { cause: error }) : error)
    })
    request.end(body)
  })
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('an answer without an encoding comes in buffers')
    length += chunk.length
    if (length > ANSWER_LIMIT) {
      response.destroy()
      throw new Error(`the answer is longer than ${ANSWER_LIMIT} bytes`)
    }
    chunks.push(chunk)
  }
  const date = Date.parse(response.headers.date ?? '')
  const retryAfter = Number(response.headers['x-acs-retry-after'] ?? Number.NaN)
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
    serverTime: Number.isNaN(date) ? undefined : date,
    retryAfterMs: retryAfter >= 0 ? Math.min(retryAfter, LONGEST_RETRY_AFTER_MS) : undefined,
  }
}

const isSuccess = ({ status }: Received): boolean => status >= 200 && status < 300

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The members of `<Error>`, which has no nested ones that are of interest. */
const xmlError = (xml: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    ['Code', 'Message', 'RequestId', 'Detail'].map((name) => {
      const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
      return [name, text.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? '')]
    }),
  )

const jsonObject = (received: Received, connection: Connection): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(received.body)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  } catch {
    // Told below: whatever it is, it is not an answer of this API.
  }
  throw notTheApi(received, connection)
}

const notTheApi = (received: Received, connection: Connection): NoAnswer =>
  new NoAnswer(
    `${connection.endpoint.origin} (from ${connection.endpointSource}) is not an OpenAssist server, or a proxy answers ` +
      `for it: status ${received.status}, ${received.contentType === '' ? 'no content type' : received.contentType}.`,
    [],
  )

const refusal = (
  action: string,
  received: Received,
  content: Readonly<Record<string, unknown>>,
  connection: Connection,
): RefusedCall => {
  const textOf = (name: string): string => (typeof content[name] === 'string' ? content[name] : '')
  const code = textOf('Code') || `status ${received.status}`
  // What follows is the text that was signed, of use to makers of SDKs only.
  const message = textOf('Message').replace(/\s*server string to sign is:.*$/su, '')
  return new RefusedCall(
    {
      status: received.status,
      code,
      message,
      requestId: textOf('RequestId'),
      retryAfterMs: received.retryAfterMs,
    },
    [
      ...(textOf('Detail') === '' ? [] : [escapeControl(textOf('Detail'))]),
      ...adviceOn(action, code, connection, { now: Date.now(), serverTime: received.serverTime }),
    ],
  )
}
