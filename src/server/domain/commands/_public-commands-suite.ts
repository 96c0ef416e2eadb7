import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, type World } from '../_support.js'
import type { RunRequest } from '../invocations/invocations.js'

const PAGE = { style: 'number', number: 1, size: 10 } as const
const NAME = 'OpenAssist-DiskUsage-Linux'
const ID = 'c-openassist-diskusage-linux-v1'
const LATEST = 'c-openassist-diskusage-linux-v2'

/** Public commands (api.md §4.2, §5.1), held by the whole server on one database. */
export const publicCommandsSuite = (openWorld: () => Promise<World>): void => {
  const invoke = (world: World, commandId: string, instanceIds: readonly string[], how: Partial<RunRequest> = {}) => {
    const request = { targets: { by: 'id', instanceIds }, username: '', resourceGroupId: '', tags: [], ...how } as const
    return world.parts.domain.invocations.invoke(SCOPE, CALLER, commandId, request, undefined)
  }

  describe('a public command', () => {
    it('is run by its name or its id, with its values filled in, and counted', async () => {
      await using world = await openWorld()
      const { commands, invocations } = world.parts.domain
      const host = await world.host()
      const parameters = new Map([['PATH', '/srv']])
      const byName = await invoke(world, NAME, [host], { parameters })
      await invoke(world, ID, [host])
      const [first, second] = (await world.handOut(host)).run
      const text = Buffer.from(first?.content ?? []).toString()
      expect(text).toContain("path='/srv'\n")
      expect(text).toContain("limit=''\n")
      expect(text).toContain('in bytes and in inodes')
      const earlier = Buffer.from(second?.content ?? []).toString()
      expect(earlier).toContain("path='/'\n")
      expect(earlier).not.toContain('in bytes and in inodes')
      const [told] = (await invocations.list(SCOPE, { invokeId: byName.invokeId }, PAGE)).items
      expect(told).toMatchObject({
        commandId: LATEST,
        commandName: NAME,
        parameters: '{"path":"/srv"}',
        timeoutSeconds: 300,
      })
      const listed = await commands.list(SCOPE, { provider: 'OpenAssist', name: NAME }, PAGE)
      expect(listed.items.map(({ commandId, invokeTimes }) => [commandId, invokeTimes])).toEqual([
        [LATEST, 1],
        [ID, 1],
      ])
      const latest = await commands.list(SCOPE, { provider: 'OpenAssist', name: NAME, latest: true }, PAGE)
      expect(latest.items.map(({ commandId, publication }) => [commandId, publication?.version])).toEqual([[LATEST, 2]])
      expect((await commands.list({ ...SCOPE, accountId: '2' }, { commandId: ID }, PAGE)).items[0]?.invokeTimes).toBe(0)
      expect((await commands.list(SCOPE, {}, PAGE)).totalCount).toBe(0)
    })

    it('is not run with a value that it does not let through', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const wrong = invoke(world, NAME, [host], { parameters: new Map([['path', "/'; reboot '"]]) })
      await expect(wrong).rejects.toMatchObject({ kind: 'parameters/malformed' })
      const missing = invoke(world, 'OpenAssist-RestartService-Linux', [host])
      await expect(missing).rejects.toMatchObject({ kind: 'parameters/missing-value' })
      const windows = invoke(world, 'OpenAssist-DiskUsage-Windows', [host])
      await expect(windows).rejects.toMatchObject({ kind: 'instance/does-not-match-command' })
    })

    it('is nobody’s to change, delete or tag, and does not count as a kept one', async () => {
      await using world = await openWorld()
      const { commands, tagging } = world.parts.domain
      const isPublic = { kind: 'command/public' }
      await expect(commands.modify(SCOPE, ID, { name: 'mine' })).rejects.toMatchObject(isPublic)
      await expect(commands.delete(SCOPE, ID)).rejects.toMatchObject(isPublic)
      const notTaggable = { kind: 'resource/not-taggable' }
      await expect(tagging.tag(SCOPE, 'command', [ID], [{ key: 'a', value: '' }])).rejects.toMatchObject(notTaggable)
      await expect(tagging.untag(SCOPE, 'command', [ID], undefined)).rejects.toMatchObject(notTaggable)
      await expect(tagging.list(SCOPE, 'command', { resourceIds: [ID] }, undefined)).rejects.toMatchObject(notTaggable)
    })

    it('that repeats gets other values and another schedule, but no other script', async () => {
      await using world = await openWorld()
      const { invocations } = world.parts.domain
      const host = await world.host()
      const { invokeId } = await invoke(world, NAME, [host], { frequency: 'rate(1h)' })
      const modify = (change: object) => invocations.modify(SCOPE, invokeId, change, undefined)
      await expect(modify({ content: Buffer.from('mine') })).rejects.toMatchObject({ kind: 'command/public' })
      expect(await modify({ enableParameter: false })).toEqual({ commandId: LATEST })
      const bad = new Map([['path', '/$x']])
      await expect(modify({ parameters: bad })).rejects.toMatchObject({ kind: 'parameters/malformed' })
      const parameters = new Map([['failAbove', '90']])
      expect(await modify({ parameters, frequency: 'rate(2h)' })).toEqual({ commandId: LATEST })
      const [task] = (await world.handOut(host)).run
      expect(Buffer.from(task?.content ?? []).toString()).toContain("path='/'\nlimit='90'\n")
    })
  })
}
