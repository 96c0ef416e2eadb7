// Every operation, asked by those who may not: no key, a wrong one, a stranger's, another region (style.md §10). A new
// operation is in this list by being in `operations`.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Fields, Shape } from '../../src/schema/shape.js'
import type { Operation } from '../../src/server/contract/define-operation.js'
import { operations } from '../../src/server/operations/index.js'
import { setAccessKey } from '../../src/server/storage/access-store.js'
import { KEY, openWorld, type Parameters, REGION, STRANGER_KEY, type World } from '../conformance/_support.js'

const RETIRED = { accessKeyId: 'LTAI5tRetired000000001', secret: 'retired-secret' }

/** What exists in the account of KEY, by the parameter that names it. */
const existing = new Map<string, string>()

/** A value that a shape takes. */
const sample = (name: string, shape: Shape): string => {
  switch (shape.kind) {
    case 'text':
      return existing.get(name) ?? shape.oneOf?.[0] ?? shape.example ?? 'sample'
    case 'integer':
      return String(shape.example ?? shape.min ?? 1)
    case 'json-map':
      return '{}'
    default:
      return 'true'
  }
}

const SPECIAL: Readonly<Record<string, Parameters>> = {
  CreateCommand: { CommandContent: 'ZWNobw==' },
  RunCommand: { CommandContent: 'echo', 'InstanceId.1': 'mi-here' },
  InvokeCommand: { 'InstanceId.1': 'mi-here' },
  SendFile: { 'InstanceId.1': 'mi-here' },
  ModifyInvocationAttribute: { CommandContent: 'echo' },
  TagResources: { ResourceType: 'instance', 'ResourceId.1': 'mi-here', 'Tag.1.Key': 'role' },
  UntagResources: { ResourceType: 'instance', 'ResourceId.1': 'mi-here', 'TagKey.1': 'role' },
  ListTagResources: { ResourceType: 'instance', 'ResourceId.1': 'mi-here' },
  CreateSecretParameter: { Name: 'another-secret', Value: 'sample' },
}

/** A request that the operation takes: its required parameters, and the names of what exists. */
const requestOf = (operation: Operation): Parameters => {
  const parameters: Record<string, string> = { Action: operation.name, RegionId: REGION }
  for (const [name, shape] of Object.entries(operation.request as Fields)) {
    if (shape.optional === true || name === 'RegionId') continue
    parameters[name] = sample(name, shape)
  }
  const rollout = existing.get('InvokeId of a rollout')
  if (/^(?:Pause|Resume|Cancel)Rollout$/.test(operation.name) && rollout !== undefined) parameters['InvokeId'] = rollout
  return { ...parameters, ...SPECIAL[operation.name] }
}

/** Ways to name what exists in a list, by parameter. */
const filtersOf = ({ name, access, request }: Operation): readonly (readonly [string, string])[] => {
  if (access === 'write') return []
  const named: (readonly [string, string | undefined])[] = [
    ['CommandId', existing.get('CommandId')],
    [
      'InvokeId',
      request['InvokeId']?.kind === 'list'
        ? undefined
        : existing.get(name === 'DescribeSendFileResults' ? 'InvokeId of a file' : 'InvokeId'),
    ],
    ['InvokeId.1', request['InvokeId']?.kind === 'list' ? existing.get('InvokeId of a rollout') : undefined],
    ['ActivationId', existing.get('ActivationId')],
    ['Name', request['Name']?.kind === 'text' && name.endsWith('SecretParameters') ? 'secret-here' : undefined],
    ['InstanceIds', '["mi-here"]'],
    [request['InstanceId']?.kind === 'list' ? 'InstanceId.1' : 'InstanceId', 'mi-here'],
    [request['ResourceId']?.kind === 'list' ? 'ResourceId.1' : 'ResourceId', 'mi-here'],
  ]
  return named.filter(
    (pair): pair is readonly [string, string] =>
      request[pair[0].split('.')[0] ?? ''] !== undefined && pair[1] !== undefined,
  )
}

let world: World

beforeAll(async () => {
  world = await openWorld({}, Date.parse('2026-01-15T08:00:00Z'))
  const { stores, database, sealer, presence } = world.parts
  const permit = await world.send({ Action: 'CreateActivation', RegionId: REGION }, 'JSON')
  existing.set('ActivationId', (JSON.parse(permit.text) as { ActivationId: string }).ActivationId)
  await stores.write((w) =>
    w.instances.add({
      scope: { accountId: '1000000000000001', regionId: REGION },
      instanceId: 'mi-here',
      osType: 'Linux',
      agentVersion: '2.2.3.578',
      instanceName: 'here',
      hostname: 'here',
      osVersion: 'Linux',
      machineId: 'machine',
      publicKey: '',
      activationId: existing.get('ActivationId') ?? '',
      intranetIp: '10.0.0.1',
      internetIp: '',
      resourceGroupId: '',
      registeredAt: world.now(),
      // So that what tells of its tags names it.
      tags: [{ key: 'of', value: 'mi-here' }],
    }),
  )
  presence.admit('mi-here', world.now(), 'seed')
  const made = await world.send(
    { Action: 'CreateCommand', RegionId: REGION, Name: 'kept', Type: 'RunShellScript', CommandContent: 'ZWNobw==' },
    'JSON',
  )
  existing.set('CommandId', (JSON.parse(made.text) as { CommandId: string }).CommandId)
  const kept = existing.get('CommandId') ?? ''
  const run = { Action: 'InvokeCommand', RegionId: REGION, CommandId: kept, 'InstanceId.1': 'mi-here' }
  const ran = await world.send(run, 'JSON')
  existing.set('InvokeId', (JSON.parse(ran.text) as { InvokeId: string }).InvokeId)
  const paced = await world.send({ ...run, MaxConcurrency: '1' }, 'JSON')
  existing.set('InvokeId of a rollout', (JSON.parse(paced.text) as { InvokeId: string }).InvokeId)
  const file = { Name: 'a.txt', TargetDir: '/srv', Content: 'text', 'InstanceId.1': 'mi-here' }
  const sent = await world.send({ Action: 'SendFile', RegionId: REGION, ...file }, 'JSON')
  existing.set('InvokeId of a file', (JSON.parse(sent.text) as { InvokeId: string }).InvokeId)
  await world.send({ Action: 'CreateSecretParameter', RegionId: REGION, Name: 'secret-here', Value: 'v' }, 'JSON')
  existing.set('Name', 'secret-here')
  await setAccessKey(database, sealer, { ...RETIRED, accountId: '1000000000000001' }, world.now())
  await database.write((w) => w.run(`update access_key set status = 'Inactive' where id = $1`, [RETIRED.accessKeyId]))
})

