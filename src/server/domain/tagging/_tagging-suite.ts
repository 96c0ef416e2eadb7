import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, SCRIPT, type World } from '../_support.js'
import type { TagFilter } from '../tags.js'
import type { ResourceTagFilter } from './tagging.js'

const STRANGER = { ...SCOPE, accountId: '2000000000000002' }
const PAGE = { style: 'number', number: 1, size: 100 } as const

const numbered = (count: number): { key: string; value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: `${index}` }))

/** Tags on what is there (api.md §2.3, §13), held by the whole server on one database. */
export const taggingSuite = (openWorld: () => Promise<World>): void => {
  const tagsOf = async (world: World, kind: 'instance' | 'command' | 'invocation' | 'activation', id: string) => {
    const found = await world.parts.domain.tagging.list(SCOPE, kind, { resourceIds: [id] }, undefined)
    return Object.fromEntries(found.items.map(({ key, value }) => [key, value]))
  }
  const listed = async (world: World, filter: ResourceTagFilter, kind: 'instance' | 'invocation' = 'instance') => {
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const found = await world.parts.domain.tagging.list(SCOPE, kind, filter, cursor)
      ids.push(...found.items.map(({ resourceId, key }) => `${resourceId} ${key}`))
      cursor = found.nextCursor
    } while (cursor !== undefined)
    return ids
  }
  const command = async (world: World): Promise<string> =>
    (await world.parts.domain.commands.create(SCOPE, SCRIPT, undefined)).commandId

  describe('tags of what is there', () => {
    it('count at once wherever tags choose', async () => {
      await using world = await openWorld()
      const { domain } = world.parts
      const host = await world.host()
      const kept = await command(world)
      const invoked = await world.run([host])
      const tags = [{ key: 'role', value: 'web' }]
      await domain.tagging.tag(SCOPE, 'instance', [host], tags)
      await domain.tagging.tag(SCOPE, 'command', [kept], tags)
      await domain.tagging.tag(SCOPE, 'invocation', [invoked], tags)
      const filter: { tags: TagFilter[] } = { tags: [{ key: 'role', value: 'web' }] }
      const byTag = await world.run([], { request: { targets: { by: 'tag', tags: filter.tags } } })
      expect((await world.task(byTag, host)).status).toBe('Pending')
      expect((await domain.commands.list(SCOPE, filter, PAGE)).items.map((one) => one.commandId)).toEqual([kept])
      const invocations = await domain.invocations.list(SCOPE, filter, PAGE)
      expect(invocations.items.map((one) => [one.invokeId, one.tags])).toEqual([[invoked, tags]])
      const hosts = await domain.instances.managed(SCOPE, filter, PAGE)
      expect(hosts.items.map((one) => [one.instanceId, one.tags])).toEqual([[host, tags]])
      await domain.tagging.untag(SCOPE, 'instance', [host], ['role'])
      await expect(world.run([], { request: { targets: { by: 'tag', tags: filter.tags } } })).rejects.toMatchObject({
        kind: 'resource-tag/no-instance',
      })
    })

    it('are those of files and activations too', async () => {
      await using world = await openWorld()
      const { domain } = world.parts
      const host = await world.host()
      const { invokeId } = await domain.files.send(
        SCOPE,
        CALLER,
        {
          name: 'a',
          description: '',
          targetDir: '/srv',
          content: Buffer.from('a'),
          contentType: 'PlainText',
          owner: 'root',
          group: 'root',
          mode: '0644',
          overwrite: false,
        },
        { instanceIds: [host], timeoutSeconds: 60, resourceGroupId: '', tags: [{ key: 'a', value: '' }] },
        undefined,
      )
      const [permit] = (await domain.activations.list(SCOPE, {}, PAGE)).items
      const permitId = permit?.activationId ?? ''
      await domain.tagging.tag(SCOPE, 'invocation', [invokeId], [{ key: 'b', value: '2' }])
      await domain.tagging.tag(SCOPE, 'activation', [permitId], [{ key: 'c', value: '3' }])
      expect(await tagsOf(world, 'invocation', invokeId)).toEqual({ a: '', b: '2' })
      expect(await tagsOf(world, 'activation', permitId)).toEqual({ c: '3' })
      expect(await listed(world, { tags: [{ key: 'b' }] }, 'invocation')).toEqual([`${invokeId} a`, `${invokeId} b`])
    })

    it('get the new value where the key is there, and keep the others', async () => {
      await using world = await openWorld()
      const host = await world.host({
        tags: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
      })
      await world.parts.domain.tagging.tag(
        SCOPE,
        'instance',
        [host],
        [
          { key: 'a', value: '3' },
          { key: 'c', value: '' },
        ],
      )
      expect(await tagsOf(world, 'instance', host)).toEqual({ a: '3', b: '2', c: '' })
      await world.parts.domain.tagging.untag(SCOPE, 'instance', [host], ['a', 'none'])
      expect(await tagsOf(world, 'instance', host)).toEqual({ b: '2', c: '' })
      await world.parts.domain.tagging.untag(SCOPE, 'instance', [host], undefined)
      expect(await tagsOf(world, 'instance', host)).toEqual({})
    })

    it('go on all resources or on none', async () => {
      await using world = await openWorld()
      const { tagging } = world.parts.domain
      const host = await world.host()
      const full = await world.host({ tags: numbered(20) })
      const added = [{ key: 'a', value: '1' }]
      const missing = { kind: 'resource/not-found' }
      await expect(tagging.tag(SCOPE, 'instance', [host, 'mi-none'], added)).rejects.toMatchObject({
        ...missing,
        detail: 'There is no instance mi-none.',
      })
      await expect(tagging.tag(STRANGER, 'instance', [host], added)).rejects.toMatchObject(missing)
      await expect(tagging.tag(SCOPE, 'command', [host], added)).rejects.toMatchObject(missing)
      await expect(tagging.tag(SCOPE, undefined, [host], added)).rejects.toMatchObject(missing)
      await expect(tagging.untag(SCOPE, 'instance', [host, 'mi-none'], ['a'])).rejects.toMatchObject({
        ...missing,
        detail: 'There is no instance mi-none.',
      })
      await expect(tagging.untag(STRANGER, 'instance', [full], undefined)).rejects.toMatchObject(missing)
      await expect(tagging.list(STRANGER, 'instance', { resourceIds: [full] }, undefined)).rejects.toMatchObject({
        ...missing,
        detail: `There is no instance ${full}.`,
      })
      await expect(tagging.tag(SCOPE, 'instance', [host, full], added)).rejects.toMatchObject({ kind: 'tag/too-many' })
      expect(await tagsOf(world, 'instance', host)).toEqual({})
      // What is there already is none more.
      await tagging.tag(SCOPE, 'instance', [host, full], [{ key: 'k19', value: 'new' }])
      expect(Object.keys(await tagsOf(world, 'instance', full))).toHaveLength(20)
    })

    it('differ by more than the case of their keys', async () => {
      await using world = await openWorld()
      const { tagging } = world.parts.domain
      const host = await world.host({ tags: [{ key: 'Owner', value: '1' }] })
      const differs = { kind: 'tag/key-differs-in-case' }
      await expect(tagging.tag(SCOPE, 'instance', [host], [{ key: 'owner', value: '' }])).rejects.toMatchObject(differs)
      const two = [
        { key: 'x', value: '' },
        { key: 'X', value: '' },
      ]
      await expect(tagging.tag(SCOPE, 'instance', [host], two)).rejects.toMatchObject(differs)
      await tagging.tag(SCOPE, 'instance', [host], [{ key: 'Owner', value: '2' }])
      expect(await tagsOf(world, 'instance', host)).toEqual({ Owner: '2' })
    })

    it('are told in pages, each once', async () => {
      await using world = await openWorld()
      const hosts: string[] = []
      for (let index = 0; index < 7; index += 1) hosts.push(await world.host({ tags: numbered(20) }))
      for (let index = 0; index < 60; index += 1) hosts.push(await world.host({ tags: [{ key: 'k0', value: '0' }] }))
      const all = (await Promise.all(hosts.map((host) => tagsOf(world, 'instance', host)))).flatMap((tags, index) =>
        Object.keys(tags).map((key) => `${hosts[index]} ${key}`),
      )
      expect(all).toHaveLength(200)
      for (const filter of [
        { tags: [{ key: 'k0' }] },
        { tags: [{ key: 'k0', value: '0' }] },
        { patterns: [{ key: 'k*' }] },
        { patterns: [{ key: 'k0', values: ['0', 'x*'] }] },
      ])
        expect((await listed(world, filter)).sort()).toEqual(all.toSorted())
      const some = hosts.slice(3, 9)
      const ofSome = all.filter((one) => some.some((host) => one.startsWith(host))).sort()
      expect((await listed(world, { resourceIds: some })).sort()).toEqual(ofSome)
      expect((await listed(world, { resourceIds: some, tags: [{ key: 'k0' }] })).sort()).toEqual(ofSome)
      expect(await listed(world, { resourceIds: some, tags: [{ key: 'k9', value: '8' }] })).toEqual([])
    })

    it('are found by patterns as the client says', async () => {
      await using world = await openWorld()
      const host = async (...pairs: string[]): Promise<string> =>
        world.host({ tags: pairs.map((pair) => ({ key: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' })) })
      const one = await host('environment=product', 'a%b=[x]')
      const two = await host('env=proc')
      const three = await host('env=test', 'team=a')
      const found = async (...patterns: { key: string; values?: string[] }[]): Promise<string[]> => [
        ...new Set((await listed(world, { patterns })).map((row) => row.split(' ')[0] ?? '')),
      ]
      expect(await found({ key: 'env*' })).toEqual([one, two, three])
      expect(await found({ key: 'env' })).toEqual([two, three])
      expect(await found({ key: '*viron*' })).toEqual([one])
      expect(await found({ key: 'env', values: ['*oc', 'te*'] })).toEqual([two, three])
      expect(await found({ key: 'env', values: ['*es*'] })).toEqual([three])
      expect(await found({ key: 'env*' }, { key: 'te*' })).toEqual([three])
      expect(await found({ key: 'a%*' })).toEqual([one])
      expect(await found({ key: 'e_v*' })).toEqual([])
      expect(await found({ key: 'a%b', values: ['[x*'] })).toEqual([one])
    })

    it('of an invocation that is being written or on its way out are nobody’s', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { request: { tags: [{ key: 'a', value: '1' }] } })
      expect(await listed(world, { tags: [{ key: 'a' }] }, 'invocation')).toEqual([`${invokeId} a`])
      for (const committed of [0, 2]) {
        await world.parts.database.write((w) => w.run('update invocation set committed = $1', [committed]))
        expect(await listed(world, { tags: [{ key: 'a' }] }, 'invocation')).toEqual([])
        await expect(tagsOf(world, 'invocation', invokeId)).rejects.toMatchObject({ kind: 'resource/not-found' })
        await expect(
          world.parts.domain.tagging.tag(SCOPE, 'invocation', [invokeId], [{ key: 'b', value: '' }]),
        ).rejects.toMatchObject({ kind: 'resource/not-found' })
      }
    })

    it('are counted by pairs', async () => {
      await using world = await openWorld()
      const { tagging } = world.parts.domain
      const one = await world.host({
        tags: [
          { key: 'role', value: 'web' },
          { key: 'zone', value: 'a' },
        ],
      })
      await world.host({ tags: [{ key: 'role', value: 'web' }] })
      await world.host({
        tags: [
          { key: 'role', value: 'db' },
          { key: 'empty', value: '' },
        ],
      })
      const kept = await command(world)
      await tagging.tag(
        SCOPE,
        'command',
        [kept],
        [
          { key: 'role', value: 'web' },
          { key: 'what', value: 'x' },
        ],
      )
      const pairs = async (filter: Parameters<typeof tagging.pairs>[1], number = 1, size = 100) => {
        const page = await tagging.pairs(SCOPE, filter, { style: 'number', number, size })
        return [page.totalCount, ...page.items.map(({ key, value, instances }) => `${key}=${value} ${instances}`)]
      }
      expect(await pairs({})).toEqual([5, 'empty= 1', 'role=db 1', 'role=web 2', 'what=x 0', 'zone=a 1'])
      expect(await pairs({}, 2, 2)).toEqual([5, 'role=web 2', 'what=x 0'])
      expect(await pairs({}, 4, 2)).toEqual([5])
      expect(await pairs({ kinds: ['command'] })).toEqual([2, 'role=web 2', 'what=x 0'])
      expect(await pairs({ kinds: [] })).toEqual([0])
      expect(await pairs({ resourceId: one })).toEqual([2, 'role=web 2', 'zone=a 1'])
      expect(await pairs({ resourceId: one, tags: [{ key: 'zone' }] })).toEqual([1, 'zone=a 1'])
      expect(await pairs({ resourceId: one, kinds: ['command'] })).toEqual([0])
      expect(await pairs({ tags: [{ key: 'zone' }, { key: 'role', value: 'db' }] })).toEqual([
        2,
        'role=db 1',
        'zone=a 1',
      ])
      expect((await tagging.pairs(STRANGER, {}, PAGE)).totalCount).toBe(0)
    })

    it('are all counted, however many looks it takes', async () => {
      await using world = await openWorld()
      const many = Array.from({ length: 10_403 }, (_, index) => ({
        key: 'k',
        value: `😀 ${String(index).padStart(5, '0')}`,
      }))
      await world.parts.database.write(async (w) => {
        for (const [index, { key, value }] of many.entries())
          await w.run(
            `insert into tag (account_id, region_id, resource_type, resource_id, tag_key, tag_value) values ($1, $2, $3, $4, $5, $6)`,
            [SCOPE.accountId, SCOPE.regionId, index % 2 === 0 ? 'command' : 'instance', `x-${index}`, key, value],
          )
      })
      const page = await world.parts.domain.tagging.pairs(SCOPE, {}, { style: 'number', number: 1_041, size: 10 })
      expect(page.totalCount).toBe(10_403)
      expect(page.items.map(({ value }) => value)).toEqual(many.slice(10_400).map(({ value }) => value))
    })

    it('name the resource groups of resources', async () => {
      await using world = await openWorld()
      const { tagging } = world.parts.domain
      const kept: string[] = []
      for (const resourceGroupId of ['', 'rg-1', 'rg-2', 'rg-1'])
        kept.push(
          (await world.parts.domain.commands.create(SCOPE, { ...SCRIPT, resourceGroupId }, undefined)).commandId,
        )
      const groups = async (filter: { resourceIds?: string[]; resourceGroupId?: string }) =>
        (await tagging.listGroups(SCOPE, 'command', filter, undefined)).items.map(({ resourceId }) => resourceId)
      expect(await groups({})).toEqual(kept.slice(1))
      expect(await groups({ resourceGroupId: 'rg-1' })).toEqual([kept[1], kept[3]])
      expect(await groups({ resourceGroupId: 'rg-1', resourceIds: kept.slice(0, 2) })).toEqual([kept[1]])
      expect((await tagging.listGroups(SCOPE, 'instance', {}, undefined)).items).toEqual([])
      expect((await tagging.listGroups(SCOPE, 'invocation', {}, undefined)).items).toEqual([])
    })

    it('go with what carries them, whoever comes first', async () => {
      await using world = await openWorld()
      const { domain, registry } = world.parts
      const added = [{ key: 'late', value: '1' }]
      for (let round = 0; round < 10; round += 1) {
        const host = await world.host()
        const kept = await command(world)
        await Promise.allSettled([
          domain.tagging.tag(SCOPE, 'instance', [host], added),
          registry.deregister(host),
          domain.tagging.tag(SCOPE, 'command', [kept], added),
          domain.commands.delete(SCOPE, kept),
        ])
      }
      const left = await world.parts.database.reader.all('select * from tag')
      expect(left).toEqual([])
    })

    it('stay within their number when many are added at once', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          world.parts.domain.tagging.tag(
            SCOPE,
            'instance',
            [host],
            numbered(5).map(({ key, value }) => ({ key: `${key}-${index}`, value })),
          ),
        ),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
      expect(Object.keys(await tagsOf(world, 'instance', host))).toHaveLength(20)
    })

    it('are told in the audit log, one entry for each resource', async () => {
      await using world = await openWorld()
      const one = await world.host()
      const two = await world.host()
      await world.parts.domain.tagging.tag(
        { ...SCOPE, actor: 'key' },
        'instance',
        [one, two],
        [{ key: 'a', value: 'secret' }],
      )
      await world.parts.domain.tagging.untag({ ...SCOPE, actor: 'key' }, 'instance', [one], undefined)
      const rows = await world.parts.database.reader.all(
        `select action, subject, actor, detail from audit where action like '%agResources' order by seq`,
      )
      expect(rows.map((row) => [row['action'], row['subject'], row['actor']])).toEqual([
        ['TagResources', one, 'key'],
        ['TagResources', two, 'key'],
        ['UntagResources', one, 'key'],
      ])
      expect(JSON.stringify(rows)).not.toContain('secret')
    })
  })
}
