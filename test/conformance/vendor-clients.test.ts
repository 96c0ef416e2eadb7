// The vendor's own clients, unmodified, for every operation: `@alicloud/pop-core` signs version 1.0,
// `@alicloud/ecs20140526` signs ACS3-HMAC-SHA256 and reads answers into its typed models. A member whose name or type is
// not the vendor's would be lost in those models, so what both read must be the same.
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../src/server/operations/index.js'
import { KEY, openWorld, REGION, versionOf, type World } from './_support.js'
import { type Made, plant } from './seed.js'

const require = createRequire(import.meta.url)

type Members = Readonly<Record<string, unknown>>

interface PopCore {
  request(action: string, parameters: Members, options?: object): Promise<Record<string, unknown>>
}
const { RPCClient } = require('@alicloud/pop-core') as { RPCClient: new (config: object) => PopCore }

interface Model {
  toMap(): Record<string, unknown>
}
interface ModelClass {
  new (members: object): Model
  /** Property → name on the wire. */
  names(): Readonly<Record<string, string>>
}
type EcsClient = Readonly<Record<string, (request: Model) => Promise<{ readonly body: Model }>>> & {
  callApi(parameters: object, request: object, runtime: object): Promise<unknown>
}
const ecs = require('@alicloud/ecs20140526') as Readonly<Record<string, ModelClass>> & {
  readonly default: new (config: object) => EcsClient
}
const { RuntimeOptions } = require('@darabonba/typescript') as {
  readonly RuntimeOptions: new (members: object) => object
}
const { $OpenApiUtil } = require('@alicloud/openapi-core') as {
  readonly $OpenApiUtil: Readonly<Record<'Config' | 'OpenApiRequest' | 'Params', new (members: object) => object>>
}

/** A model with members by their wire names; members of lists have models of their own. */
const modelOf = (className: string, members: Members): Model => {
  const found = ecs[className]
  if (found === undefined) throw new Error(`the client has no ${className}`)
  const properties = Object.fromEntries(Object.entries(found.names()).map(([property, name]) => [name, property]))
  return new found(
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => {
        const property = properties[name]
        if (property === undefined) throw new Error(`${className} has no ${name}`)
        const isModels = Array.isArray(value) && typeof value[0] === 'object'
        return [property, isModels ? value.map((one) => modelOf(`${className}${name}`, one as Members)) : value]
      }),
    ),
  )
}

interface Call {
  readonly members: Members
  /** What to change for the call to fail, and with what code. */
  readonly wrong: Members
  readonly code: string
}

const REGIONAL = { RegionId: REGION }
const TAGS = { Tag: [{ Key: 'owner', Value: 'zhang san' }] }

/** Clients make what a client before them made. */
let secretsMade = 0