afterAll(() => world[Symbol.asyncDispose]())

const codeOf = (text: string): string => (JSON.parse(text) as { Code?: string }).Code ?? ''
const withoutRequestId = (text: string): unknown => {
  const { RequestId: _, Recommend: __, ...rest } = JSON.parse(text) as Record<string, unknown>
  return rest
}

/** A refusal names what was sent; nothing else of it may differ. */
const asIfHere = (text: string): unknown => withoutRequestId(text.replaceAll('mi-nothing', 'mi-here'))

describe.each(operations.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  it('without a key is refused', async () => {
    const answer = await world.send(requestOf(operation), 'JSON', null)
    expect([answer.status, codeOf(answer.text)]).toEqual([400, 'MissingAccessKeyId'])
  })

  it('with an unknown key is refused', async () => {
    const answer = await world.send(requestOf(operation), 'JSON', { accessKeyId: 'LTAI5tNobody', secret: 'x' })
    expect([answer.status, codeOf(answer.text)]).toEqual([404, 'InvalidAccessKeyId.NotFound'])
  })

  it('with a wrong secret is refused', async () => {
    const answer = await world.send(requestOf(operation), 'JSON', { ...KEY, secret: 'wrong' })
    expect([answer.status, codeOf(answer.text)]).toEqual([400, 'SignatureDoesNotMatch'])
  })

  it('with a key that is switched off is refused', async () => {
    const answer = await world.send(requestOf(operation), 'JSON', RETIRED)
    expect([answer.status, codeOf(answer.text)]).toEqual([400, 'InvalidAccessKeyId.Inactive'])
  })

  it('in a region that nobody knows is refused, in one of the vendor that is not served, too', async () => {
    const unknown = await world.send({ ...requestOf(operation), RegionId: 'nowhere-1' }, 'JSON')
    const unserved = await world.send({ ...requestOf(operation), RegionId: 'cn-beijing' }, 'JSON')
    if (operation.regionless === true) {
      expect([unknown.status, unserved.status]).toEqual([200, 200])
      return
    }
    expect([unknown.status, codeOf(unknown.text)]).toEqual([404, 'InvalidRegionId.NotFound'])
    expect([unserved.status, codeOf(unserved.text)]).toEqual([400, 'RegionId.ApiNotSupported'])
  })

  it('tells a stranger what it tells of what is not there', async () => {
    const named = requestOf(operation)
    const names = ['CommandId', 'InvokeId', ...(operation.product === 'Oos' ? ['Name'] : [])].filter(
      (name) => name in named,
    )
    const nothing: Record<string, string> = {
      ...named,
      ...Object.fromEntries(names.map((name) => [name, name === 'Name' ? `no-${operation.name}` : 'c-nothing'])),
    }
    for (const name of ['InstanceId.1', 'ResourceId.1']) if (name in named) nothing[name] = 'mi-nothing'
    const there = await world.send(named, 'JSON', STRANGER_KEY)
    const notThere = await world.send(nothing, 'JSON', STRANGER_KEY)
    expect(there.status).toBe(notThere.status)
    // A refusal may repeat the ids that were sent, and nothing more than one of what is not there.
    if (there.status !== 200) {
      expect(withoutRequestId(there.text)).toEqual(asIfHere(notThere.text))
      return
    }
    // What it made itself it may see; nothing of the other account's.
    // A name is the caller's own choice, and strangers choose the same; ids are the server's.
    const ids = [...existing].flatMap(([name, value]) => (name === 'Name' ? [] : [value]))
    for (const id of operation.access === 'read' ? ['mi-here', ...ids] : []) expect(there.text).not.toContain(id)
  })

  it('answers a stranger who names something of another account as if it were not there', async () => {
    const filters = filtersOf(operation)
    for (const [parameter, there] of filters) {
      const of = (value: string): Parameters => ({ ...requestOf(operation), [parameter]: value })
      const missing = there.startsWith('[') ? '["mi-nothing"]' : 'mi-nothing'
      const answer = await world.send(of(there), 'JSON', STRANGER_KEY)
      const nothing = await world.send(of(missing), 'JSON', STRANGER_KEY)
      expect([parameter, answer.status]).toEqual([parameter, nothing.status])
      expect(withoutRequestId(answer.text)).toEqual(asIfHere(nothing.text))
      // It is there: its owner sees it.
      expect((await world.send(of(there), 'JSON')).text).toContain(there.replace(/[[\]"]/g, ''))
    }
  })
})
