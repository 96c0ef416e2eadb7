/** One thing that a hostile peer does on a connection. */
export interface Attack {
  /** What to look for in the generator. */
  readonly kind: string
  readonly door: 'api' | 'agent'
  /** Written as they are, one after the other. */
  readonly bytes: readonly (Buffer | string)[]
  /** Answers that must come, at least one unless `mayClose`. */
  readonly answers: number
  /** The server may as well take it: then an answer of status 200 is no mistake. */
  readonly mayPass?: boolean
  /** Its bytes are no request, or not all of one: the connection may be ended without an answer. */
  readonly mayClose?: boolean
  /** The connection is of no use afterwards. */
  readonly spoils?: boolean
  /** The client says that it has no more to say. */
  readonly halfClose?: boolean
  /** Answers have no body. */
  readonly bodiless?: boolean
  /** The one code that is right. */
  readonly code?: string
  /** Sent to a TLS listener as it is, where a handshake is expected. */
  readonly inClear?: boolean
  /** Milliseconds between the pieces. */
  readonly pauseMs?: number
}

export const HOST = 'Host: localhost\r\n'

/** A whole request with a body of the right length. */
export const http = (method: string, target: string, headers = '', body: Buffer | string = ''): string | Buffer => {
  const length = Buffer.byteLength(body)
  const said = length > 0 || method === 'POST' ? `Content-Length: ${length}\r\n` : ''
  const head = `${method} ${target} HTTP/1.1\r\n${HOST}${headers}${said}\r\n`
  return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body])
}
