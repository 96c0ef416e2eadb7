// The order of checks is part of the wire (rpc.md §3.6): a request that is wrong in two ways gets the earlier error.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DISABLED_KEY,
  type Flat,
  KEY,
  type RawRequest,
  send,
  signV1,
  startToyServer,
  timestamp,
  type ToyServer,
  USER_KEY,
  v1Request,
  v3Request,
} from './_support.js'

const codeOf = async (port: number, request: RawRequest): Promise<string> => {
  const { body } = await send(port, request)
  return /"Code":"([^"]*)"/.exec(body)?.[1] ?? /<Code>([^<]*)</.exec(body)?.[1] ?? 'none'
}

const RUN: Flat = { Action: 'RunCommand', RegionId: 'cn-hangzhou', CommandContent: 'x', Type: 'RunShellScript' }
const REGIONS: Flat = { Action: 'DescribeRegions' }
const EXPIRED = timestamp(Date.now() - 3_600_000)
const UNKNOWN_KEY = { ...KEY, accessKeyId: 'LTAI5tNobody' }
const WRONG_SECRET = { ...KEY, secret: 'wrong' }
const RUN_WITHOUT_TYPE: Flat = { Action: 'RunCommand', RegionId: 'cn-hangzhou', CommandContent: 'x' }

describe('order of checks, V1', () => {
  let server: ToyServer
  let drained: ToyServer
  const used = randomUUID()
  beforeAll(async () => {
    server = await startToyServer()
    drained = await startToyServer({ settings: { rate: { perSecond: 0.001, burst: 0 } } })
    expect(await codeOf(server.port, v1Request({ ...REGIONS, SignatureNonce: used }))).toBe('none')
    const first = { ...RUN, ClientToken: 'taken' }
    expect(await codeOf(server.port, v1Request(first))).toBe('none')
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await drained[Symbol.asyncDispose]()
  })

  const cases: readonly (readonly [string, string, () => RawRequest])[] = [
    ['method before scheme', 'UnsupportedHTTPMethod', () => ({ method: 'DELETE', path: '/' })],
    ['scheme before required parameters', 'MissingAccessKeyId', () => ({ path: '/?Action=DescribeRegions' })],
    ['signature among the required ones', 'MissingSignature', () => v1Request({ ...REGIONS, Signature: undefined })],
    [
      'required before format',
      'MissingTimestamp',
      () => v1Request({ ...REGIONS, Timestamp: undefined, Format: 'YAML' }),
    ],
    ['a nonce is required', 'MissingSignatureNonce', () => v1Request({ ...REGIONS, SignatureNonce: '' })],
    ['a version is required', 'MissingVersion', () => v1Request({ ...REGIONS, Version: undefined })],
    ['an action is required', 'MissingAction', () => v1Request({})],
    ['required before the method of the signature', 'MissingAction', () => v1Request({ SignatureMethod: 'HMAC-MD5' })],
    [
      'method of the signature before format',
      'InvalidSignatureMethod',
      () => v1Request({ ...REGIONS, SignatureMethod: 'HMAC-MD5', Format: 'YAML' }),
    ],
    [
      'format before key',
      'InvalidParameter.Format',
      () => v1Request({ ...REGIONS, Format: 'YAML' }, { key: UNKNOWN_KEY }),
    ],
    [
      'key exists before token',
      'InvalidAccessKeyId.NotFound',
      () => v1Request({ ...REGIONS, SecurityToken: 't' }, { key: UNKNOWN_KEY }),
    ],
    [
      'key exists before time',
      'InvalidAccessKeyId.NotFound',
      () => v1Request({ ...REGIONS, Timestamp: 'x' }, { key: UNKNOWN_KEY }),
    ],
    [
      'key active before token',
      'InvalidAccessKeyId.Inactive',
      () => v1Request({ ...REGIONS, SecurityToken: 't' }, { key: DISABLED_KEY }),
    ],
    [
      'token before form of the time',
      'InvalidSecurityToken.Malformed',
      () => v1Request({ ...REGIONS, SecurityToken: 't', Timestamp: 'x' }),
    ],
    [
      'form of the time before window',
      'InvalidTimeStamp.Format',
      () => v1Request({ ...REGIONS, Timestamp: '2001-01-01 00:00:00' }),
    ],
    [
      'form of the time before signature',
      'InvalidTimeStamp.Format',
      () => v1Request({ ...REGIONS, Timestamp: 'x' }, { key: WRONG_SECRET }),
    ],
    [
      'window before signature',
      'InvalidTimeStamp.Expired',
      () => v1Request({ ...REGIONS, Timestamp: EXPIRED }, { key: WRONG_SECRET }),
    ],
    [
      'signature before nonce',
      'SignatureDoesNotMatch',
      () => v1Request({ ...REGIONS, SignatureNonce: used }, { key: WRONG_SECRET }),
    ],
    [
      'nonce before version',
      'SignatureNonceUsed',
      () => v1Request({ ...REGIONS, SignatureNonce: used, Version: '2000-01-01' }),
    ],
    ['version before action', 'InvalidVersion', () => v1Request({ Action: 'NoSuchThing', Version: '2000-01-01' })],
    ['permission before parameters', 'Forbidden.RAM', () => v1Request({ Action: 'RunCommand' }, { key: USER_KEY })],
    ['required before region', 'MissingType', () => v1Request({ ...RUN_WITHOUT_TYPE, RegionId: 'atlantis-1' })],
    [
      'RegionId among the required ones',
      'MissingRegionId',
      () => v1Request({ ...RUN_WITHOUT_TYPE, RegionId: undefined }),
    ],
    [
      'region before syntax',
      'InvalidRegionId.NotFound',
      () => v1Request({ ...RUN, RegionId: 'atlantis-1', Type: 'RunPython' }),
    ],
    [
      'a region of the vendor before syntax',
      'RegionId.ApiNotSupported',
      () => v1Request({ ...RUN, RegionId: 'us-west-1', Type: 'RunPython' }),
    ],
    [
      'syntax in declaration order',
      'InvalidCmdType.NotFound',
      () => v1Request({ ...RUN, Type: 'RunPython', Timeout: 'soon' }),
    ],
    [
      'syntax before what crosses parameters',
      'InvalidParameter.Timeout',
      () => v1Request({ ...RUN, Launcher: 'x', Timeout: '1' }),
    ],
    [
      'what crosses parameters before idempotency',
      'InvalidParameter.Launcher',
      () => v1Request({ ...RUN, Launcher: 'x', ClientToken: 'taken' }),
    ],
    [
      'form of the token before idempotency',
      'InvalidClientToken.Malformed',
      () => v1Request({ ...RUN, ClientToken: 'ü', CommandContent: 'y' }),
    ],
    [
      'idempotency before the operation',
      'IdempotentParameterMismatch',
      () => v1Request({ ...RUN, ClientToken: 'taken', CommandContent: 'fault:instance/not-found' }),
    ],
    [
      'the operation at last',
      'InvalidInstance.NotFound',
      () => v1Request({ ...RUN, CommandContent: 'fault:instance/not-found' }),
    ],
  ]
  it.each(cases)('%s: %s', async (_name, code, request) => {
    expect(await codeOf(server.port, request())).toBe(code)
  })

  it('action before throttle, throttle before permission', async () => {
    expect(await codeOf(drained.port, v1Request({ Action: 'NoSuchThing' }))).toBe('InvalidAction.NotFound')
    expect(await codeOf(drained.port, v1Request(RUN, { key: USER_KEY }))).toBe('Throttling.User')
  })

  it('a nonce is not used up by a bad signature', async () => {
    const parameters = { ...REGIONS, SignatureNonce: randomUUID() }
    expect(await codeOf(server.port, v1Request(parameters, { key: WRONG_SECRET }))).toBe('SignatureDoesNotMatch')
    expect(await codeOf(server.port, v1Request(parameters))).toBe('none')
    expect(await codeOf(server.port, v1Request(parameters))).toBe('SignatureNonceUsed')
  })

  it('a nonce is one key’s own', async () => {
    const parameters = { ...REGIONS, SignatureNonce: randomUUID() }
    expect(await codeOf(server.port, v1Request(parameters))).toBe('none')
    expect(await codeOf(server.port, v1Request(parameters, { key: USER_KEY }))).toBe('none')
  })

  it('a time as far ahead is as bad as one behind', async () => {
    const ahead = { ...REGIONS, Timestamp: timestamp(Date.now() + 16 * 60_000) }
    expect(await codeOf(server.port, v1Request(ahead))).toBe('InvalidTimeStamp.Expired')
    const near = { ...REGIONS, Timestamp: timestamp(Date.now() + 14 * 60_000) }
    expect(await codeOf(server.port, v1Request(near))).toBe('none')
  })

  it('the signature of one method is not good for the other', async () => {
    const request = { ...v1Request(REGIONS, { method: 'GET' }), method: 'POST' }
    expect(await codeOf(server.port, request)).toBe('SignatureDoesNotMatch')
  })

  it('no parameter can be added to a signed request', async () => {
    const { path } = v1Request(RUN)
    expect(await codeOf(server.port, { path: `${path}&InstanceId.1=i-a` })).toBe('SignatureDoesNotMatch')
    const body = 'InstanceId.1=i-a'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const posted = v1Request(RUN, { method: 'POST' })
    expect(await codeOf(server.port, { ...posted, method: 'POST', headers, body })).toBe('SignatureDoesNotMatch')
  })

  it('a temporary key without its token is told so', async () => {
    const temporary = { ...KEY, accessKeyId: 'STS.NobodysKey' }
    expect(await codeOf(server.port, v1Request(REGIONS, { key: temporary }))).toBe('MissingSecurityToken')
    const withToken = { ...REGIONS, SecurityToken: 't' }
    expect(await codeOf(server.port, v1Request(withToken, { key: temporary }))).toBe('InvalidSecurityToken.Malformed')
  })

  it('signing of the support code itself is what the door takes', () => {
    expect(signV1(REGIONS)).toHaveProperty('Signature')
  })
})

