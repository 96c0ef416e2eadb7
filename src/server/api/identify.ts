// Who asks? The scheme of the signature, its common parameters, key, time, signature, nonce: in the order of rpc.md §3.6.
import { hash as digest } from 'node:crypto'
import { GATEWAY_ERRORS, missing } from '../contract/common-errors.js'
import type { Access, AccessKey } from '../domain/access/access.js'
import { type Format, formatOf, type Received } from './http.js'
import { parseAuthorization } from './signature/authorization-header.js'
import type { SigningKeyCache, SigningKeys } from './signature/signing-keys.js'
import { parseTimestamp } from './signature/timestamp.js'
import { V1_HASHES, v1Mismatch } from './signature/v1.js'
import { signsWhatItMust, V3_HASHES, v3Mismatch } from './signature/v3.js'
import { WireError } from './wire-errors.js'

/** A request whose sender is known. */
export interface Identified {
  readonly received: Received
  readonly format: Format
  readonly scheme: 'v1' | 'v3'
  readonly action: string
  readonly version: string
  readonly key: AccessKey
}

/** What a request says about itself, before any of it is believed. */
interface Claim {
  readonly scheme: 'v1' | 'v3'
  readonly action: string
  readonly version: string
  readonly accessKeyId: string
  readonly nonce: string
  readonly timestamp: string
  readonly securityToken: string
  /** Undefined when the signature is good, else what it should have been made from. */
  readonly mismatch: (keys: SigningKeys) => string | undefined
}

export interface Identification {
  readonly access: Pick<Access, 'accessKeys' | 'nonces'>
  readonly signingKeys: SigningKeyCache
  readonly now: () => number
  readonly timestampWindowMs: number
  /** Whether a caller of this action whose signature is wrong is told what should have been signed. */
  readonly echoStringToSign: (action: string) => boolean
  readonly publicHosts: readonly string[]
  /** Names of the hashes that this runtime's OpenSSL has: SM3 may be left out of it. */
  readonly hashes: ReadonlySet<string>
  /** Whether an action changes something: its nonces are kept for all nodes (design §7). */
  readonly changesSomething: (action: string) => boolean
}

/** Longer ids are nobody's. */
const MAX_ACCESS_KEY_ID = 128
/** Longer nonces are kept as their hash. */
const MAX_NONCE = 64
/** A string to sign beyond this is not sent back (design D13). */
const MAX_ECHO_CHARACTERS = 1 << 20

export const identify = async (received: Received, with_: Identification): Promise<Identified> => {
  const claim = readClaim(received, with_)
  const format = formatOf(received.parameters, received.header)
  if (format === undefined) throw new WireError(GATEWAY_ERRORS.invalidFormat)
  const key = await findKey(claim, with_.access)
  checkToken(claim)
  checkTimestamp(claim.timestamp, with_)
  checkSignature(claim, with_.signingKeys.of(key.accessKeyId, key.secret), with_.echoStringToSign(claim.action))
  await takeNonce(claim, with_)
  return { received, format, scheme: claim.scheme, action: claim.action, version: claim.version, key }
}

/** Which scheme a request uses (rpc.md §1.2), and what that scheme needs. */
const readClaim = (received: Received, with_: Identification): Claim => {
  const { parameters, header } = received
  const authorization = header('authorization')
  if (authorization?.startsWith('ACS3-') === true) return readV3(received, authorization, with_)
  // Bearer tokens, identity tokens, and the ROA style's Authorization: not schemes of this server.
  if (
    parameters.get('SignatureType') === 'BEARERTOKEN' ||
    header('x-acs-bearer-token') !== undefined ||
    header('x-acs-zero-trust-idtoken') !== undefined ||
    authorization?.startsWith('acs ') === true
  ) {
    throw new WireError(GATEWAY_ERRORS.invalidSignatureMethod)
  }
  return readV1(received)
}

