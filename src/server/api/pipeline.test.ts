import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createToyAccess,
  type Flat,
  KEY,
  send,
  startToyServer,
  TOY_OPERATIONS,
  type ToyServer,
  USER_KEY,
  v1Request,
  v3Request,
} from './_support.js'

const RUN: Flat = { Action: 'RunCommand', RegionId: 'cn-hangzhou', CommandContent: 'x', Type: 'RunShellScript' }
const STATUS: Flat = { Action: 'DescribeCloudAssistantStatus', RegionId: 'cn-hangzhou' }

describe('a call', () => {
  let server: ToyServer
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const call = async (parameters: Flat, key = KEY): Promise<Record<string, string>> =>
    JSON.parse((await send(server.port, v1Request(parameters, { key }))).body) as Record<string, string>

  it('gets the faults of its operation as documented, with their values', async () => {
    const quota = await send(server.port, v1Request({ ...RUN, CommandContent: 'fault:command/quota-exceeded' }))
    expect(quota.status).toBe(403)
    expect(JSON.parse(quota.body)).toMatchObject({
      Code: 'CmdCount.ExceedQuota',
      Message: 'The quota of 100 commands is used up.',
    })
    const away = await send(server.port, v1Request({ ...RUN, CommandContent: 'fault:store/unavailable' }))
    expect(away.status).toBe(503)
    expect(JSON.parse(away.body)).toHaveProperty('Code', 'ServiceUnavailable')
  })

  it('that fails inside the server tells the caller nothing and the log everything', async () => {
    const { status, body } = await send(server.port, v1Request({ ...RUN, CommandContent: 'crash', Format: 'XML' }))
    expect(status).toBe(500)
    expect(body).toContain('<Code>InternalError.Dispatch</Code>')
    expect(body).not.toContain('secret')
    expect(server.events.at(-1)).toMatchObject({
      status: 500,
      code: 'InternalError.Dispatch',
      failure: new Error('a secret of the server'),
    })
  })

  it('is told once, without its parameters', async () => {
    server.events.length = 0
    const { headers, body } = await send(
      server.port,
      v1Request({ ...RUN, Foo: 'bar', 'Tag.1.Colour': 'red', OwnerId: '1' }),
    )
    expect(server.events).toEqual([
      {
        requestId: headers['x-acs-request-id'],
        action: 'RunCommand',
        status: 200,
        code: '',
        scheme: 'v1',
        format: 'json',
        accountId: KEY.accountId,
        accessKeyId: KEY.accessKeyId,
        sourceAddress: '127.0.0.1',
        durationMs: expect.any(Number) as number,
        bytesIn: 0,
        bytesOut: Buffer.byteLength(body),
        unknownParameters: 2,
        repeated: false,
        failure: undefined,
      },
    ])
  })

  it('that names no action of ours is told without its name', async () => {
    await call({ Action: 'rm -rf /' })
    expect(server.events.at(-1)).toMatchObject({ action: '', code: 'InvalidAction.NotFound', status: 404 })
  })

  it('of a regionless operation needs no region, and may have any', async () => {
    expect(await call({ Action: 'DescribeRegions' })).toHaveProperty('Regions')
    expect(await call({ Action: 'DescribeRegions', RegionId: 'atlantis-1' })).toHaveProperty('Regions')
  })

  it('is for the region that it names', async () => {
    const { Echo } = await call({ ...RUN, RegionId: 'eu-central-1' })
    expect(JSON.parse(Echo!)).toMatchObject({ scope: { accountId: KEY.accountId, regionId: 'eu-central-1' } })
  })

  it('with the same ClientToken has the same answer, in either format and by either signature', async () => {
    const parameters = { ...RUN, ClientToken: 'once', 'InstanceId.1': 'i-a' }
    const first = await call(parameters)
    const second = await call({ ...parameters, OwnerId: '7', Timeout: '' })
    expect(second['InvokeId']).toBe(first['InvokeId'])
    expect(second['RequestId']).not.toBe(first['RequestId'])
    expect(server.events.at(-1)).toMatchObject({ repeated: true })
    const { body } = await send(server.port, v1Request({ ...parameters, Format: 'XML' }))
    expect(body).toContain(`<InvokeId>${first['InvokeId']}</InvokeId>`)
    const { Action: _, ...rest } = parameters as Flat
    const v3 = JSON.parse((await send(server.port, v3Request(server.host, 'RunCommand', rest))).body) as Record<
      string,
      string
    >
    expect(v3['InvokeId']).toBe(first['InvokeId'])
    expect(await call({ ...parameters, 'InstanceId.1': 'i-b' })).toHaveProperty('Code', 'IdempotentParameterMismatch')
    const other = await call({ ...parameters, RegionId: 'eu-central-1', 'InstanceId.1': 'i-b' })
    expect(other['InvokeId']).toMatch(/^t-/)
  })

  it('with a ClientToken that failed can be sent again', async () => {
    const parameters = { ...RUN, ClientToken: 'again', CommandContent: 'crash' }
    expect(await call(parameters)).toHaveProperty('Code', 'InternalError.Dispatch')
    expect(await call(parameters)).toHaveProperty('Code', 'InternalError.Dispatch')
    expect(await call({ ...parameters, CommandContent: 'x' })).toHaveProperty('InvokeId')
  })

  it('with a ClientToken that is under way is told so', async () => {
    let release: (() => void) | undefined
    const [, run] = TOY_OPERATIONS
    const slow = {
      ...run!,
      handle: () =>
        new Promise((resolve) => (release = () => resolve({ InvokeId: 't-1', Echo: '', Online: true, At: 0 }))),
    }
    await using busy = await startToyServer({ operations: [slow] })
    const parameters = { ...RUN, ClientToken: 'busy' }
    const first = send(busy.port, v1Request(parameters))
    await vi.waitFor(() => expect(release).toBeDefined())
    const { status, body } = await send(busy.port, v1Request(parameters))
    expect(status).toBe(403)
    expect(JSON.parse(body)).toHaveProperty('Code', 'IdempotentProcessing')
    release?.()
    expect((await first).status).toBe(200)
  })

  it('pages by tokens that are good for its own list only', async () => {
    const first = await call({ ...STATUS, MaxResults: '10', OSType: 'Linux' })
    const NextToken = first['NextToken']!
    const second = await call({ ...STATUS, MaxResults: '5', OSType: 'Linux', NextToken })
    expect(JSON.stringify(second)).toContain('"InstanceId":"i-2"')
    expect(second['NextToken']).toBe('')
    for (const changes of [
      { OSType: 'Windows' },
      { RegionId: 'eu-central-1' },
      { NextToken: `${NextToken}A` },
      { NextToken: 'second' },
    ]) {
      expect(await call({ ...STATUS, OSType: 'Linux', NextToken, ...changes })).toMatchObject({
        Code: 'InvalidParameter.NextToken',
        Message: 'The specified parameter NextToken is not valid.',
      })
    }
  })

  it('asks for permission on the full names of what it touches', async () => {
    const asked: unknown[] = []
    const allowed = (...one: unknown[]) => {
      asked.push(one)
      return Promise.resolve(false)
    }
    await using strict = await startToyServer({ access: { ...createToyAccess(), permissions: { allowed } } })
    const forbidden = await send(
      strict.port,
      v1Request({ ...RUN, 'InstanceId.1': 'i-a', 'InstanceId.2': 'i-b' }, { key: USER_KEY }),
    )
    expect(forbidden.status).toBe(403)
    expect(JSON.parse(forbidden.body)).toMatchObject({
      Code: 'Forbidden.RAM',
      Message: "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
      AccessDeniedDetail: {
        AuthAction: 'ecs:RunCommand',
        AuthPrincipalDisplayName: USER_KEY.userId,
        AuthPrincipalOwnerId: KEY.accountId,
      },
    })
    await send(strict.port, v1Request({ Action: 'RunCommand', RegionId: 'x'.repeat(100) }))
    const caller = {
      accountId: KEY.accountId,
      accessKeyId: USER_KEY.accessKeyId,
      userId: USER_KEY.userId,
      sourceAddress: '127.0.0.1',
    }
    const prefix = `acs:ecs:cn-hangzhou:${KEY.accountId}:instance/`
    expect(asked).toEqual([
      [caller, 'ecs:RunCommand', [`${prefix}i-a`, `${prefix}i-b`]],
      [expect.anything(), 'ecs:RunCommand', [`acs:ecs:*:${KEY.accountId}:instance/*`]],
    ])
  })

  it('whose resources cannot be told from what was sent needs permission for all of them', async () => {
    const [, run] = TOY_OPERATIONS
    const asked: string[] = []
    const allowed = (_caller: unknown, _action: string, resources: readonly string[]) => {
      asked.push(...resources)
      return Promise.resolve(true)
    }
    const resources = (request: { CommandContent: string }) => [`command/${request.CommandContent.length}`]
    await using server2 = await startToyServer({
      operations: [{ ...run!, permission: { resources } }],
      access: { ...createToyAccess(), permissions: { allowed } },
    })
    const { body } = await send(server2.port, v1Request({ Action: 'RunCommand', RegionId: 'cn-hangzhou' }))
    expect(JSON.parse(body)).toHaveProperty('Code', 'MissingCommandContent')
    expect(asked).toEqual([`acs:ecs:cn-hangzhou:${KEY.accountId}:*`])
  })

  it('is answered with a connection that stays open', async () => {
    const { headers } = await send(server.port, {
      ...v1Request({ Action: 'DescribeRegions' }),
      headers: { connection: 'keep-alive' },
    })
    expect(headers.connection).toBe('keep-alive')
  })
})
