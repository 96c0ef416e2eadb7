import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readPublicKey, readRegistration, REGISTRATION_REFUSALS } from './registration.js'

const inBase64 = (key: KeyObject): string =>
  Buffer.from(key.export({ type: 'spki', format: 'pem' }).toString()).toString('base64')

let good: Record<string, unknown>

beforeAll(() => {
  good = {
    activationCode: 'code',
    machineId: '0123456789abcdef',
    regionId: 'cn-hangzhou',
    instanceName: 'web-1',
    hostname: 'vm',
    intranetIp: '<nil>',
    osVersion: 'Linux_#1 SMP',
    osType: 'linux',
    agentVersion: '2.2.3.578',
    publicKey: inBase64(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    activationId: 'activation',
    tag: [{ key: 'env', value: 'prod' }],
  }
})

const read = (change: Record<string, unknown>) => readRegistration(JSON.stringify({ ...good, ...change }), '192.0.2.1')

describe('a registration', () => {
  it('of the vendor’s agent becomes what the domain is asked', () => {
    expect(read({})).toMatchObject({
      ok: true,
      value: {
        activationId: 'activation',
        activationCode: 'code',
        machineId: '0123456789abcdef',
        instanceName: 'web-1',
        intranetIp: '',
        osType: 'Linux',
        agentVersion: '2.2.3.578',
        publicKeyPem: expect.stringContaining('BEGIN PUBLIC KEY') as string,
        tags: [{ key: 'env', value: 'prod' }],
        sourceAddress: '192.0.2.1',
      },
    })
  })

  it.each([
    [{ activationCode: '' }, 'activationCode is missing'],
    [{ activationId: 1 }, 'activationId is not a text'],
    [{ machineId: 'x'.repeat(200) }, 'machineId is longer than 128 characters'],
    [{ machineId: 'a b' }, 'machineId is malformed'],
    [{ machineId: 'a\nb' }, 'machineId is malformed'],
    [{ instanceName: 'x'.repeat(129) }, 'instanceName is longer than 128 characters'],
    [{ hostname: 'x'.repeat(256) }, 'hostname is longer than 255 characters'],
    [{ agentVersion: '1\n2' }, 'agentVersion is malformed'],
    [{ agentVersion: '' }, 'agentVersion is missing'],
    [{ osType: 'plan9' }, 'osType is none of linux, windows and freebsd'],
    [{ osType: '' }, 'osType is missing'],
    [{ publicKey: '' }, 'publicKey is missing'],
    [{ publicKey: 'AAAA' }, 'publicKey is no PEM of a public key'],
    [{ tag: {} }, 'tag is not a list'],
    [{ tag: [{ key: '', value: '' }] }, 'key is missing'],
    [{ tag: Array.from({ length: 21 }, (_, index) => ({ key: `k${index}`, value: '' })) }, 'tag has too many entries'],
    [
      {
        tag: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
      'a tag is given twice',
    ],
  ])('with %j is refused in words', (change, reason) => {
    expect(read(change)).toEqual({ ok: false, reason })
  })

  it('of garbage is refused and never throws', () => {
    fc.assert(fc.property(fc.json(), (text) => void readRegistration(text, undefined)))
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), (member, value) => {
        void read({ [member]: value })
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(bytes).toString('base64')}\n-----END PUBLIC KEY-----\n`
        expect(readPublicKey(Buffer.from(pem).toString('base64')).ok).toBe(false)
      }),
    )
  })

  it('has a sentence for every refusal, with a code that is no success', () => {
    for (const { code, errMsg } of Object.values(REGISTRATION_REFUSALS)) {
      expect(code).not.toBe(200)
      expect(errMsg).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('a public key', () => {
  it('of RSA with 4096 bits is taken', () => {
    expect(readPublicKey(inBase64(generateKeyPairSync('rsa', { modulusLength: 4096 }).publicKey)).ok).toBe(true)
  }, 120_000)

  it.each([
    ['too few bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, /1024 bits/],
    ['too many bits', () => generateKeyPairSync('rsa', { modulusLength: 4104 }).publicKey, /4104 bits/],
    [
      'another exponent',
      () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey,
      /exponent/,
    ],
    ['another algorithm', () => generateKeyPairSync('ed25519').publicKey, /not of RSA/],
    ['a curve', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, /not of RSA/],
  ])(
    'of %s is refused',
    (_what, make, reason) => {
      expect(readPublicKey(inBase64(make()))).toMatchObject({
        ok: false,
        reason: expect.stringMatching(reason) as string,
      })
    },
    120_000,
  )

  it('that is a private one is refused', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(readPublicKey(Buffer.from(pem).toString('base64')).ok).toBe(false)
  })
})
