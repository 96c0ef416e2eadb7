import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKey } from './read-key.js'

describe('a kept key', () => {
  it.each([2048, 3072, 4096])(
    'of %d bits is the same one, and verifies',
    (modulusLength) => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const key = readKey(pem)
      expect(key.equals(createPublicKey(pem))).toBe(true)
      expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength, publicExponent: 65537n })
      const text = Buffer.from('text')
      expect(verify('md5', text, key, sign('md5', text, privateKey))).toBe(true)
    },
    120_000,
  )

  it('of another kind is read as well', () => {
    for (const { publicKey } of [generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]) {
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      expect(readKey(pem).equals(publicKey)).toBe(true)
    }
  })

  it('that is none is refused with an error, and never read beyond its end', () => {
    expect(() => readKey('')).toThrow(Error)
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const der = publicKey.export({ type: 'spki', format: 'der' })
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, value, length) => {
        const broken = Buffer.from(der.subarray(0, length))
        if (at < broken.length) broken[at] = value
        const pem = `-----BEGIN PUBLIC KEY-----\n${broken.toString('base64')}\n-----END PUBLIC KEY-----\n`
        try {
          readKey(pem)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })
})
