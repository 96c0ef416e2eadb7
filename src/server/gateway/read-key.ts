import { createPublicKey, type KeyObject } from 'node:crypto'

// Measured: OpenSSL's decoder takes 110 µs for a key in PEM or DER, the two numbers of an RSA key in JWK take 4 µs. After a
// restart the key of every host is made once, within seconds.

/**
 * Makes a key of the SPKI PEM that a registration kept.
 * @throws when it is no key
 */
export const readKey = (pem: string): KeyObject => {
  const numbers = rsaNumbers(pem)
  return numbers === undefined
    ? createPublicKey(pem)
    : createPublicKey({ key: { kty: 'RSA', ...numbers }, format: 'jwk' })
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03

/** Modulus and exponent in base64url, or undefined for anything but the plain form of an RSA key. */
const rsaNumbers = (pem: string): { n: string; e: string } | undefined => {
  const [, base64] = /^-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(pem) ?? []
  if (base64 === undefined) return undefined
  const key = inside(Buffer.from(base64, 'base64'), 0, SEQUENCE)
  const algorithm = key && inside(key.bytes, 0, SEQUENCE)
  const bits = key && algorithm && inside(key.bytes, algorithm.end, BIT_STRING)
  if (algorithm === undefined || !algorithm.bytes.equals(RSA) || bits === undefined || bits.bytes[0] !== 0) {
    return undefined
  }
  const pair = inside(bits.bytes, 1, SEQUENCE)
  const n = pair && inside(pair.bytes, 0, INTEGER)
  const e = pair && n && inside(pair.bytes, n.end, INTEGER)
  if (n === undefined || e === undefined) return undefined
  return { n: unsigned(n.bytes).toString('base64url'), e: unsigned(e.bytes).toString('base64url') }
}

/** The algorithm of a plain RSA key: its object identifier, and NULL. */
const RSA = Buffer.from('06092a864886f70d0101010500', 'hex')

/** Contents and end of one DER element, if it is there whole and of that kind. */
const inside = (
  bytes: Buffer,
  at: number,
  kind: number,
): { readonly bytes: Buffer; readonly end: number } | undefined => {
  const first = bytes[at + 1]
  if (bytes[at] !== kind || first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (lengthBytes > 2 || at + 2 + lengthBytes > bytes.length) return undefined
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  const start = at + 2 + lengthBytes
  return start + length > bytes.length
    ? undefined
    : { bytes: bytes.subarray(start, start + length), end: start + length }
}

/** A positive INTEGER has a zero byte in front when its first bit is set. */
const unsigned = (bytes: Buffer): Buffer => (bytes[0] === 0 && bytes.length > 1 ? bytes.subarray(1) : bytes)
