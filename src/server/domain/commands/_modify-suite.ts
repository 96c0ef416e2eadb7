import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, SCRIPT, type World } from '../_support.js'

const STRANGER = { accountId: '2000000000000002', regionId: SCOPE.regionId }
const PAGE = { style: 'number', number: 1, size: 10 } as const

/** ModifyCommand (api.md §4.3), held by the whole server on one database. */
export const modifySuite = (openWorld: () => Promise<World>): void => {
  const kept = async (world: World): Promise<string> => {
    const command = { ...SCRIPT, name: 'old', description: 'as it was', workingDir: '/old', timeoutSeconds: 60 }
    return (await world.parts.domain.commands.create(SCOPE, command, undefined)).commandId
  }
  const invoke = async (world: World, commandId: string, host: string): Promise<string> => {
    const request = { targets: { by: 'id', instanceIds: [host] }, username: '', resourceGroupId: '', tags: [] } as const
    return (await world.parts.domain.invocations.invoke(SCOPE, CALLER, commandId, request, undefined)).invokeId
  }

  describe('a change of a kept command', () => {
    it('keeps what is not named', async () => {
      await using world = await openWorld()
      const commandId = await kept(world)
      await world.parts.domain.commands.modify(SCOPE, commandId, { timeoutSeconds: 90 })
      const found = await world.parts.stores.read.commands.find(SCOPE, commandId)
      expect(found).toMatchObject({ name: 'old', description: 'as it was', workingDir: '/old', timeoutSeconds: 90 })
    })

    it('leaves what was begun before as it was begun, and is used by what begins later', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const commandId = await kept(world)
      const before = await invoke(world, commandId, host)
      await world.parts.domain.commands.modify(SCOPE, commandId, {
        name: 'new',
        workingDir: '/new',
        timeoutSeconds: 90,
      })
      const after = await invoke(world, commandId, host)
      const handed = (await world.parts.tasks.fetch(host, { reason: 'kickoff', coldStart: undefined })).run
      expect(handed.find((task) => task.taskId === before)).toMatchObject({ workingDir: '/old', timeoutSeconds: 60 })
      expect(handed.find((task) => task.taskId === after)).toMatchObject({ workingDir: '/new', timeoutSeconds: 90 })
      const { items } = await world.parts.domain.invocations.list(SCOPE, { invokeId: before }, PAGE)
      expect(items).toMatchObject([{ commandName: 'old', workingDir: '/old', timeoutSeconds: 60 }])
    })

    it('is for its own account only, and for what is still there', async () => {
      await using world = await openWorld()
      const commandId = await kept(world)
      const { commands } = world.parts.domain
      await expect(commands.modify(STRANGER, commandId, { name: 'new' })).rejects.toMatchObject({
        kind: 'command/not-found',
      })
      await commands.delete(SCOPE, commandId)
      await expect(commands.modify(SCOPE, commandId, { name: 'new' })).rejects.toMatchObject({
        kind: 'command/not-found',
      })
    })
  })
}