/** One call of each operation; `made` holds what earlier calls answered. */
const calls = (made: Made): Readonly<Record<string, Call>> => ({
  DescribeRegions: {
    members: { AcceptLanguage: 'en-US' },
    wrong: { ResourceType: 'car' },
    code: 'InvalidResourceType.NotFound',
  },
  DescribeCloudAssistantStatus: {
    members: { ...REGIONAL, InstanceId: ['i-1', 'i-2'] },
    wrong: { InstanceId: ['i-1', 'i-none'] },
    code: 'InvalidInstance.NotFound',
  },
  DescribeInstances: {
    members: { ...REGIONAL, InstanceIds: '["i-1","i-2"]', PageSize: 100 },
    wrong: { InstanceIds: 'i-1' },
    code: 'InvalidParameter',
  },
  DescribeManagedInstances: {
    members: { ...REGIONAL, ...TAGS, InstanceId: ['i-1'] },
    wrong: { PageSize: 51 },
    code: 'InvalidParam.PageSize',
  },
  CreateActivation: {
    members: { ...REGIONAL, ...TAGS, InstanceName: 'web', InstanceCount: 3 },
    wrong: { IpAddressRange: 'everywhere' },
    code: 'AddressRange.InvalidPattern',
  },
  DescribeActivations: {
    members: { ...REGIONAL, ...TAGS, MaxResults: 50 },
    wrong: { NextToken: 'AAAAAdDWBF2' },
    code: 'InvalidParameter.NextToken',
  },
  CreateCommand: {
    members: { ...REGIONAL, ...TAGS, Name: 'ünïcode 名', Type: 'RunShellScript', CommandContent: 'ZWNobyAxMjM=' },
    wrong: { Type: 'RunPerlScript' },
    code: 'InvalidCmdType.NotFound',
  },
  DescribeCommands: {
    members: { ...REGIONAL, ...TAGS, ContentEncoding: 'PlainText', Name: 'kept' },
    wrong: { Tag: [{ Key: 'k' }, { Key: 'k' }] },
    code: 'Duplicate.TagKey',
  },
  RunCommand: {
    members: {
      ...REGIONAL,
      ...TAGS,
      InstanceId: ['i-1', 'i-2'],
      Type: 'RunShellScript',
      CommandContent: 'echo "a b*c~d\'e!(f)" + 中文 😀\r\n\t{{name}}',
      EnableParameter: true,
      Parameters: { name: 'Jack & Jill' },
      Timeout: 600,
    },
    wrong: { Username: 'root;reboot' },
    code: 'InvalidParameter.Username',
  },
  InvokeCommand: {
    members: { ...REGIONAL, CommandId: made.get('kept')?.['CommandId'], InstanceId: ['i-1'] },
    wrong: { CommandId: 'c-none' },
    code: 'InvalidCmdId.NotFound',
  },
  DescribeInvocations: {
    members: { ...REGIONAL, InvokeId: made.get('run')?.['InvokeId'], IncludeOutput: true },
    wrong: { MaxResults: 51 },
    code: 'InvalidParameter.MaxResults',
  },
  DescribeInvocationResults: {
    members: { ...REGIONAL, InvokeId: made.get('run')?.['InvokeId'], ContentEncoding: 'PlainText' },
    wrong: { PageNumber: 0 },
    code: 'InvalidParam.PageNumber',
  },
  SendFile: {
    members: {
      ...REGIONAL,
      ...TAGS,
      InstanceId: ['i-1', 'i-2'],
      Name: 'ünïcode 名.txt',
      TargetDir: '/srv/a b',
      Content: 'a <&> 中文 😀\r\n',
      FileMode: '0600',
      Overwrite: true,
      Timeout: 5,
    },
    wrong: { FileMode: 'rw' },
    code: 'FileMode.Invalid',
  },
  DescribeSendFileResults: {
    members: { ...REGIONAL, InvokeId: made.get('sent')?.['InvokeId'] },
    wrong: { MaxResults: 51 },
    code: 'InvalidParameter.MaxResults',
  },
  DescribeRollouts: {
    members: { ...REGIONAL, 'InvokeId.1': made.get('paced')?.['InvokeId'], Status: 'InProgress' },
    wrong: { Status: 'Lost' },
    code: 'InvalidParameter.Status',
  },
  PauseRollout: {
    members: { ...REGIONAL, InvokeId: made.get('paced')?.['InvokeId'] },
    wrong: { InvokeId: made.get('run')?.['InvokeId'] },
    code: 'InvalidInvokeId.NotFound',
  },
  ResumeRollout: {
    members: { ...REGIONAL, InvokeId: made.get('paced')?.['InvokeId'] },
    wrong: { InvokeId: made.get('run')?.['InvokeId'] },
    code: 'InvalidInvokeId.NotFound',
  },
  CancelRollout: {
    members: { ...REGIONAL, InvokeId: made.get('paced')?.['InvokeId'] },
    wrong: { InvokeId: made.get('run')?.['InvokeId'] },
    code: 'InvalidInvokeId.NotFound',
  },
  StopInvocation: {
    members: { ...REGIONAL, InvokeId: made.get('run')?.['InvokeId'], InstanceId: ['i-1'] },
    wrong: { InvokeId: 't-none' },
    code: 'InvalidInvokeId.NotFound',
  },
  ModifyInvocationAttribute: {
    members: {
      ...REGIONAL,
      InvokeId: made.get('repeating')?.['InvokeId'],
      CommandContent: 'echo {{name}} 中文',
      EnableParameter: true,
      Parameters: { name: 'Jack & Jill' },
      Frequency: 'rate(7m)',
      InstanceId: ['i-3'],
    },
    wrong: { Frequency: 'often' },
    code: 'InvalidParameter.Frequency',
  },
  TagResources: {
    members: { ...REGIONAL, ...TAGS, ResourceType: 'instance', ResourceId: ['i-1', 'i-2'] },
    wrong: { ResourceType: 'managedinstance', ResourceId: ['i-1', 'i-none'] },
    code: 'InvalidResourceId.NotFound',
  },
  UntagResources: {
    members: { ...REGIONAL, ResourceType: 'managedinstance', ResourceId: ['i-2'], TagKey: ['ünïcode 名'] },
    wrong: { All: true },
    code: 'Param.Conflict',
  },
  ListTagResources: {
    members: { ...REGIONAL, ...TAGS, ResourceType: 'instance', ResourceId: ['i-1'] },
    wrong: { TagFilter: [{ TagKey: 'own*', TagValues: ['a', 'b'] }] },
    code: 'InvalidTags.MalFormed',
  },
  DescribeTags: {
    members: { ...REGIONAL, ...TAGS, ResourceType: 'instance', PageSize: 100 },
    wrong: { ResourceType: 'car' },
    code: 'InvalidResourceType.NotFound',
  },
  ModifyCommand: {
    members: { ...REGIONAL, CommandId: made.get('busy')?.['CommandId'], Description: 'ünïcode 名', Timeout: 120 },
    wrong: { CommandId: 'c-none' },
    code: 'InvalidCmdId.NotFound',
  },
  DeleteCommand: {
    members: { ...REGIONAL, CommandId: made.get('doomed')?.['CommandId'] },
    wrong: { CommandId: made.get('busy')?.['CommandId'] },
    code: 'InvalidStatus.CmdIdInUse',
  },
  CreateSecretParameter: {
    members: {
      ...REGIONAL,
      Name: `new-${(secretsMade += 1)}`,
      Type: 'Secret',
      Value: 'p&w "ü" 中 😀\n',
      Description: 'ü',
    },
    wrong: { Name: 'OOS-name' },
    code: 'InvalidParameter.Name',
  },
  UpdateSecretParameter: {
    members: { ...REGIONAL, Name: 'kept', Value: 'another' },
    wrong: { Name: 'none' },
    code: 'EntityNotExists.Parameter',
  },
  DeleteSecretParameter: {
    members: { ...REGIONAL, Name: 'doomed' },
    wrong: { Name: 'none' },
    code: 'EntityNotExists.Parameter',
  },
  GetSecretParameter: {
    members: { ...REGIONAL, Name: 'kept' },
    wrong: { WithDecryption: true },
    code: 'InvalidParameter.WithDecryption',
  },
  ListSecretParameters: {
    members: { ...REGIONAL, MaxResults: 20 },
    wrong: { MaxResults: 101 },
    code: 'InvalidParameter.MaxResults',
  },
})

