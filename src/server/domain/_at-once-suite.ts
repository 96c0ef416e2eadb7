import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, type World } from './_support.js'
import type { NewCommand } from './commands/commands.js'
import { Fault } from './faults.js'
import type { RunRequest } from './invocations/invocations.js'

export const LIMITS = { commandQuota: 5, invocationsPerDay: 12, activationQuota: 8, instancesPerInvocation: 4 }

const COMMAND: NewCommand = {
  name: 'one',
  description: '',
  type: 'RunShellScript',
  content: Buffer.from('echo'),
  enableParameter: false,
  workingDir: '',
  timeoutSeconds: 30,
  launcher: '',
  resourceGroupId: '',
  tags: [],
}

/** Calls that come at once: a limit holds, and what is deleted is not used (design D3: the same on both databases). */
export const atOnceSuite = (openWorld: () => Promise<World>): void => {
  const create = async (world: World) => (await world.parts.domain.commands.create(SCOPE, COMMAND, undefined)).commandId
  const request = (instanceIds: readonly string[], more: Partial<RunRequest> = {}): RunRequest => ({
    targets: { by: 'id', instanceIds },
    username: '',
    resourceGroupId: '',
    tags: [],
    ...more,
  })
  /** What became of each: `done`, or the kind of its fault. */
  const outcomes = (calls: readonly Promise<unknown>[]): Promise<readonly string[]> =>
    Promise.all(
      calls.map((call) =>
        call.then(
          () => 'done',
          (cause: unknown) => {
            if (cause instanceof Fault) return cause.kind
            throw cause
          },
        ),
      ),
    )
  const times = <T>(amount: number, of: () => T): readonly T[] => Array.from({ length: amount }, of)
  const told = (all: readonly string[], kind: string): number => all.filter((one) => one === kind).length

  describe('calls at once', () => {
    it('keep as many commands as there may be, whichever call keeps them', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const all = await outcomes([
        ...times(8, () => create(world)),
        ...times(3, () => world.run([host], { keep: true })),
      ])
      expect(told(all, 'done')).toBe(5)
      expect(told(all, 'command/quota-exceeded')).toBe(6)
    })

    it('begin as many invocations as a day may have', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const all = await outcomes(times(20, () => world.run([host])))
      expect(told(all, 'done')).toBe(12)
      expect(told(all, 'invocation/quota-exceeded')).toBe(8)
    })

    it('make as many activations as there may be', async () => {
      await using world = await openWorld()
      const activation = {
        description: '',
        instanceName: '',
        instanceCount: 1,
        timeToLiveHours: 4,
        ipAddressRange: '',
        resourceGroupId: '',
        tags: [],
      }
      const all = await outcomes(times(12, () => world.parts.domain.activations.create(SCOPE, activation, undefined)))
      expect(told(all, 'done')).toBe(8)
      expect(told(all, 'activation/quota-exceeded')).toBe(4)
    })

    it('delete a command once, and none that something uses', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { commands, invocations } = world.parts.domain
      for (let round = 0; round < 4; round += 1) {
        const commandId = await create(world)
        const schedule = request([host], { frequency: 'rate(7d)' })
        const invoke = () => invocations.invoke(SCOPE, CALLER, commandId, schedule, undefined)
        const [first, one, second, two] = await outcomes([
          invoke(),
          commands.delete(SCOPE, commandId),
          invoke(),
          commands.delete(SCOPE, commandId),
        ])
        const deleted = told([one ?? '', two ?? ''], 'done')
        const used = told([first ?? '', second ?? ''], 'done')
        expect([deleted, used > 0]).toEqual(deleted === 0 ? [0, true] : [1, false])
        const [kept] = (await commands.list(SCOPE, { commandId }, { style: 'number', number: 1, size: 1 })).items
        expect(kept === undefined).toBe(deleted === 1)
        if (kept === undefined) continue
        const running = await invocations.list(SCOPE, { commandId }, { style: 'number', number: 1, size: 9 })
        for (const { invokeId } of running.items) await invocations.stop(SCOPE, CALLER, invokeId, undefined)
        await commands.delete(SCOPE, commandId)
      }
    })

    it('add no more hosts to an invocation than it may have', async () => {
      await using world = await openWorld()
      const hosts: string[] = []
      for (let count = 0; count < 8; count += 1) hosts.push(await world.host())
      const [first = '', second = '', ...others] = hosts
      const invokeId = await world.run([first, second], { request: { frequency: 'rate(7d)' } })
      const all = await outcomes(
        others.map((host) =>
          world.parts.domain.invocations.modify(SCOPE, invokeId, { instanceIds: [host] }, undefined),
        ),
      )
      expect(told(all, 'done')).toBe(2)
      expect(told(all, 'invocation/too-many-instances')).toBe(4)
      const page = { style: 'number', number: 1, size: 10 } as const
      expect((await world.parts.domain.invocations.results(SCOPE, { invokeId }, page)).items).toHaveLength(4)
    })
  })
}
