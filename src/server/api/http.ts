// Socket ⇄ call: what a request brought, and how an answer leaves.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { decodeForm, decodeLatin1, decodeText, findInForm, invalidParameter } from './form.js'
import { decodeJsonBody } from './json-body.js'
import { type AnswerText, lengthOf } from './long-text.js'
import { type BodyBounds, hasBody, type Room, readBody } from './read-body.js'
import type { HeaderValue } from './signature/v3.js'
import { WireError } from './wire-errors.js'

export type Format = 'json' | 'xml'

/** What came in, decoded. */
export interface Received {
  readonly method: string
  readonly header: HeaderValue
  /** Parameters of the URL alone. */
  readonly query: ReadonlyMap<string, string>
  /** Those of URL and body; the body's value where both have one. */
  readonly parameters: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface ReadBounds extends BodyBounds {
  readonly maxParameters: number
}

/**
 * Reads a request to its end. Errors: a method other than GET and POST, a body out of bounds, text that cannot be
 * decoded, a parameter twice.
 */
export const receive = (request: IncomingMessage, bounds: ReadBounds, room: Room): Received | Promise<Received> => {
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw new WireError(GATEWAY_ERRORS.unsupportedMethod, [], { close: true })
  }
  if (!hasBody(request)) return decode(request, NO_BODY, bounds.maxParameters)
  return readBody(request, bounds, room).then((body) => decode(request, body, bounds.maxParameters))
}

const NO_BODY: Buffer = Buffer.alloc(0)

const decode = (request: IncomingMessage, body: Buffer, maxParameters: number): Received => {
  try {
    return decodeAll(request, body, maxParameters)
  } catch (error) {
    if (error instanceof WireError) error.format = guessFormat(request, body)
    throw error
  }
}

const decodeAll = (request: IncomingMessage, body: Buffer, maxParameters: number): Received => {
  const query = decodeForm(queryOf(request), maxParameters)
  const parameters = body.length === 0 ? query : merge(query, decodeBody(request, body, maxParameters))
  if (parameters.size > maxParameters) throw new WireError(GATEWAY_ERRORS.tooManyParameters, [maxParameters])
  return { method: request.method ?? '', header: headerOf(request), query, parameters, body }
}

const queryOf = (request: IncomingMessage): string => {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return mark < 0 ? '' : decodeLatin1(url.slice(mark + 1))
}

/** Names that must not be said twice: one value could be verified and another executed. */
const SAID_ONCE = ['Action', 'AccessKeyId', 'Signature'] as const

const merge = (query: ReadonlyMap<string, string>, body: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  for (const name of SAID_ONCE) if (query.has(name) && body.has(name)) throw invalidParameter(name)
  if (query.size === 0) return body
  const merged = new Map(query)
  for (const [name, value] of body) merged.set(name, value)
  return merged
}

const decodeBody = (request: IncomingMessage, body: Buffer, maxParameters: number): Map<string, string> => {
  const md5 = request.headers['content-md5']
  if (typeof md5 === 'string' && createHash('md5').update(body).digest('base64') !== md5.trim()) {
    throw new WireError(GATEWAY_ERRORS.contentMd5)
  }
  const essence = essenceOf(request)
  if (essence === FORM) return decodeForm(decodeText(body), maxParameters)
  // A V1 signature covers parameters of query and form only: a document would be executed without being verified.
  if (essence === 'application/json' && isV3(request)) return decodeJsonBody(decodeText(body), maxParameters)
  throw invalidParameter('Content-Type')
}

const FORM = 'application/x-www-form-urlencoded'

const essenceOf = ({ headers }: IncomingMessage): string => {
  const type = headers['content-type'] ?? FORM
  return type.slice(0, indexOrEnd(type, ';')).trim().toLowerCase()
}

const indexOrEnd = (text: string, part: string): number => {
  const index = text.indexOf(part)
  return index < 0 ? text.length : index
}

const isV3 = (request: IncomingMessage): boolean => request.headers.authorization?.startsWith('ACS3-') === true