const readV1 = ({ method, parameters }: Received): Claim => {
  const required = (name: string): string => {
    const value = parameters.get(name) ?? ''
    if (value === '') throw new WireError(missing(name))
    return value
  }
  const accessKeyId = required('AccessKeyId')
  const signature = required('Signature')
  const signatureMethod = required('SignatureMethod')
  const signatureVersion = required('SignatureVersion')
  const nonce = required('SignatureNonce')
  const timestamp = required('Timestamp')
  const version = required('Version')
  const action = required('Action')
  const hash = V1_HASHES.get(signatureMethod)
  // A SignatureType is a key pair's (PRIVATEKEY) or a bearer's; old clients send an empty one with an HMAC.
  if (hash === undefined || (parameters.get('SignatureType') ?? '') !== '' || signatureVersion !== '1.0') {
    throw new WireError(GATEWAY_ERRORS.invalidSignatureMethod)
  }
  return {
    scheme: 'v1',
    action,
    version,
    accessKeyId,
    nonce,
    timestamp,
    securityToken: parameters.get('SecurityToken') ?? '',
    mismatch: (keys) => v1Mismatch(method, parameters, hash, keys.v1, signature),
  }
}

const readV3 = (received: Received, authorizationHeader: string, with_: Identification): Claim => {
  const { header, parameters } = received
  const hash = V3_HASHES.get(authorizationHeader.slice(0, authorizationHeader.indexOf(' ')))
  if (hash === undefined || !with_.hashes.has(hash)) throw new WireError(GATEWAY_ERRORS.invalidSignatureMethod)
  const authorization = parseAuthorization(authorizationHeader)
  if (authorization === undefined) throw new WireError(GATEWAY_ERRORS.incompleteSignature)
  const required = (headerName: string, name: string): string => {
    const value = header(headerName)?.trim() ?? ''
    if (value === '') throw new WireError(missing(name))
    return value
  }
  const nonce = required('x-acs-signature-nonce', 'SignatureNonce')
  const timestamp = required('x-acs-date', 'Timestamp')
  const version = required('x-acs-version', 'Version')
  const action = required('x-acs-action', 'Action')
  if (!signsWhatItMust(authorization.signedHeaders, header)) throw new WireError(GATEWAY_ERRORS.incompleteSignature)
  return {
    scheme: 'v3',
    action,
    version,
    accessKeyId: authorization.accessKeyId,
    nonce,
    timestamp,
    securityToken: header('x-acs-security-token') ?? parameters.get('SecurityToken') ?? '',
    mismatch: (keys) => {
      const wrong = v3Mismatch(received, authorization, hash, keys.v3, with_.publicHosts)
      return wrong && `${wrong.stringToSign} server canonical request is:${wrong.canonicalRequest}`
    },
  }
}

const findKey = async (claim: Claim, { accessKeys }: Pick<Access, 'accessKeys'>): Promise<AccessKey> => {
  const { accessKeyId } = claim
  const key = accessKeyId.length > MAX_ACCESS_KEY_ID ? undefined : await accessKeys.find(accessKeyId)
  if (key !== undefined) {
    if (!key.active) throw new WireError(GATEWAY_ERRORS.accessKeyInactive)
    return key
  }
  // Temporary keys live in their token alone, and this server issues none.
  if (accessKeyId.startsWith('STS.')) {
    throw new WireError(claim.securityToken === '' ? GATEWAY_ERRORS.tokenMissing : GATEWAY_ERRORS.tokenMalformed)
  }
  throw new WireError(GATEWAY_ERRORS.accessKeyNotFound)
}

const checkToken = ({ securityToken }: Claim): void => {
  if (securityToken !== '') throw new WireError(GATEWAY_ERRORS.tokenMalformed)
}

const checkTimestamp = (timestamp: string, { now, timestampWindowMs }: Identification): void => {
  const time = parseTimestamp(timestamp)
  if (time === undefined) throw new WireError(GATEWAY_ERRORS.timestampFormat)
  if (Math.abs(now() - time) > timestampWindowMs) throw new WireError(GATEWAY_ERRORS.timestampExpired)
}

const checkSignature = (claim: Claim, keys: SigningKeys, echo: boolean): void => {
  const mismatch = claim.mismatch(keys)
  if (mismatch === undefined) return
  throw new WireError(GATEWAY_ERRORS.signatureMismatch, [
    echo && mismatch.length <= MAX_ECHO_CHARACTERS ? mismatch : '',
  ])
}

/** Only now, so that nobody without the secret can use a nonce up. */
const takeNonce = async (claim: Claim, { access, changesSomething }: Identification): Promise<void> => {
  const { accessKeyId, action } = claim
  const nonce = claim.nonce.length > MAX_NONCE ? digest('sha256', claim.nonce) : claim.nonce
  if (!(await access.nonces.take(accessKeyId, nonce, changesSomething(action)))) {
    throw new WireError(GATEWAY_ERRORS.nonceUsed)
  }
}
