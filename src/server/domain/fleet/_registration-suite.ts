import { describe, expect, it } from 'vitest'
import { SCOPE, type World } from '../_support.js'
import type { Activation, NewActivation } from './activations.js'
import type { Registration, RegistrationOutcome } from './agents.js'

/** Who may become an instance (design §4, D11): held by the whole server on one database. */
export const registrationSuite = (openWorld: () => Promise<World>): void => {
  describe('a registration', () => {
    it('makes an instance in the account and region of its activation, whatever region the agent names', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { resourceGroupId: 'rg-1' })
      const outcome = await register(world, permit, { tags: [{ key: 'env', value: 'prod' }] })
      expect(outcome).toMatchObject({ registered: true, regionId: SCOPE.regionId })
      const page = await world.parts.domain.instances.managed(SCOPE, {}, { style: 'number', number: 1, size: 10 })
      expect(page.items).toMatchObject([
        {
          instanceId: idOf(outcome),
          activationId: permit.activationId,
          resourceGroupId: 'rg-1',
          online: false,
          tags: [{ key: 'env', value: 'prod' }],
        },
      ])
      expect(await activation(world, permit)).toMatchObject({ registeredCount: 1, deregisteredCount: 0 })
    })

    it('is refused for a wrong id and for a wrong code with the same words', async () => {
      await using world = await openWorld()
      const permit = await activate(world)
      expect(await refusal(world, { ...permit, activationId: 'a' })).toBe('activation-unknown')
      expect(await refusal(world, { ...permit, activationCode: 'a-hz0wrong' })).toBe('activation-unknown')
      expect(await refusal(world, { ...permit, activationCode: '' })).toBe('activation-unknown')
      expect(await activation(world, permit)).toMatchObject({ registeredCount: 0 })
    })

    it('is refused from the moment on at which its activation expires', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { timeToLiveHours: 1, instanceCount: 2 })
      world.pass(3_599_999)
      expect(await refusal(world, permit)).toBeUndefined()
      world.pass(1)
      expect(await refusal(world, permit)).toBe('activation-expired')
    })

    it('is refused when its activation is disabled', async () => {
      await using world = await openWorld()
      const permit = await activate(world)
      await world.parts.database.write((w) => w.run('update activation set disabled = 1'))
      expect(await refusal(world, permit)).toBe('activation-disabled')
    })

    it('is refused beyond the count, however many come at once', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { instanceCount: 5 })
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(world, permit)))
      expect(outcomes.filter((one) => one === undefined)).toHaveLength(5)
      expect(outcomes.filter((one) => one === 'activation-used-up')).toHaveLength(15)
      expect(await activation(world, permit)).toMatchObject({ registeredCount: 5 })
    })

    it('is not possible again in place of a host that deregistered', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { instanceCount: 1 })
      const outcome = await register(world, permit)
      await world.beat(idOf(outcome))
      await world.parts.registry.deregister(idOf(outcome))
      expect(await activation(world, permit)).toMatchObject({ registeredCount: 0, deregisteredCount: 1 })
      expect(await refusal(world, permit)).toBe('activation-used-up')
    })

    it('is taken from the addresses of its activation only, and from none that is not known', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { ipAddressRange: '192.0.2.0/24', instanceCount: 10 })
      const from = (sourceAddress: string | undefined) => refusal(world, permit, { sourceAddress })
      expect(await from('192.0.2.200')).toBeUndefined()
      expect(await from('::ffff:192.0.2.7')).toBeUndefined()
      expect(await from('192.0.3.1')).toBe('address-not-allowed')
      expect(await from('2001:db8::1')).toBe('address-not-allowed')
      expect(await from(undefined)).toBe('address-unknown')
    })

    it('is refused for a while from an address with twenty wrong codes, and from no other', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { instanceCount: 10 })
      const wrong = { ...permit, activationCode: 'a-hz0wrong' }
      const guessing = { sourceAddress: '192.0.2.66' }
      for (let guess = 0; guess < 20; guess += 1)
        expect(await refusal(world, wrong, guessing)).toBe('activation-unknown')
      expect(await refusal(world, permit, guessing)).toBe('too-many-failures')
      expect(await refusal(world, permit, { sourceAddress: '192.0.2.67' })).toBeUndefined()
      world.pass(600_001)
      expect(await refusal(world, permit, guessing)).toBeUndefined()
    })

    it('leaves an audit entry', async () => {
      await using world = await openWorld()
      const permit = await activate(world)
      const outcome = await register(world, permit)
      const rows = await world.parts.database.reader.all(`select * from audit where action = 'agent/register'`)
      expect(rows).toMatchObject([{ actor: idOf(outcome), subject: permit.activationId }])
    })

    it('gives a host without a name the one of its activation with a number, else its own', async () => {
      await using world = await openWorld()
      const named = await activate(world, { instanceName: 'web', instanceCount: 100 })
      const plain = await activate(world)
      await register(world, named, { instanceName: '' })
      await register(world, named, { instanceName: '' })
      await register(world, named, { instanceName: 'mine' })
      await register(world, plain, { instanceName: '', hostname: 'vm-7' })
      const page = await world.parts.domain.instances.managed(SCOPE, {}, { style: 'number', number: 1, size: 10 })
      expect(page.items.map((item) => item.instanceName).sort()).toEqual(['mine', 'vm-7', 'web-001', 'web-002'])
    })
  })

  describe('an activation code', () => {
    it('has 128 random bits or more, and is stored hashed only', async () => {
      await using world = await openWorld()
      const permit = await activate(world)
      const random = permit.activationCode.slice('a-hz0'.length)
      expect(random).toMatch(/^[0-9a-hjkmnp-tv-z]+$/)
      expect(random.length * 5).toBeGreaterThanOrEqual(128)
      const rows = await world.parts.database.reader.all('select * from activation')
      expect(JSON.stringify(rows)).toContain(permit.activationId)
      const everything = await Promise.all(
        ['activation', 'audit', 'repeat'].map((table) => world.parts.database.reader.all(`select * from ${table}`)),
      )
      expect(JSON.stringify(everything)).not.toContain(random)
    })
  })

  describe('a host whose registration answer was lost', () => {
    it('and that never beat is removed after ten minutes, and does not count', async () => {
      await using world = await openWorld()
      const permit = await activate(world, { instanceCount: 2 })
      const lost = idOf(await register(world, permit))
      const beating = idOf(await register(world, permit))
      await world.beat(beating)
      world.pass(600_000)
      await world.parts.sweeps.removeUnproven()
      expect(await ids(world)).toEqual([lost, beating].sort())
      world.pass(1)
      await world.parts.sweeps.removeUnproven()
      expect(await ids(world)).toEqual([beating])
      expect(await world.parts.registry.findHostKey(lost)).toBeUndefined()
      expect(await activation(world, permit)).toMatchObject({ registeredCount: 1, deregisteredCount: 0 })
      expect(await refusal(world, permit)).toBeUndefined()
    })
  })

  describe('a host that deregisters', () => {
    it('is gone from every list, and its key with it', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.parts.registry.deregister(host)
      expect(await ids(world)).toEqual([])
      expect(await world.parts.registry.findHostKey(host)).toBeUndefined()
      expect(world.parts.presence.lastSeen(host)).toBeUndefined()
      // Once more, such as by an agent that did not hear the answer.
      await world.parts.registry.deregister(host)
      const rows = await world.parts.database.reader.all(`select * from audit where action = 'agent/deregister'`)
      expect(rows).toHaveLength(1)
    })
  })

  describe('a heartbeat', () => {
    it('tells the version that runs, and is answered with a time that agents accept, spread over all of it', async () => {
      await using world = await openWorld()
      const host = await world.host({ version: '2.2.3.400' })
      const versionNow = async () => {
        const page = await world.parts.domain.instances.agentStatus(
          SCOPE,
          { instanceIds: [host] },
          { style: 'number', number: 1, size: 1 },
        )
        return page.items[0]?.agentVersion
      }
      expect(await versionNow()).toBe('2.2.3.400')
      await world.beat(host, { version: '2.2.3.578' })
      expect(await versionNow()).toBe('2.2.3.578')
      const beat = {
        osType: 'Linux',
        agentVersion: '2.2.3.578',
        pid: 100,
        processUptimeMs: 1,
        uptimeMs: 1,
        agentTime: world.now(),
        coldStart: undefined,
        osVersion: undefined,
      } as const
      const next: number[] = []
      for (let count = 0; count < 300; count += 1)
        next.push((await world.parts.registry.heartbeat(host, beat)).nextIntervalMs)
      expect(Math.min(...next)).toBeGreaterThanOrEqual(55_000)
      expect(Math.max(...next)).toBeLessThanOrEqual(65_000)
      expect(new Set(next.map((ms) => Math.floor(ms / 1_000))).size).toBeGreaterThan(5)
    })
  })
}