/** Headers as they are signed: UTF-8, and all values of a name that came more than once, sorted (rpc.md §1.5). */
const headerOf = (request: IncomingMessage): HeaderValue => {
  const { headers } = request
  return (name) => {
    // Full of commas, and Node keeps the first one only.
    if (name === 'authorization') return headers.authorization
    const value = headers[name]
    if (value === undefined) return undefined
    if (typeof value === 'string' && !value.includes(',')) return utf8(value)
    // Node joins repeated headers with a comma, so only such a value can be one of several.
    return utf8((request.headersDistinct[name] ?? []).toSorted().join(','))
  }
}

const utf8 = (value: string): string => {
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) > 0x7f) return Buffer.from(value, 'latin1').toString('utf8')
  }
  return value
}

/**
 * The form of the answer (rpc.md §3.1): what Format says; else JSON for V3 clients, which send no Format, unless they
 * accept XML only; else XML. Undefined when Format names neither.
 */
export const formatOf = (parameters: ReadonlyMap<string, string>, header: HeaderValue): Format | undefined => {
  const asked = parameters.get('Format')
  if (asked !== undefined && asked !== '') return FORMATS.get(asked.toLowerCase())
  return defaultFormat(header)
}

/** The form of an answer to a request whose parameters do not say it, or could not be read. */
export const defaultFormat = (header: HeaderValue): Format => {
  const speaksV3 = header('authorization')?.startsWith('ACS3-') === true || header('x-acs-version') !== undefined
  if (!speaksV3) return 'xml'
  const accept = header('accept') ?? ''
  return XML_TYPE.test(accept) && !accept.includes('json') ? 'xml' : 'json'
}

const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['xml', 'xml'],
])

const XML_TYPE = /\b(?:application|text)\/xml\b/

/** The form of an answer to a request that was not read to its end, or could not be decoded. */
export const guessFormat = (request: IncomingMessage, body = NO_BODY): Format => {
  const url = request.url ?? ''
  const asked = formatInBody(request, body) ?? findInForm(url.slice(url.indexOf('?') + 1), 'Format')
  return FORMATS.get(asked?.toLowerCase() ?? '') ?? defaultFormat(headerOf(request))
}

/** What a body says of the format that is not, as a whole, what it should be. */
const formatInBody = (request: IncomingMessage, body: Buffer): string | undefined => {
  if (body.length === 0) return undefined
  if (essenceOf(request) === FORM) return findInForm(body.toString('latin1'), 'Format')
  try {
    const { Format: asked } = (JSON.parse(body.toString('utf8')) ?? {}) as { readonly Format?: unknown }
    return typeof asked === 'string' ? asked : undefined
  } catch {
    return undefined
  }
}

/** Host name that the client used, without the port. */
export const hostOf = (request: IncomingMessage): string => {
  const host = request.headers.host ?? ''
  return host.slice(0, MAX_HOST_CHARACTERS).replace(/:\d*$/, '')
}

const MAX_HOST_CHARACTERS = 253 + 6

export interface Answer {
  readonly status: number
  readonly format: Format
  readonly requestId: string
  readonly body: AnswerText
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly close: boolean
}

// SDKs compare these literally (rpc.md §0.9).
const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json;charset=utf-8',
  xml: 'text/xml;charset=utf-8',
}

/** How long the rest of a refused body is read away, so that the client gets to read the answer. */
const LINGER_MS = 2_000

/** @returns bytes of the body */
export const send = (request: IncomingMessage, response: ServerResponse, answer: Answer): number => {
  const length = lengthOf(answer.body)
  const headers: (string | number)[] = [
    'content-type',
    CONTENT_TYPES[answer.format],
    'content-length',
    length,
    'x-acs-request-id',
    answer.requestId,
  ]
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '')
  if (answer.close) headers.push('connection', 'close')
  // Node's types know values of a flat list as strings only.
  response.writeHead(answer.status, headers as unknown as string[])
  if (answer.close && !request.complete) linger(request, response, answer.body)
  else if (typeof answer.body === 'string') response.end(answer.body)
  else write(response, answer.body).end()
  return length
}

const write = (response: ServerResponse, body: AnswerText): ServerResponse => {
  if (typeof body === 'string') response.write(body)
  else for (const piece of body) response.write(piece)
  return response
}

/** Closing a socket with unread bytes resets it, and the client would lose the answer. */
const linger = (request: IncomingMessage, response: ServerResponse, body: AnswerText): void => {
  write(response, body)
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  timer.unref()
  request.once('end', end).once('close', end).resume()
}
