import type { InferFields } from '../schema/shape.js'
import type { Codec } from './parsed.js'
import type { QueryCodec, QueryFields } from './query.js'

/** What a request carries besides its query. */
export type Body<B> =
  /** Nothing; a sender that sends something is not listened to. */
  | { readonly kind: 'none' }
  /** Output of a script: bytes cut anywhere, even inside a character. The receiver's configuration bounds it. */
  | { readonly kind: 'output' }
  /** A JSON document of at most so many bytes. */
  | { readonly kind: 'json'; readonly maxBytes: number; readonly codec: Codec<B> }
  /** Something that is taken and not read. */
  | { readonly kind: 'opaque'; readonly maxBytes: number }

/** One endpoint that agents call over HTTP. */
export interface Message<F extends QueryFields = QueryFields, B = never, A = unknown> {
  readonly about: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** A registered host signs it (agent-protocol.md §2.2). */
  readonly signed: boolean
  readonly contentType: ContentType
  /** After this long the vendor's agent gives up on one try. */
  readonly clientTimeoutMs: number
  readonly query: QueryCodec<F>
  readonly body: Body<B>
  readonly answer: Codec<A>
}

export type ContentType =
  | 'application/json; charset=utf-8'
  | 'text/plain; charset=utf-8'
  | 'application/x-www-form-urlencoded'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
/** The vendor's agent puts this on its GET requests. */
export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Declares a message; only here for its types. */
export const defineMessage = <const F extends QueryFields, B = never, A = unknown>(
  message: Message<F, B, A>,
): Message<F, B, A> => message

/** Path and query of a request, as the vendor's agent writes them. */
export const requestTarget = <F extends QueryFields, B, A>(
  message: Message<F, B, A>,
  query: InferFields<F>,
): string => {
  const text = message.query.encode(query)
  return text === '' ? message.path : `${message.path}?${text}`
}
