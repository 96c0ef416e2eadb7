import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

// What the front itself answers when no door may see a request. The shape is the API's error body (rpc.md §3.5), so
// that every SDK raises its proper exception.

/** Why the front does not pass a request on. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

export const MALFORMED: Refusal = {
  status: 400,
  code: 'InvalidRequest',
  message: 'The request is not well-formed HTTP.',
}

export const NOT_FOUND: Refusal = {
  status: 404,
  code: 'InvalidAction.NotFound',
  message: 'Specified api is not found, please check your url and method.',
}

/** The same as the API's own (catalogue), though rpc.md §3.6 has seen 403 in a table. */
export const BAD_METHOD: Refusal = {
  status: 400,
  code: 'UnsupportedHTTPMethod',
  message: 'This http method is not supported.',
}

export const TOO_SLOW: Refusal = {
  status: 408,
  code: 'RequestTimeout',
  message: 'The request did not arrive in time.',
}

export const HEADERS_TOO_LARGE: Refusal = {
  status: 431,
  code: 'RequestHeaderTooLarge',
  message: 'The URL and headers of the request exceed the upper limit.',
}

export const NOT_READY: Refusal = {
  status: 503,
  code: 'ServiceUnavailable',
  message: 'The request has failed due to a temporary failure of the server.',
}

export const INTERNAL: Refusal = {
  status: 500,
  code: 'InternalError',
  message: 'The request processing has failed due to some unknown error, exception or failure.',
}

export const BAD_EXPECTATION: Refusal = {
  status: 417,
  code: 'InvalidParameter.Expect',
  message: 'The specified parameter "Expect" is not valid.',
}

/** A body up to this size is read away, so that the connection can be used again. */
const MAX_DISCARDED_BYTES = 65_536

interface Rendered {
  readonly requestId: string
  readonly contentType: string
  readonly body: string
}

/** Longest part of a Host header that is repeated in an answer: a DNS name and a port. */
const MAX_HOST_CHARACTERS = 262

/** Answers a request that no door may see. */
export const refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
  const { requestId, contentType, body } = render(refusal, formatOf(request), request.headers.host ?? '')
  response.writeHead(refusal.status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'x-acs-request-id': requestId,
    'x-content-type-options': 'nosniff',
    ...(hasSmallBody(request) ? {} : { connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** The whole HTTP message of a refusal, for a socket that has no response object. */
export const rawRefusal = (refusal: Refusal, request?: IncomingMessage): string => {
  const format = request === undefined ? 'JSON' : formatOf(request)
  const { requestId, contentType, body } = render(refusal, format, request?.headers.host ?? '')
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Acs-Request-Id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

const hasSmallBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] === undefined &&
  Number(request.headers['content-length'] ?? 0) <= MAX_DISCARDED_BYTES

/** V3 and agents read JSON; V1 reads what Format says, which is XML when it says nothing (rpc.md §3.1). */
const formatOf = (request: IncomingMessage): 'JSON' | 'XML' => {
  if (request.headers.authorization?.startsWith('ACS3-') === true) return 'JSON'
  const url = request.url ?? ''
  if (!url.startsWith('/?') && !url.startsWith('?')) return 'JSON'
  const format = /[?&]Format=([^&]*)/.exec(url)?.[1]
  if (format === undefined) return 'XML'
  return format.toUpperCase() === 'JSON' ? 'JSON' : 'XML'
}

const render = (refusal: Refusal, format: 'JSON' | 'XML', host: string): Rendered => {
  const requestId = randomUUID().toUpperCase()
  const members = {
    RequestId: requestId,
    // The host's name alone, as the API door writes it (rpc.md §3.5).
    HostId: host.slice(0, MAX_HOST_CHARACTERS).replace(/:\d*$/, ''),
    Code: refusal.code,
    Message: refusal.message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${refusal.code}&product=Ecs&requestId=${requestId}`,
  }
  if (format === 'JSON') {
    return { requestId, contentType: 'application/json;charset=utf-8', body: JSON.stringify(members) }
  }
  const elements = Object.entries(members).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
  return {
    requestId,
    contentType: 'text/xml;charset=utf-8',
    body: `<?xml version="1.0" encoding="UTF-8"?><Error>${elements.join('')}</Error>`,
  }
}

const escapeXml = (text: string): string =>
  text.replace(/[^\t\x20-\uD7FF\uE000-\uFFFD]/g, '?').replace(/[&<>"]/g, (character) => XML_ESCAPES[character] ?? '')

const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
