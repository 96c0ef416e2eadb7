import { sign as signBytes, verify as verifyBytes, type KeyObject } from 'node:crypto'
import { isWireId } from './wire-id.js'

// What a registered host signs (agent-protocol.md §2.3): four texts without separators, RSA PKCS#1 v1.5 with MD5. It
// covers neither path nor body, and the machine id is never sent: the verifier remembers it from the registration.

export const INSTANCE_ID_HEADER = 'x-acs-instance-id'
export const TIMESTAMP_HEADER = 'x-acs-timestamp'
export const REQUEST_ID_HEADER = 'x-acs-request-id'
export const SIGNATURE_HEADER = 'x-acs-signature'

/** What a host says of itself with each request. */
export interface SignedIdentity {
  readonly instanceId: string
  /** Milliseconds since 1970 on the host's clock. */
  readonly timestamp: number
  /** A lower-case UUID, new for every request. */
  readonly requestId: string
}

export interface AgentSignature extends SignedIdentity {
  readonly signature: Buffer
}

const TIMESTAMP = /^[1-9]\d{0,15}$/
/** Latest moment that a date can name. Later numbers are no clock's, and some are no integers of a database either. */
const LATEST = 8_640_000_000_000_000
const REQUEST_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Length in base64 of an RSA signature: 2048 bits give 344 characters, 4096 give 684. What they say, `verify` finds out. */
const LEAST_SIGNATURE = 344
const MOST_SIGNATURE = 684

export const signedText = ({ instanceId, timestamp, requestId }: SignedIdentity, machineId: string): string =>
  `${instanceId}${machineId}${timestamp}${requestId}`

/** @returns the signature in base64 */
export const sign = (privateKey: KeyObject, machineId: string, identity: SignedIdentity): string =>
  signBytes('md5', Buffer.from(signedText(identity, machineId)), privateKey).toString('base64')

/** The headers that a host sends with every request and websocket handshake. */
export const signatureHeaders = (
  privateKey: KeyObject,
  machineId: string,
  identity: SignedIdentity,
): Record<string, string> => ({
  [INSTANCE_ID_HEADER]: identity.instanceId,
  [TIMESTAMP_HEADER]: String(identity.timestamp),
  [REQUEST_ID_HEADER]: identity.requestId,
  [SIGNATURE_HEADER]: sign(privateKey, machineId, identity),
})

/** @returns undefined when a header is missing, repeated or not of its form */
export const readSignature = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): AgentSignature | undefined => {
  const instanceId = headers[INSTANCE_ID_HEADER]
  const timestamp = headers[TIMESTAMP_HEADER]
  const requestId = headers[REQUEST_ID_HEADER]
  const signature = headers[SIGNATURE_HEADER]
  if (typeof instanceId !== 'string' || !isWireId(instanceId)) return undefined
  if (typeof timestamp !== 'string' || !TIMESTAMP.test(timestamp) || Number(timestamp) > LATEST) return undefined
  if (typeof requestId !== 'string' || !REQUEST_ID.test(requestId)) return undefined
  if (typeof signature !== 'string') return undefined
  if (signature.length < LEAST_SIGNATURE || signature.length > MOST_SIGNATURE) return undefined
  return { instanceId, timestamp: Number(timestamp), requestId, signature: Buffer.from(signature, 'base64') }
}

export const verify = (publicKey: KeyObject, machineId: string, signed: AgentSignature): boolean =>
  verifyBytes('md5', Buffer.from(signedText(signed, machineId)), publicKey, signed.signature)
