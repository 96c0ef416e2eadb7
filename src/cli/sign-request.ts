import { createHash, createHmac } from 'node:crypto'

// Signature version 3 of the RPC gateway (rpc.md §1.5).

export interface RequestToSign {
  readonly method: 'GET' | 'POST'
  /** As it goes into the Host header, with the port unless it is the scheme's own. */
  readonly host: string
  readonly action: string
  readonly version: string
  /** Parameters of the query string, decoded. */
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly contentType: string | undefined
  readonly date: Date
  readonly nonce: string
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly accessKeySecret: string
}

/** Percent-encoding of the gateway: all but `A–Z a–z 0–9 - _ . ~`, byte by byte of UTF-8. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** The pairs as a query string or form body, in the order given. */
export const encodeParameters = (parameters: readonly (readonly [name: string, value: string])[]): string =>
  parameters.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&')

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** `yyyy-MM-ddTHH:mm:ssZ` */
export const wireTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

/** The headers to send: those that are signed, and `authorization`. */
export const signRequest = (request: RequestToSign, key: AccessKey): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {
    host: request.host,
    'x-acs-action': request.action,
    'x-acs-content-sha256': sha256(request.body),
    'x-acs-date': wireTime(request.date),
    'x-acs-signature-nonce': request.nonce,
    'x-acs-version': request.version,
    ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
  }
  const names = Object.keys(headers).toSorted()
  const query = request.query.toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
  const canonicalRequest = [
    request.method,
    '/',
    encodeParameters(query),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-acs-content-sha256'],
  ].join('\n')
  const stringToSign = `ACS3-HMAC-SHA256\n${sha256(canonicalRequest)}`
  const signature = createHmac('sha256', key.accessKeySecret).update(stringToSign).digest('hex')
  const authorization =
    `ACS3-HMAC-SHA256 Credential=${key.accessKeyId},SignedHeaders=${names.join(';')},` + `Signature=${signature}`
  return { ...headers, authorization }
}
