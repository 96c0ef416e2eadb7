// The vendor's own clients against the door: what they send is understood, what they get raises their own errors.
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DISABLED_KEY, KEY, startToyServer, type ToyServer, USER_KEY } from './_support.js'

const require = createRequire(import.meta.url)

interface PopCore {
  request(action: string, parameters: object, options?: object): Promise<Record<string, unknown>>
}
const { RPCClient } = require('@alicloud/pop-core') as { RPCClient: new (config: object) => PopCore }

interface OpenApi {
  callApi(
    params: object,
    request: object,
    runtime: object,
  ): Promise<{ body: Record<string, unknown>; headers: Record<string, string> }>
}
const { default: OpenApiClient, $OpenApiUtil } = require('@alicloud/openapi-core') as {
  default: new (config: object) => OpenApi
  $OpenApiUtil: Record<'Config' | 'Params' | 'OpenApiRequest', new (members: object) => object>
}
const { RuntimeOptions } = require('@darabonba/typescript') as { RuntimeOptions: new (members: object) => object }

interface SdkError extends Error {
  readonly code: string
  readonly data?: Record<string, unknown>
  readonly statusCode?: number
  readonly description?: string
  readonly retryAfter?: number
  readonly accessDeniedDetail?: Record<string, string>
}

const failureOf = (call: Promise<unknown>): Promise<SdkError> =>
  call.then(
    () => Promise.reject(new Error('The call went through.')),
    (error: unknown) => error as SdkError,
  )

const REQUEST_ID = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/

const WIDE = {
  CommandContent: 'echo "a b*c~d\'e!(f)" + 中文 😀\r\n\tß',
  Type: 'RunShellScript',
  InstanceId: ['i-a', 'i-b'],
  Tag: [{ Key: 'k+1', Value: 'v 1' }],
  Timeout: 60,
  Timed: true,
}

const UNDERSTOOD = { ...WIDE, scope: { accountId: KEY.accountId, regionId: 'cn-hangzhou' } }

describe('@alicloud/pop-core', () => {
  let server: ToyServer
  const client = (key = KEY): PopCore =>
    new RPCClient({
      accessKeyId: key.accessKeyId,
      accessKeySecret: key.secret,
      endpoint: `http://${server.host}`,
      apiVersion: '2014-05-26',
    })
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  for (const method of ['GET', 'POST']) {
    it(`calls by ${method} and reads lists, flags and characters of every plane`, async () => {
      const regions = await client().request('DescribeRegions', {}, { method })
      expect(regions).toEqual({
        RequestId: expect.stringMatching(REQUEST_ID) as string,
        Regions: {
          Region: [
            { RegionId: 'cn-hangzhou', LocalName: '华东1（杭州）' },
            { RegionId: 'eu-central-1', LocalName: 'a<b>&"c"\u0000\ufffd' },
          ],
        },
      })
      const parameters = { RegionId: 'cn-hangzhou', ...WIDE, Parameters: JSON.stringify({ a: 'b c', 中: '文' }) }
      const run = await client().request('RunCommand', parameters, { method })
      expect(JSON.parse(run['Echo'] as string)).toEqual({ ...UNDERSTOOD, Parameters: { a: 'b c', 中: '文' } })
      expect(run).toMatchObject({ Nothing: '', Online: 'true', At: '2026-11-24T02:05:51Z' })
      expect(run).not.toHaveProperty('Left')
    })
  }

  it('raises its error with code, message and request id', async () => {
    const failure = await failureOf(
      client().request('RunCommand', { RegionId: 'cn-hangzhou', ...WIDE, Type: 'RunPython' }),
    )
    expect(failure.code).toBe('InvalidCmdType.NotFound')
    expect(failure.message).toContain('The specified command type does not exist.')
    expect(failure.data).toMatchObject({
      Code: 'InvalidCmdType.NotFound',
      HostId: '127.0.0.1',
      RequestId: expect.stringMatching(REQUEST_ID) as string,
      Recommend: expect.stringContaining('InvalidCmdType.NotFound') as string,
    })
  })

  it('says that the secret is wrong when only the secret is wrong', async () => {
    const failure = await failureOf(client({ ...KEY, secret: 'another' }).request('DescribeRegions', {}))
    expect(failure.code).toBe('SignatureDoesNotMatch')
    expect(failure.message).toContain('server string to sign is:GET&%2F&AccessKeyId')
  })

  it('is told of a disabled and of an unknown key', async () => {
    expect((await failureOf(client(DISABLED_KEY).request('DescribeRegions', {}))).code).toBe(
      'InvalidAccessKeyId.Inactive',
    )
    const unknown = { ...KEY, accessKeyId: 'LTAI5tNobody' }
    expect((await failureOf(client(unknown).request('DescribeRegions', {}))).code).toBe('InvalidAccessKeyId.NotFound')
  })

  it('may write the action with a small letter', async () => {
    await expect(client().request('describeRegions', {})).resolves.toHaveProperty('Regions')
  })
})

