import { type Message, requestTarget } from '../protocol/message.js'
import type { QueryFields } from '../protocol/query.js'
import type { InferFields } from '../schema/shape.js'
import type { HttpAnswer, HttpWire } from './http-wire.js'

const NOTHING: Uint8Array = new Uint8Array()

/** What every request of a fleet says, whoever sends it. */
export interface Caller {
  /** As in a `Host` header. */
  readonly host: string
  readonly userAgent: string
}

/** The first line of a request and the ones that are the same for all. */
export const openingLines = ({ host, userAgent }: Caller, method: string, target: string): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}\r\n`

/**
 * Sends a declared message.
 * @param signature header lines of the host, or `''`
 * @returns undefined when no whole answer came in time; never rejects
 */
export const call = <F extends QueryFields, B, A>(
  wire: HttpWire,
  caller: Caller,
  message: Message<F, B, A>,
  query: InferFields<F>,
  signature: string,
  body: Uint8Array = NOTHING,
): Promise<HttpAnswer | undefined> => {
  const length = message.method === 'POST' ? `Content-Length: ${body.length}\r\n` : ''
  const head =
    openingLines(caller, message.method, requestTarget(message, query)) +
    `Content-Type: ${message.contentType}\r\n${length}${signature}\r\n`
  const bytes = body.length === 0 ? Buffer.from(head, 'latin1') : Buffer.concat([Buffer.from(head, 'latin1'), body])
  return wire.request(bytes, message.clientTimeoutMs)
}

/** Upstream: 2xx, 3xx and exactly 400 are success, whatever the body says (agent-protocol.md §2.1). */
export const isSuccess = (status: number): boolean => status <= 400
