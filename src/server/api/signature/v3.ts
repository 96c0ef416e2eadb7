// Signature V3 (rpc.md §1.5): HMAC over a canonical request of method, query, signed headers and the body's hash.
import { hash as digest } from 'node:crypto'
import type { Authorization } from './authorization-header.js'
import { equalTexts } from './equal-texts.js'
import type { HmacKey } from './hmac-key.js'
import { percentEncode } from './percent-encode.js'
import { sortedNames } from './sorted-names.js'

/** Hashes by the name of the algorithm. */
export const V3_HASHES: ReadonlyMap<string, string> = new Map([
  ['ACS3-HMAC-SHA256', 'sha256'],
  ['ACS3-HMAC-SM3', 'sm3'],
])

/** Headers that must be signed, or a captured request could be sent again with another meaning (rpc.md §1.5). */
const MUST_BE_SIGNED = [
  'host',
  'x-acs-action',
  'x-acs-version',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-content-sha256',
] as const

/** Values of a request's headers by lower-case name; undefined when it has none of that name. */
export type HeaderValue = (name: string) => string | undefined

export interface SignedRequest {
  readonly method: string
  /** Decoded parameters of the URL only: those of a body are in its hash. */
  readonly query: ReadonlyMap<string, string>
  readonly header: HeaderValue
  readonly body: Uint8Array
}

export interface V3Mismatch {
  readonly stringToSign: string
  readonly canonicalRequest: string
}

/** The security token must be signed too when there is one. */
export const signsWhatItMust = (signedHeaders: readonly string[], header: HeaderValue): boolean =>
  MUST_BE_SIGNED.every((name) => signedHeaders.includes(name)) &&
  (header('x-acs-security-token') === undefined || signedHeaders.includes('x-acs-security-token'))

/**
 * @param bodyHash hex, of the bytes that were received
 * @param encodedNames whether names are percent-encoded too: clients differ (rpc.md §1.5)
 */
export const v3CanonicalRequest = (
  request: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
  encodedNames: boolean,
): string => {
  let query = ''
  for (const name of sortedNames(request.query.keys())) {
    if (query !== '') query += '&'
    query += `${encodedNames ? percentEncode(name) : name}=${percentEncode(request.query.get(name) ?? '')}`
  }
  let headers = ''
  for (const name of signedHeaders) headers += `${name}:${(request.header(name) ?? '').trim()}\n`
  // With a path prefix in their endpoint clients sign "/" all the same.
  return `${request.method}\n/\n${query}\n${headers}\n${signedHeaders.join(';')}\n${bodyHash}`
}

export const v3StringToSign = (algorithm: string, hash: string, canonicalRequest: string): string =>
  `${algorithm}\n${hexHash(hash, canonicalRequest)}`

/** @param key the secret as it is */
export const v3Signature = (hash: string, key: HmacKey, stringToSign: string): string =>
  key.sign(hash, stringToSign, 'hex')

/**
 * Undefined for a good signature, else what was compared.
 * @param otherHosts names that a proxy in front may have put into Host instead of the one that was signed
 */
export const v3Mismatch = (
  request: SignedRequest,
  authorization: Authorization,
  hash: string,
  key: HmacKey,
  otherHosts: readonly string[],
): V3Mismatch | undefined => {
  const { algorithm, signedHeaders, signature } = authorization
  const isGood = (canonicalRequest: string): boolean =>
    equalTexts(v3Signature(hash, key, v3StringToSign(algorithm, hash, canonicalRequest)), signature)

  const bodyHash = hexHash(hash, request.body)
  const canonicalRequest = v3CanonicalRequest(request, signedHeaders, bodyHash, true)
  if (isGood(canonicalRequest)) return undefined
  const rawNames = v3CanonicalRequest(request, signedHeaders, bodyHash, false)
  if (rawNames !== canonicalRequest && isGood(rawNames)) return undefined
  for (const host of otherHosts) {
    const header: HeaderValue = (name) => (name === 'host' ? host : request.header(name))
    if (isGood(v3CanonicalRequest({ ...request, header }, signedHeaders, bodyHash, true))) return undefined
  }
  return { canonicalRequest, stringToSign: v3StringToSign(algorithm, hash, canonicalRequest) }
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export const hexHash = (hash: string, bytes: Uint8Array | string): string =>
  bytes.length === 0 && hash === 'sha256' ? EMPTY_SHA256 : digest(hash, bytes, 'hex')