let world: World
const made: Made = new Map()

const LINUX = { os: 'Linux', agent: '2.2.3.541', online: true, connected: true, activation: 'a' } as const
const KEPT = { Action: 'CreateCommand', ...REGIONAL, Type: 'RunShellScript', CommandContent: 'bHM=', Name: 'kept' }

beforeAll(async () => {
  // Clients sign with the time of this machine.
  world = await openWorld({}, Date.now())
  const owner = { owner: 'zhang san' }
  const labelled = { 'Tag.1.Key': 'owner', 'Tag.1.Value': 'zhang san' }
  await plant(world, { ...LINUX, instance: 'i-1', intranetIp: '10.0.0.1', internetIp: '40.65.0.1', tags: owner }, made)
  await plant(world, { ...LINUX, instance: 'i-2' }, made)
  await plant(world, { call: { ...KEPT, ...labelled }, as: 'kept' }, made)
  await plant(world, { call: KEPT, as: 'busy' }, made)
  await plant(world, { call: { ...REGIONAL, ...labelled, Action: 'CreateActivation' }, as: 'permit' }, made)
  const run = { ...REGIONAL, 'InstanceId.1': 'i-1' }
  const busy = String(made.get('busy')?.['CommandId'])
  await plant(world, { call: { ...run, Action: 'InvokeCommand', CommandId: busy }, as: 'running' }, made)
  const script = { Type: 'RunShellScript', CommandContent: 'echo <&>' }
  await plant(world, { call: { ...run, ...script, Action: 'RunCommand' }, as: 'run' }, made)
  const paced = { ...script, MaxConcurrency: '1', 'InstanceId.2': 'i-2' }
  await plant(world, { call: { ...run, ...paced, Action: 'RunCommand' }, as: 'paced' }, made)
  // An agent that takes other versions.
  await plant(world, { ...LINUX, instance: 'i-3', agent: '2.2.3.578' }, made)
  const often = { ...REGIONAL, 'InstanceId.1': 'i-3', ...script, Frequency: 'rate(5m)' }
  await plant(world, { call: { ...often, Action: 'RunCommand' }, as: 'repeating' }, made)
  const file = { Name: 'a.txt', TargetDir: '/srv', Content: 'a <&>', ...labelled }
  await plant(world, { call: { ...run, ...file, Action: 'SendFile' }, as: 'sent' }, made)
  await plant(
    world,
    { call: { ...REGIONAL, Action: 'CreateSecretParameter', Name: 'kept', Value: 'v' }, as: 'secret' },
    made,
  )
  await plant(world, { fetch: 'i-1' }, made)
  await plant(world, { fileReport: 'i-1', of: '{sent.InvokeId}', code: 0 }, made)
  const at = new Date(world.now()).toISOString()
  const report = { report: 'i-1', of: '{run.InvokeId}', startedAt: at } as const
  await plant(world, { ...report, kind: 'running' }, made)
  await plant(world, { ...report, kind: 'finish', endedAt: at, exitCode: 3, output: 'PCY+Cg==' }, made)
})

