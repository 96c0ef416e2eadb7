import { createPublicKey, generateKeyPairSync, verify as verifyBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readSignature, sign, signatureHeaders, signedText, verify } from './agent-signature.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const identity = {
  instanceId: 'mi-861d8d707414',
  timestamp: 1795485667814,
  requestId: '97cd34c8-db12-4515-b3d1-3cb4354020ce',
}

describe('the signature of a host', () => {
  it('covers instance, machine, time and request id without separators', () => {
    expect(signedText(identity, 'machine')).toBe(
      'mi-861d8d707414machine179548566781497cd34c8-db12-4515-b3d1-3cb4354020ce',
    )
  })

  it('is RSA PKCS#1 with MD5 in standard base64, 344 characters for 2048 bits', () => {
    const signature = sign(privateKey, 'machine', identity)
    expect(signature).toHaveLength(344)
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const text = Buffer.from(signedText(identity, 'machine'))
    expect(verifyBytes('RSA-MD5', text, createPublicKey(pem), Buffer.from(signature, 'base64'))).toBe(true)
  })

  it('is read from the headers it was written to, and verified', () => {
    const signature = readSignature(signatureHeaders(privateKey, 'machine', identity))
    expect(signature).toMatchObject(identity)
    expect(signature && verify(publicKey, 'machine', signature)).toBe(true)
  })

  it.each(['instanceId', 'timestamp', 'requestId'] as const)('does not hold for another %s', (member) => {
    const signature = readSignature(signatureHeaders(privateKey, 'machine', identity))!
    const other = {
      instanceId: 'mi-other',
      timestamp: identity.timestamp + 1,
      requestId: '00000000-db12-4515-b3d1-3cb4354020ce',
    }
    expect(verify(publicKey, 'machine', { ...signature, [member]: other[member] })).toBe(false)
    expect(verify(publicKey, 'another machine', signature)).toBe(false)
  })

  it.each([
    ['no headers at all', {}],
    ['an id with a newline', { 'x-acs-instance-id': 'mi-1\n' }],
    ['an id of a path', { 'x-acs-instance-id': '../mi-1' }],
    ['a time that is not decimal', { 'x-acs-timestamp': '1e12' }],
    ['a time with a leading zero', { 'x-acs-timestamp': '01795485667814' }],
    ['a time that no date can have', { 'x-acs-timestamp': '8640000000000001' }],
    ['a time beyond the integers', { 'x-acs-timestamp': '9999999999999999' }],
    ['an upper-case request id', { 'x-acs-request-id': identity.requestId.toUpperCase() }],
    ['a signature of another size', { 'x-acs-signature': 'AAAA' }],
    ['an endless signature', { 'x-acs-signature': 'A'.repeat(10_000) }],
    ['a repeated header', { 'x-acs-timestamp': ['1', '2'] }],
  ])('is not read from %s', (_what, change) => {
    const headers = Object.keys(change).length === 0 ? {} : signatureHeaders(privateKey, 'machine', identity)
    expect(readSignature({ ...headers, ...change })).toBeUndefined()
  })
})