type Permit = { readonly activationId: string; readonly activationCode: string }

const activate = (world: World, change: Partial<NewActivation> = {}): Promise<Permit> =>
  world.parts.domain.activations.create(
    SCOPE,
    {
      instanceName: '',
      description: '',
      instanceCount: 10,
      timeToLiveHours: 4,
      ipAddressRange: '',
      resourceGroupId: '',
      tags: [],
      ...change,
    },
    undefined,
  )

const register = (world: World, permit: Permit, change: Partial<Registration> = {}): Promise<RegistrationOutcome> =>
  world.parts.registry.register({
    ...permit,
    machineId: 'machine',
    instanceName: 'host',
    hostname: 'host',
    intranetIp: '10.0.0.1',
    osVersion: 'Linux',
    osType: 'Linux',
    agentVersion: '2.2.3.578',
    publicKeyPem: 'a key',
    tags: [],
    sourceAddress: '192.0.2.1',
    ...change,
  })

const refusal = async (world: World, permit: Permit, change: Partial<Registration> = {}) => {
  const outcome = await register(world, permit, change)
  return outcome.registered ? undefined : outcome.refusal
}

const idOf = (outcome: RegistrationOutcome): string => {
  if (!outcome.registered) throw new Error(outcome.refusal)
  return outcome.instanceId
}

const activation = async (world: World, { activationId }: Permit): Promise<Activation | undefined> => {
  const page = await world.parts.domain.activations.list(
    SCOPE,
    { activationId },
    { style: 'number', number: 1, size: 10 },
  )
  return page.items[0]
}

const ids = async (world: World): Promise<string[]> => {
  const page = await world.parts.domain.instances.agentStatus(SCOPE, {}, { style: 'number', number: 1, size: 10 })
  return page.items.map((item) => item.instanceId).sort()
}