afterAll(() => world[Symbol.asyncDispose]())

const withPopCore = async (action: string, { Parameters, ...members }: Members): Promise<Record<string, unknown>> => {
  const client = new RPCClient({
    accessKeyId: KEY.accessKeyId,
    accessKeySecret: KEY.secret,
    endpoint: `http://${world.host}`,
    apiVersion: versionOf(action),
  })
  const flat = Parameters === undefined ? members : { ...members, Parameters: JSON.stringify(Parameters) }
  return client.request(action, flat, { method: 'POST' })
}

const withEcs = async (action: string, members: Members): Promise<Record<string, unknown>> => {
  const client = new ecs.default(
    new $OpenApiUtil.Config({
      accessKeyId: KEY.accessKeyId,
      accessKeySecret: KEY.secret,
      endpoint: world.host,
      protocol: 'http',
    }),
  )
  if (versionOf(action) !== '2014-05-26') return withCoreOf(client, action, members)
  const method = `${action.charAt(0).toLowerCase()}${action.slice(1)}`
  const answer = await client[method]?.(modelOf(`${action}Request`, members))
  if (answer === undefined) throw new Error(`the client has no ${method}`)
  return answer.body.toMap()
}

/** What the clients of other products do: they are nothing but this and their models. */
const withCoreOf = async (client: EcsClient, action: string, members: Members): Promise<Record<string, unknown>> => {
  const answer = (await client.callApi(
    new $OpenApiUtil.Params({
      action,
      version: versionOf(action),
      protocol: 'HTTP',
      pathname: '/',
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      reqBodyType: 'formData',
      bodyType: 'json',
    }),
    new $OpenApiUtil.OpenApiRequest({ query: members }),
    new RuntimeOptions({}),
  )) as { readonly body: Record<string, unknown> }
  return answer.body
}

const CLIENTS = [
  ['@alicloud/pop-core', withPopCore],
  ['@alicloud/ecs20140526', withEcs],
] as const

const doomed = async (): Promise<void> => {
  await plant(world, { call: KEPT, as: 'doomed' }, made)
  await world.send({ Action: 'CreateSecretParameter', ...REGIONAL, Name: 'doomed', Value: 'v' }, 'JSON')
}

/** The typed client knows the vendor's operations only; the other calls any by its name. */
const clientsFor = (action: string) =>
  operations.find(({ name }) => name === action)?.addition === true ? CLIENTS.slice(0, 1) : CLIENTS

describe.each(operations.map((operation) => [operation.name, operation.access] as const))('%s', (action, access) => {
  it.each(clientsFor(action))('succeeds for %s', async (_client, send) => {
    await doomed()
    const call = calls(made)[action]
    if (call === undefined) throw new Error('no call is written for this operation')
    const answer = await send(action, call.members)
    expect(answer['RequestId']).toMatch(/^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
    const declared = Object.keys(operations.find((one) => one.name === action)?.response ?? {})
    for (const name of declared.filter((member) => !/^Page|NextToken/.test(member))) expect(answer).toHaveProperty(name)
  })

  it.each(clientsFor(action))('fails for %s with its code', async (_client, send) => {
    await doomed()
    const call = calls(made)[action]
    const failure = await send(action, { ...call?.members, ...call?.wrong }).then(
      () => undefined,
      (error: Error & { readonly code?: string }) => error,
    )
    expect(failure?.code).toBe(call?.code)
  })

  if (access === 'write' || clientsFor(action).length < CLIENTS.length) return
  it('is read alike by both clients', async () => {
    const call = calls(made)[action]
    const read = async (send: typeof withEcs): Promise<unknown> => {
      const { RequestId: _, ...rest } = await send(action, call?.members ?? {})
      // Models have their members in an order of their own, and leave out what is not there.
      return JSON.parse(JSON.stringify(rest)) as unknown
    }
    const answer = await read(withEcs)
    expect(answer).toEqual(await read(withPopCore))
    // Something was there to be read.
    expect(JSON.stringify(answer)).toMatch(/"TotalCount":[1-9]|"RegionId"|"TagKey"|"ParameterVersion"/)
  })
})