describe('order of checks, V3', () => {
  let server: ToyServer
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const REQUIRED = [
    ['x-acs-signature-nonce', 'MissingSignatureNonce'],
    ['x-acs-date', 'MissingTimestamp'],
    ['x-acs-version', 'MissingVersion'],
    ['x-acs-action', 'MissingAction'],
    ['x-acs-content-sha256', 'IncompleteSignature'],
  ] as const
  it.each(REQUIRED)('without %s: %s, before the key', async (header, code) => {
    const options = { headers: { [header]: undefined }, key: UNKNOWN_KEY }
    expect(await codeOf(server.port, v3Request(server.host, 'DescribeRegions', {}, options))).toBe(code)
  })

  const NAMES = ['host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version']
  it.each(NAMES)('a request that does not sign %s is refused', async (left) => {
    const signed = NAMES.filter((name) => name !== left)
    const request = v3Request(server.host, 'DescribeRegions', {}, { signed })
    expect(await codeOf(server.port, request)).toBe('IncompleteSignature')
    expect(await codeOf(server.port, v3Request(server.host, 'DescribeRegions', {}, { signed: NAMES }))).toBe('none')
  })

  it.each([
    ['ACS3-RSA-SHA256', 'InvalidSignatureMethod'],
    ['ACS3-HMAC-MD5', 'InvalidSignatureMethod'],
  ])('algorithm %s: %s', async (algorithm, code) => {
    const request = v3Request(server.host, 'DescribeRegions', {}, { algorithm, key: UNKNOWN_KEY })
    expect(await codeOf(server.port, request)).toBe(code)
  })

  it.each([
    ['ACS3-HMAC-SHA256'],
    ['ACS3-HMAC-SHA256 Credential=a'],
    ['ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;Host,Signature=b'],
    ['ACS3-HMAC-SHA256 Credential=a,Credential=b,SignedHeaders=host,Signature=b'],
    ['ACS3-HMAC-SHA256 ,,,,'],
    ['ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature='],
  ])('%s does not conform', async (authorization) => {
    const request = v3Request(server.host, 'DescribeRegions', {}, { headers: { authorization } })
    const code = await codeOf(server.port, request)
    expect(['IncompleteSignature', 'InvalidSignatureMethod']).toContain(code)
  })

  it('a token that is not signed is refused; one that is signed is no good here', async () => {
    const headers = { 'x-acs-security-token': 't' }
    const unsigned = v3Request(server.host, 'DescribeRegions', {}, { headers, signed: NAMES })
    expect(await codeOf(server.port, unsigned)).toBe('IncompleteSignature')
    const signed = v3Request(server.host, 'DescribeRegions', {}, { headers })
    expect(await codeOf(server.port, signed)).toBe('InvalidSecurityToken.Malformed')
  })

  it.each([
    ['bearer', { 'x-acs-bearer-token': 't' }],
    ['identity token', { 'x-acs-zero-trust-idtoken': 't' }],
    ['ROA', { authorization: 'acs key:signature' }],
  ])('%s is not a scheme of this server', async (_name, headers) => {
    expect(await codeOf(server.port, { path: '/?SignatureNonce=1', headers })).toBe('InvalidSignatureMethod')
    expect(await codeOf(server.port, { path: '/?SignatureType=BEARERTOKEN&BearerToken=t' })).toBe(
      'InvalidSignatureMethod',
    )
    expect(await codeOf(server.port, v1Request({ ...REGIONS, SignatureType: 'PRIVATEKEY' }))).toBe(
      'InvalidSignatureMethod',
    )
  })

  it('an anonymous request is told that a key is missing, in JSON', async () => {
    const request = {
      method: 'POST',
      path: '/',
      headers: { 'x-acs-action': 'DescribeRegions', 'x-acs-version': '2014-05-26' },
    }
    const { status, body, headers } = await send(server.port, request)
    expect(status).toBe(400)
    expect(headers['content-type']).toBe('application/json;charset=utf-8')
    expect(JSON.parse(body)).toMatchObject({
      Code: 'MissingAccessKeyId',
      Message: 'AccessKeyId is mandatory for this action.',
    })
  })

  it('the same request is not taken twice', async () => {
    const request = v3Request(server.host, 'DescribeRegions', {})
    expect(await codeOf(server.port, request)).toBe('none')
    expect(await codeOf(server.port, request)).toBe('SignatureNonceUsed')
  })

  it('action, body and query are what was signed', async () => {
    const request = v3Request(server.host, 'DescribeRegions', { a: '1' })
    const headers = { ...request.headers, 'x-acs-action': 'RunCommand' }
    expect(await codeOf(server.port, { ...request, headers })).toBe('SignatureDoesNotMatch')
    expect(await codeOf(server.port, { ...request, body: 'b=2' })).toBe('SignatureDoesNotMatch')
    expect(await codeOf(server.port, { ...request, path: '/?a=2' })).toBe('SignatureDoesNotMatch')
    expect(await codeOf(server.port, request)).toBe('none')
  })
})