describe('@alicloud/openapi-core', () => {
  let server: ToyServer
  const client = (key = KEY, config: object = {}): OpenApi =>
    new OpenApiClient(
      new $OpenApiUtil.Config({
        accessKeyId: key.accessKeyId,
        accessKeySecret: key.secret,
        endpoint: server.host,
        protocol: 'http',
        ...config,
      }),
    )
  const call = (action: string, request: object, { key = KEY, params = {}, config = {} } = {}) =>
    client(key, config).callApi(
      new $OpenApiUtil.Params({
        action,
        version: '2014-05-26',
        protocol: 'HTTP',
        pathname: '/',
        method: 'POST',
        authType: 'AK',
        style: 'RPC',
        reqBodyType: 'formData',
        bodyType: 'json',
        ...params,
      }),
      new $OpenApiUtil.OpenApiRequest(request),
      new RuntimeOptions({}),
    )
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const FLAT = {
    RegionId: 'cn-hangzhou',
    CommandContent: WIDE.CommandContent,
    Type: WIDE.Type,
    'InstanceId.2': 'i-b',
    'InstanceId.1': 'i-a',
    'Tag.1.Key': 'k+1',
    'Tag.1.Value': 'v 1',
    Timeout: '60',
    Timed: 'True',
  }

  it('calls with everything in the URL', async () => {
    const { body, headers } = await call('RunCommand', { query: FLAT })
    expect(JSON.parse(body['Echo'] as string)).toEqual(UNDERSTOOD)
    expect(body['RequestId']).toMatch(REQUEST_ID)
    expect(headers['x-acs-request-id']).toBe(body['RequestId'])
    expect(headers['content-type']).toBe('application/json;charset=utf-8')
  })

  it('calls with a form body', async () => {
    const { body } = await call('RunCommand', { body: FLAT })
    expect(JSON.parse(body['Echo'] as string)).toEqual(UNDERSTOOD)
  })

  it('calls with a JSON body, whose members are parameters', async () => {
    const request = { query: { RegionId: 'cn-hangzhou' }, body: { ...WIDE, Parameters: { a: 'b' } } }
    const { body } = await call('RunCommand', request, { params: { reqBodyType: 'json' } })
    expect(JSON.parse(body['Echo'] as string)).toEqual({ ...UNDERSTOOD, Parameters: { a: 'b' } })
  })

  it('calls by GET, and with the older signature', async () => {
    const get = await call('DescribeRegions', {}, { params: { method: 'GET' } })
    expect(get.body).toHaveProperty('Regions')
    const older = await call('DescribeRegions', {}, { config: { signatureAlgorithm: 'v2' } })
    expect(older.body).toHaveProperty('Regions')
  })

  it('raises a client error with code, message, request id and status', async () => {
    const failure = await failureOf(call('RunCommand', { query: { ...FLAT, Type: 'RunPython' } }))
    expect(failure.name).toBe('ClientError')
    expect(failure.code).toBe('InvalidCmdType.NotFound')
    expect(failure.message).toContain('The specified command type does not exist.')
    expect(failure.statusCode).toBe(404)
    expect(JSON.stringify(failure)).toMatch(/[0-9A-F]{8}-[0-9A-F]{4}/)
  })

  it('raises a server error that tells no detail', async () => {
    const failure = await failureOf(call('RunCommand', { query: { ...FLAT, CommandContent: 'crash' } }))
    expect(failure.name).toBe('ServerError')
    expect(failure.code).toBe('InternalError.Dispatch')
    expect(failure.message).not.toContain('secret of the server')
    expect(server.events.at(-1)?.failure).toEqual(new Error('a secret of the server'))
  })

  it('reads who was denied what', async () => {
    const failure = await failureOf(call('RunCommand', { query: FLAT }, { key: USER_KEY }))
    expect(failure.code).toBe('Forbidden.RAM')
    expect(failure.accessDeniedDetail).toMatchObject({
      AuthAction: 'ecs:RunCommand',
      AuthPrincipalDisplayName: USER_KEY.userId,
    })
  })

  it('raises a throttling error that says when to come back', async () => {
    await using busy = await startToyServer({ settings: { rate: { perSecond: 0.5, burst: 1 } } })
    const config = { endpoint: busy.host }
    await call('DescribeRegions', {}, { config })
    const failure = await failureOf(call('DescribeRegions', {}, { config }))
    expect(failure.name).toBe('ThrottlingError')
    expect(failure.code).toBe('Throttling.User')
    expect(failure.retryAfter).toBeGreaterThan(0)
    expect(failure.retryAfter).toBeLessThanOrEqual(2_000)
  })
})
