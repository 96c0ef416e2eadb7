import { describe, expect, it, vi } from 'vitest'
import { SCOPE, type World } from '../_support.js'
import type { RunRequest } from '../invocations/invocations.js'
import { MemoryStore } from './_memory-store.js'
import { DeliveryFailure, type OutputStores } from './output-stores.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Outputs that are delivered to a store (api.md §5.5). The world begins at 12:00 UTC. */
export const outputsSuite = (openWorld: (stores: OutputStores) => Promise<World>): void => {
  const run = (world: World, hosts: readonly string[], request: Partial<RunRequest> = {}) =>
    world.run(hosts, { request: { outputDelivery: 'oss://logs/a/b', ...request } })

  const deliver = async ({ parts }: World): Promise<void> => {
    await parts.sweeps.deliverOutputs()
    await parts.outputs.settle()
  }

  const deliveryOf = async (world: World, invokeId: string, host: string) =>
    (await world.task(invokeId, host)).delivery ?? 'none'

  const finished = (uri: string) => ({ status: 'Finished', uri, errorCode: '', errorInfo: '' })

  describe('the output of a task', () => {
    it('is delivered when the task is over, and not before', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'running', output: 'one ' })
      await deliver(world)
      expect(await deliveryOf(world, invokeId, host)).toBe('none')
      await world.report(host, invokeId, { kind: 'finish', exitCode: 3, output: 'two' })
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'InProgress', uri: '' })
      await deliver(world)
      expect([...store.objects]).toEqual([[`a/b/${invokeId}/${host}/output.txt`, 'one two']])
      expect(await deliveryOf(world, invokeId, host)).toEqual(finished(`oss://logs/a/b/${invokeId}/${host}/output.txt`))
      const { items } = await world.parts.domain.invocations.list(
        SCOPE,
        { invokeId },
        { style: 'number', number: 1, size: 10 },
      )
      expect(items).toMatchObject([{ outputDelivery: 'oss://logs/a/b', tasks: [{ delivery: { status: 'Finished' } }] }])
      await deliver(world)
      expect(store.puts).toHaveLength(1)
    })

    it('is delivered when it is empty, and where nothing ran there is none', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const [quiet, away] = [await world.host(), await world.host()]
      world.pass(5 * MINUTE)
      await world.beat(quiet)
      const invokeId = await run(world, [quiet, away], { outputDelivery: 'oss://logs/' })
      await world.handOut(quiet)
      await world.report(quiet, invokeId, { kind: 'finish' })
      await deliver(world)
      expect([...store.objects]).toEqual([[`${invokeId}/${quiet}/output.txt`, '']])
      expect(await world.task(invokeId, away)).toMatchObject({ status: 'Aborted', delivery: undefined })
    })

    it('is not delivered when nobody asked for it', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'finish', output: 'x' })
      await deliver(world)
      expect([store.puts, await deliveryOf(world, invokeId, host)]).toEqual([[], 'none'])
    })

    it('is delivered as far as it came when its host is lost, and again when the real end comes', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'running', output: 'half' })
      const startedAt = world.now()
      await world.beat(host, { pid: 200 })
      await deliver(world)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', delivery: { status: 'Finished' } })
      expect([...store.objects.values()]).toEqual(['half'])
      await world.report(host, invokeId, { kind: 'finish', output: ' and half', startedAt })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', delivery: { status: 'InProgress' } })
      await deliver(world)
      expect([...store.objects.values()]).toEqual(['half and half'])
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Finished' })
    })

    it('that grows while it is put is put again', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'running', output: 'half' })
      const startedAt = world.now()
      await world.beat(host, { pid: 200 })
      store.before = async () => {
        store.before = () => Promise.resolve()
        await world.report(host, invokeId, { kind: 'finish', output: ' and half', startedAt })
      }
      await deliver(world)
      expect(store.puts).toHaveLength(2)
      expect([...store.objects.values()]).toEqual(['half and half'])
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Finished' })
    })

    it('goes to many places at once, and never to more than eight', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeIds: string[] = []
      for (let index = 0; index < 100; index += 1) {
        const invokeId = await run(world, [host])
        await world.handOut(host)
        await world.report(host, invokeId, { kind: 'finish', output: String(index) })
        invokeIds.push(invokeId)
      }
      let open = (): void => undefined
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      store.before = () => gate
      const delivering = deliver(world)
      await vi.waitUntil(() => store.underWay === 8)
      open()
      await delivering
      expect([...store.objects.values()].map(Number).toSorted((a, b) => a - b)).toEqual(
        invokeIds.map((_, index) => index),
      )
      expect([store.puts.length, store.mostUnderWay]).toEqual([100, 8])
    })
  })

  describe('runs of a schedule', () => {
    it('are delivered one by one, each under its own name', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      for (const output of ['one', 'two']) {
        world.pass(5 * MINUTE)
        await world.report(host, invokeId, { kind: 'running' })
        const startedAt = world.now()
        world.pass(SECOND)
        await world.report(host, invokeId, { kind: 'finish', output, startedAt })
        if (output === 'one') await deliver(world)
      }
      const nameOf = (time: string): string => `a/b/${invokeId}/${host}/output-20260115T${time}.000Z.txt`
      const history = await world.parts.domain.invocations.results(
        SCOPE,
        { invokeId, includeHistory: true },
        { style: 'number', number: 1, size: 10 },
      )
      expect(history.items.map(({ delivery }) => delivery)).toMatchObject([
        { status: 'InProgress', uri: '' },
        { status: 'Finished', uri: `oss://logs/${nameOf('120500')}` },
      ])
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'InProgress' })
      await deliver(world)
      expect([...store.objects]).toEqual([
        [nameOf('120500'), 'one'],
        [nameOf('121001'), 'two'],
      ])
      expect(await deliveryOf(world, invokeId, host)).toEqual(finished(`oss://logs/${nameOf('121001')}`))
    })
  })

  describe('a store that fails', () => {
    const open = async (store: MemoryStore) => {
      const world = await openWorld(store)
      const host = await world.host()
      const end = async (): Promise<string> => {
        const invokeId = await run(world, [host])
        await world.handOut(host)
        await world.report(host, invokeId, { kind: 'finish', output: 'x' })
        return invokeId
      }
      return { world, host, end }
    }

    it('is asked again, later each time, and says meanwhile what is wrong', async () => {
      const store = new MemoryStore()
      store.failure = new DeliveryFailure('SlowDown', 'the store answered 503', true)
      const { world, host, end } = await open(store)
      await using _ = world
      const invokeId = await end()
      await deliver(world)
      await deliver(world)
      expect(store.puts).toHaveLength(1)
      expect(await deliveryOf(world, invokeId, host)).toEqual({
        status: 'InProgress',
        uri: '',
        errorCode: 'SlowDown',
        errorInfo: 'the store answered 503',
      })
      const waits: number[] = []
      for (let tries = 2; tries < 6; tries += 1) {
        const before = world.now()
        while (store.puts.length < tries) {
          world.pass(500)
          await deliver(world)
        }
        waits.push(world.now() - before)
      }
      expect(waits.every((wait, index) => wait >= 1_000 * 2 ** index && wait <= 12_000 * 2 ** index)).toBe(true)
      store.failure = undefined
      world.pass(HOUR)
      await deliver(world)
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({
        status: 'Finished',
        errorCode: '',
        errorInfo: '',
      })
    })

    it('is left alone by the others for a moment', async () => {
      const store = new MemoryStore()
      store.failure = new DeliveryFailure('ConnectionFailed', 'the store cannot be reached', true)
      const { world, end } = await open(store)
      await using _ = world
      for (let index = 0; index < 40; index += 1) await end()
      await deliver(world)
      expect(store.puts).toHaveLength(8)
      store.failure = undefined
      world.pass(15 * SECOND)
      await deliver(world)
      expect(store.objects.size).toBe(40)
    })

    it('for good ends the delivery with its word for it', async () => {
      const store = new MemoryStore()
      store.failure = new DeliveryFailure('AccessDenied', 'the store answered 403', false)
      const { world, host, end } = await open(store)
      await using _ = world
      const invokeId = await end()
      await deliver(world)
      world.pass(HOUR)
      await deliver(world)
      expect(store.puts).toHaveLength(1)
      expect(await deliveryOf(world, invokeId, host)).toEqual({
        status: 'Failed',
        uri: '',
        errorCode: 'AccessDenied',
        errorInfo: 'the store answered 403',
      })
    })

    it('for a day is not asked any more', async () => {
      const store = new MemoryStore()
      store.failure = new DeliveryFailure('SlowDown', 'the store answered 503', true)
      const { world, host, end } = await open(store)
      await using _ = world
      const invokeId = await end()
      for (let hour = 0; hour < 25; hour += 1) {
        await deliver(world)
        world.pass(HOUR)
      }
      await deliver(world)
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Failed', errorCode: 'SlowDown' })
    })
  })

  describe('a server that dies', () => {
    it('before it delivered does it after its start', async () => {
      const store = new MemoryStore()
      const first = await openWorld(store)
      const host = await first.host()
      const invokeId = await run(first, [host])
      await first.handOut(host)
      await first.report(host, invokeId, { kind: 'finish', output: 'kept' })
      await using world = await first.restart(MINUTE)
      await deliver(world)
      expect([...store.objects.values()]).toEqual(['kept'])
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Finished' })
    })

    it('after it put something and before it wrote that down puts the same there again', async () => {
      const store = new MemoryStore()
      const first = await openWorld(store)
      const host = await first.host()
      const invokeId = await run(first, [host])
      await first.handOut(host)
      await first.report(host, invokeId, { kind: 'finish', output: 'kept' })
      const queued = await first.parts.stores.read.deliveries.due(first.now(), 10)
      await deliver(first)
      // As if the last commit had not been.
      await first.parts.database.write((w) =>
        w.run(`update output_delivery set status = 'InProgress', uri = '', due_at = $1`, [first.now()]),
      )
      await using world = await first.restart(MINUTE)
      expect(await world.parts.stores.read.deliveries.due(world.now(), 10)).toEqual(queued)
      await deliver(world)
      expect(new Set(store.puts).size).toBe(1)
      expect([store.puts.length, store.objects.size]).toEqual([2, 1])
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Finished' })
    })
  })

  describe('where to', () => {
    it.each([
      ['oss://elsewhere/a', 'output-delivery/no-store'],
      ['oss://logs/../a', 'output-delivery/malformed'],
      ['oss://logs//a', 'output-delivery/malformed'],
    ])('%s is refused', async (outputDelivery, kind) => {
      await using world = await openWorld(new MemoryStore())
      const host = await world.host()
      await expect(run(world, [host], { outputDelivery })).rejects.toMatchObject({ kind })
    })

    it('that the configuration does not know any more ends the delivery', async () => {
      const store = new MemoryStore()
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'finish', output: 'x' })
      store.buckets = []
      await deliver(world)
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'Failed', errorCode: 'NoSuchBucket' })
    })
  })

  describe('retention', () => {
    it('waits for a delivery, and then takes it with its invocation', async () => {
      const store = new MemoryStore()
      store.failure = new DeliveryFailure('SlowDown', 'the store answered 503', true)
      await using world = await openWorld(store)
      const host = await world.host()
      const invokeId = await run(world, [host])
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'finish', output: 'x' })
      const { sweeps, database } = world.parts
      world.pass(31 * 24 * HOUR)
      await sweeps.retain()
      expect(await deliveryOf(world, invokeId, host)).toMatchObject({ status: 'InProgress' })
      store.failure = undefined
      await deliver(world)
      await sweeps.retain()
      await expect(world.task(invokeId, host)).rejects.toThrow()
      expect(await database.reader.get('select count(*) as amount from output_delivery')).toEqual({ amount: 0 })
    })

    it('takes old runs of a schedule with their deliveries', async () => {
      await using world = await openWorld(new MemoryStore())
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      for (const days of [0, 31]) {
        world.pass(5 * MINUTE + days * 24 * HOUR)
        await world.report(host, invokeId, { kind: 'finish', output: 'x' })
      }
      await deliver(world)
      await world.parts.sweeps.retain()
      for (const table of ['task_run', 'output_delivery'])
        expect(await world.parts.database.reader.get(`select count(*) as amount from ${table}`)).toEqual({ amount: 1 })
    })
  })
}
