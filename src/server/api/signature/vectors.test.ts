import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeForm } from '../form.js'
import { parseAuthorization } from './authorization-header.js'
import { createSigningKeys } from './signing-keys.js'
import { V1_HASHES, v1Mismatch, v1Signature, v1StringToSign } from './v1.js'
import {
  hexHash,
  signsWhatItMust,
  V3_HASHES,
  v3CanonicalRequest,
  v3Mismatch,
  v3Signature,
  v3StringToSign,
} from './v3.js'

interface Vector {
  readonly name: string
  readonly scheme: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly expected?: Readonly<Record<string, string>> | null
  readonly expectedErrorCode?: string
  readonly dropEmptyParameters?: boolean
}

const { vectors } = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[]
}

const keysOf = (vector: Vector) => createSigningKeys().of(vector.accessKeyId, vector.accessKeySecret)
const queryOf = (vector: Vector) => decodeForm(vector.url.slice(vector.url.indexOf('?') + 1), 1_000)
const isV1 = (vector: Vector) => vector.scheme.startsWith('V1-')
const isV3 = (vector: Vector) => V3_HASHES.has(vector.scheme)

/** V1 signs URL and form together. */
const parametersOf = (vector: Vector) => {
  const query = vector.url.includes('?') ? queryOf(vector) : new Map<string, string>()
  return new Map([...query, ...decodeForm(vector.body, 1_000)])
}

const requestOf = (vector: Vector) => ({
  method: vector.method,
  query: vector.url.includes('?') ? queryOf(vector) : new Map<string, string>(),
  header: (name: string) => vector.headers[name],
  body: Buffer.from(vector.body),
})

const v1Verdict = (vector: Vector): string | undefined => {
  const parameters = parametersOf(vector)
  const hash = V1_HASHES.get(parameters.get('SignatureMethod') ?? '') ?? ''
  return v1Mismatch(vector.method, parameters, hash, keysOf(vector).v1, parameters.get('Signature') ?? '')
}

const v3Verdict = (vector: Vector) => {
  const authorization = parseAuthorization(vector.headers['authorization'] ?? '')!
  return v3Mismatch(requestOf(vector), authorization, V3_HASHES.get(vector.scheme)!, keysOf(vector).v3, [])
}

describe('recorded signatures', () => {
  it('are all there', () => {
    expect(vectors).toHaveLength(37)
    // The rest carry no HMAC: the door refuses them, see recorded-requests.test.ts.
    const rest = vectors.filter((vector) => !isV1(vector) && !isV3(vector)).map((vector) => vector.scheme)
    expect(rest).toEqual(['ACS3-RSA-SHA256', 'BEARERTOKEN', 'ANONYMOUS'])
  })

  for (const vector of vectors.filter((one) => isV1(one) && one.expected)) {
    it(`${vector.name}: V1 string to sign and signature come out as recorded`, () => {
      const parameters = parametersOf(vector)
      const stringToSign = v1StringToSign(vector.method, parameters, vector.dropEmptyParameters !== true)
      expect(stringToSign).toBe(vector.expected!['stringToSign'])
      const hash = V1_HASHES.get(parameters.get('SignatureMethod')!)!
      expect(v1Signature(hash, keysOf(vector).v1, stringToSign)).toBe(vector.expected!['signature'])
      expect(v1Verdict(vector)).toBeUndefined()
    })
  }

  for (const vector of vectors.filter((one) => isV3(one) && one.expected)) {
    it(`${vector.name}: V3 canonical request, string to sign and signature come out as recorded`, () => {
      const { signedHeaders, signature, accessKeyId } = parseAuthorization(vector.headers['authorization']!)!
      const hash = V3_HASHES.get(vector.scheme)!
      const request = requestOf(vector)
      const bodyHash = hexHash(hash, request.body)
      expect(accessKeyId).toBe(vector.accessKeyId)
      expect(signedHeaders.join(';')).toBe(vector.expected!['signedHeaders'])
      expect(bodyHash).toBe(vector.expected!['payloadHash'])
      const canonicalRequest = v3CanonicalRequest(request, signedHeaders, bodyHash, true)
      expect(canonicalRequest).toBe(vector.expected!['canonicalRequest'])
      const stringToSign = v3StringToSign(vector.scheme, hash, canonicalRequest)
      expect(stringToSign).toBe(vector.expected!['stringToSign'])
      expect(v3Signature(hash, keysOf(vector).v3, stringToSign)).toBe(vector.expected!['signature'])
      expect(signature).toBe(vector.expected!['signature'])
      expect(signsWhatItMust(signedHeaders, request.header)).toBe(true)
      expect(v3Verdict(vector)).toBeUndefined()
    })
  }

  for (const vector of vectors.filter((one) => one.expectedErrorCode !== undefined)) {
    it(`${vector.name}: is not taken for a good signature`, () => {
      expect(vector.expectedErrorCode).toBe('SignatureDoesNotMatch')
      expect(isV1(vector) ? v1Verdict(vector) : v3Verdict(vector)).toBeDefined()
    })
  }
})
