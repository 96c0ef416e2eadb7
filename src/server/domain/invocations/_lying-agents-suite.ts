import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inconsistencies } from '../../../../test/load/inconsistencies.js'
import { CALLER, SCOPE, type World } from '../_support.js'

/**
 * What agents may say, in any order and all at once, while the server's own numbers stay facts (design §4, §5).
 * @param lives random lives of three hosts that are tried
 */
export const lyingAgentsSuite = (openWorld: () => Promise<World>, lives: number): void => {
  describe('an agent that lies', () => {
    it('about dropped bytes spoils no result: the sum stays a number that both databases give back', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running', output: 'a'.repeat(200) })
      await world.report(host, invokeId, { kind: 'finish', dropped: Number.MAX_SAFE_INTEGER })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', dropped: Number.MAX_SAFE_INTEGER })
    })

    it('about its clock is the only one who suffers: everyone is there after a restart', async () => {
      await using world = await openWorld()
      const honest = await world.host()
      const liar = await world.host()
      world.parts.presence.forget(liar)
      expect(world.parts.presence.admit(liar, 8_640_000_000_000_000, 'far')).toBe('fresh')
      await using after = await world.restart(1_000)
      expect((await after.status(honest)).online).toBe(true)
      expect((await after.status(liar)).online).toBe(true)
    })

    it('about times has them told as they are, and breaks no list', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { timeoutSeconds: 86_400 })
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'timeout', startedAt: 8_640_000_000_000_000 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Timeout', startedAt: 8_640_000_000_000_000 })
    })

    it('in any order and at once changes no counter from what it counts', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(deed, { minLength: 1, maxLength: 6 }), { maxLength: 25 }),
          async (rounds) => {
            await using world = await openWorld()
            const stage: Stage = { world, hosts: [await world.host(), await world.host(), await world.host()], ids: [] }
            for (const deeds of rounds) await Promise.all(deeds.map((one) => perform(stage, one)))
            expect(await inconsistencies(world.parts.database.reader)).toEqual([])
          },
        ),
        { numRuns: lives },
      )
    })
  })
}

const KINDS = [
  'running',
  'finish',
  'timeout',
  'stopped',
  'unknown',
  'error',
  'exists',
  'invalid',
  'completed',
  'verified',
] as const

const HOW = [
  {},
  { frequency: 'rate(5m)' },
  { frequency: '0 0 * * * ?' },
  { frequency: 'at(2026-01-15 12:00:30)' },
  { repeatMode: 'NextRebootOnly' },
  { repeatMode: 'EveryReboot' },
  { repeatMode: 'DryRun' },
] as const

const place = fc.nat({ max: 2 })

/** Something that a host, a caller or time does. */
const deed = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('run' as const),
      on: fc.subarray([0, 1, 2], { minLength: 1 }),
      how: fc.constantFrom(...HOW),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('fetch' as const),
      host: place,
      reason: fc.constantFrom('startup' as const, 'kickoff' as const),
      coldStart: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('report' as const),
      host: place,
      task: fc.nat({ max: 7 }),
      kind: fc.constantFrom(...KINDS),
      output: fc.string({ maxLength: 80 }),
      exitCode: fc.nat({ max: 1 }),
      age: fc.constantFrom(0, 0, 1_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('stop' as const), task: fc.nat({ max: 7 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('restart' as const),
      host: place,
      pid: fc.constantFrom(100, 200),
      coldStart: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('expire' as const), after: fc.constantFrom(1_000, 61_000) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('deregister' as const), host: place }) },
)

type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

interface Stage {
  readonly world: World
  readonly hosts: string[]
  readonly ids: string[]
}

const perform = async ({ world, hosts, ids }: Stage, one: Deed): Promise<void> => {
  const host = 'host' in one ? (hosts[one.host] ?? '') : ''
  switch (one.does) {
    case 'run':
      await world
        .run(
          one.on.map((index) => hosts[index] ?? ''),
          { name: '', request: one.how },
        )
        .then(
          (id) => ids.push(id),
          // One of them has deregistered in the same moment.
          (error: unknown) =>
            expect(error).toMatchObject({
              kind: expect.stringMatching(/^(instance\/not-found|frequency\/not-possible)$/),
            }),
        )
      break
    case 'fetch':
      await world.handOut(host, { reason: one.reason, coldStart: one.coldStart })
      break
    case 'report': {
      const id = ids[one.task % Math.max(1, ids.length)] ?? 't-nothing'
      const { kind, output, exitCode } = one
      // Of this run, or of one before it.
      const startedAt = { startedAt: world.now() - one.age }
      if (kind === 'exists') await world.report(host, id, { kind: 'error', errCode: '-9' })
      else if (kind === 'error') await world.report(host, id, { kind, errCode: '13', errDesc: output })
      else if (kind === 'invalid') await world.report(host, id, { kind, param: output, value: output })
      else if (kind === 'unknown') await world.report(host, id, { kind: 'stopped', startedAt: 0, output })
      else if (kind === 'completed') await world.report(host, id, { kind: 'stopped', result: kind, output })
      else if (kind === 'verified') await world.report(host, id, { kind })
      else if (kind === 'finish') await world.report(host, id, { kind, output, exitCode, ...startedAt })
      else await world.report(host, id, { kind, output, ...startedAt })
      break
    }
    case 'stop': {
      const id = ids[one.task % Math.max(1, ids.length)]
      if (id !== undefined) await world.parts.domain.invocations.stop(SCOPE, CALLER, id, undefined)
      break
    }
    case 'restart':
      await world.beat(host, { pid: one.pid, coldStart: one.coldStart })
      break
    case 'expire':
      world.pass(one.after)
      await world.parts.sweeps.expireNow()
      break
    case 'deregister':
      await world.parts.registry.deregister(host)
      hosts[one.host] = await world.host()
  }
}
