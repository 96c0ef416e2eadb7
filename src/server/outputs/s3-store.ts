import type { AwsClient } from 'aws4fetch'
import { DeliveryFailure, type OutputStore } from '../domain/outputs/output-stores.js'
import type { S3Settings } from './settings.js'

/** How long one request may take: at 16 MiB that is 2 Mbit/s. */
const LONGEST_MS = 60_000
/** Bytes of an answer that are read: an error document is some hundreds. */
const MOST_ANSWER_BYTES = 16_384
/** Answers behind which another try may succeed, besides 5xx. */
const TEMPORARY = new Set([408, 409, 425, 429])
/** … and words for the same, whatever their status. */
const TEMPORARY_CODES = new Set(['RequestTimeout', 'RequestTimeTooSkewed', 'SlowDown', 'OperationAborted'])

/** A bucket of a store that speaks S3: one signed PUT for each object, its content covered by the signature. */
export class S3Store implements OutputStore {
  readonly #settings: S3Settings
  #client: Promise<AwsClient> | undefined

  constructor(settings: S3Settings) {
    this.#settings = settings
  }

  async put(name: readonly string[], content: Uint8Array, signal: AbortSignal): Promise<void> {
    const client = await (this.#client ??= connect(this.#settings))
    const limited = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
    const answer = await client
      .fetch(objectUrl(this.#settings, name), {
        method: 'PUT',
        body: content,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'x-amz-content-sha256': await sha256(content) },
        // What is signed is for this host alone.
        redirect: 'manual',
        signal: limited,
      })
      .catch((cause: unknown) => {
        signal.throwIfAborted()
        throw unreachable(cause)
      })
    const text = await readStart(answer, limited)
    if (!answer.ok) throw failureOf(answer.status, text)
  }
}

/** Where an object is. */
export const objectUrl = (
  { endpoint, storeBucket, storePrefix, pathStyle }: S3Settings,
  name: readonly string[],
): string => {
  const url = new URL(endpoint)
  if (!pathStyle) url.hostname = `${storeBucket}.${url.hostname}`
  const parts = [...(pathStyle ? [storeBucket] : []), ...storePrefix.split('/').filter(Boolean), ...name]
  return `${url.origin}/${parts.map(percent).join('/')}`
}

/** The library is loaded with the first delivery: few servers have any. */
const connect = async ({ region, accessKeyId, accessKeySecret }: S3Settings): Promise<AwsClient> => {
  const { AwsClient } = await import('aws4fetch')
  return new AwsClient({
    service: 's3',
    region,
    accessKeyId,
    secretAccessKey: accessKeySecret.reveal(),
    // The queue tries again.
    retries: 0,
  })
}

/** All but the unreserved characters of RFC 3986: then all agree on what was signed. */
const percent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** On another thread. */
const sha256 = async (content: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', content as Uint8Array<ArrayBuffer>)).toString('hex')

/** The beginning of an answer's body; the rest is let go. */
const readStart = async (answer: Response, signal: AbortSignal): Promise<string> => {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of answer.body ?? []) {
      parts.push(part)
      size += part.byteLength
      if (size >= MOST_ANSWER_BYTES) break
    }
  } catch (cause) {
    // The status was there: only what it says is lost.
    signal.throwIfAborted()
    if (answer.ok) throw unreachable(cause)
  }
  return Buffer.concat(parts).subarray(0, MOST_ANSWER_BYTES).toString()
}

const unreachable = (cause: unknown): DeliveryFailure =>
  (cause as Error).name === 'TimeoutError'
    ? new DeliveryFailure('RequestTimeout', 'the store did not answer in time', true, { cause })
    : new DeliveryFailure('ConnectionFailed', 'the store cannot be reached', true, { cause })

/** The store's own word for it, where it says one. */
const failureOf = (status: number, text: string): DeliveryFailure => {
  const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1] ?? `Http${status}`
  const isTemporary = status >= 500 || TEMPORARY.has(status) || TEMPORARY_CODES.has(code)
  return new DeliveryFailure(code, `the store answered ${status}`, isTemporary)
}
