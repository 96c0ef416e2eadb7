import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, type World } from '../_support.js'
import { newInstance } from '../invocations/_run-options-support.js'
import type { OsType } from './instances.js'

interface Outcome {
  readonly status: string
  readonly errorCode: string
}

type Use = (world: World, host: string, osType: OsType) => Promise<Outcome>

const script = (osType: OsType) => ({
  type: osType === 'Windows' ? ('RunPowerShellScript' as const) : ('RunShellScript' as const),
})

const fillingIn =
  (name: string): Use =>
  async (world, host, osType) => {
    const content = Buffer.from(`echo {{ACS::${name}}}`)
    return world.task(await world.run([host], { ...script(osType), content, enableParameter: true }), host)
  }

const fillingInOfSeveral =
  (name: string): Use =>
  async (world, host, osType) => {
    const content = Buffer.from(`echo {{ACS::${name}}}`)
    const hosts = [host, await newInstance(world, osType, `3.1 beside ${host}`)]
    return world.task(await world.run(hosts, { ...script(osType), content, enableParameter: true }), host)
  }

const repeating =
  (frequency: string): Use =>
  async (world, host, osType) =>
    world.task(await world.run([host], { ...script(osType), request: { frequency } }), host)

const FILE = {
  name: 'a',
  description: '',
  targetDir: '/tmp',
  contentType: 'PlainText',
  content: Buffer.from('a'),
  owner: 'root',
  group: 'root',
  mode: '0644',
  overwrite: false,
} as const

const sending: Use = async (world, host) => {
  const { files } = world.parts.domain
  const request = { instanceIds: [host], timeoutSeconds: 60, resourceGroupId: '', tags: [] }
  const { invokeId } = await files.send(SCOPE, CALLER, FILE, request, undefined)
  const page = await files.results(SCOPE, { invokeId }, { style: 'number', number: 1, size: 10 })
  return page.items[0]?.results[0] ?? { status: 'none', errorCode: '' }
}

/** What api.md §12 says, row by row: the last version that is too old, and the first that is not. */
const ROWS: readonly (readonly [feature: string, use: Use, linux: readonly string[], windows: readonly string[]])[] = [
  ['a file', sending, ['1.0.2.569', '1.0.2.570'], ['1.0.0.149', '1.0.0.150']],
  ['rate()', repeating('rate(5m)'), ['2.2.3.281', '2.2.3.282'], ['2.1.3.281', '2.1.3.282']],
  ['at()', repeating('at(2026-06-01 00:00:00)'), ['2.2.3.281', '2.2.3.282'], ['2.1.3.281', '2.1.3.282']],
  ['a year', repeating('0 0 12 * * ? 2027'), ['2.2.3.281', '2.2.3.282'], ['2.1.3.281', '2.1.3.282']],
  ['a zone', repeating('0 0 12 * * ? Asia/Shanghai'), ['2.2.3.281', '2.2.3.282'], ['2.1.3.281', '2.1.3.282']],
  [
    'InstanceId of several instances',
    fillingInOfSeveral('InstanceId'),
    ['2.2.3.308', '2.2.3.309'],
    ['2.1.3.308', '2.1.3.309'],
  ],
  ['InvokeId', fillingIn('InvokeId'), ['2.2.3.308', '2.2.3.309'], ['2.1.3.308', '2.1.3.309']],
  ['CommandId', fillingIn('CommandId'), ['2.2.3.308', '2.2.3.309'], ['2.1.3.308', '2.1.3.309']],
  [
    'InstanceName of several instances',
    fillingInOfSeveral('InstanceName'),
    ['2.2.3.343', '2.2.3.344'],
    ['2.1.3.343', '2.1.3.344'],
  ],
]

/** Rows of Linux alone. */
const LINUX: typeof ROWS = [
  [
    'a container',
    async (world, host) => world.task(await world.run([host], { request: { containerName: 'web' } }), host),
    ['2.2.3.343', '2.2.3.344'],
    [],
  ],
]

/** Without a gate: any version takes these. */
const FREE: readonly (readonly [feature: string, use: Use])[] = [
  ['a plain schedule', repeating('0 0 12 * * ?')],
  ['RegionId', fillingIn('RegionId')],
  ['AccountId', fillingIn('AccountId')],
  ['InstanceId of one instance', fillingIn('InstanceId')],
  ['InstanceName of one instance', fillingIn('InstanceName')],
]

/** The gates of api.md §12 that a task may meet, held by the whole server on one database. */
export const versionGatesSuite = (openWorld: () => Promise<World>): void => {
  const NEED_UPGRADE = { status: 'Aborted', errorCode: 'ClientNeedUpgrade' }

  describe.each([...ROWS, ...LINUX])('%s', (_feature, use, linux, windows) => {
    const systems: readonly (readonly [OsType, readonly string[]])[] =
      windows.length === 0
        ? [['Linux', linux]]
        : [
            ['Linux', linux],
            ['FreeBSD', linux],
            ['Windows', windows],
          ]
    it.each(systems)('on %s needs an agent of the documented version', async (osType, [last = '', first = '']) => {
      await using world = await openWorld()
      for (const version of [last, 'unknown', '']) {
        const host = await newInstance(world, osType, version)
        expect(await use(world, host, osType)).toMatchObject(NEED_UPGRADE)
      }
      for (const version of [first, '3.0']) {
        const host = await newInstance(world, osType, version)
        expect(await use(world, host, osType)).toMatchObject({ status: 'Pending', errorCode: '' })
      }
    })
  })

  it.each(['Linux', 'Windows'] as const)(
    'what an old agent on %s does not know is filled in for it',
    async (osType) => {
      await using world = await openWorld()
      const host = await newInstance(world, osType, '1.0')
      const content = Buffer.from('echo {{ACS::InstanceId}} {{ACS::RegionId}}')
      await world.run([host], { ...script(osType), content, enableParameter: true })
      const { run } = await world.handOut(host, { supports: undefined })
      expect(run).toMatchObject([{ enableParameter: false }])
      expect(Buffer.from(run[0]?.content ?? '').toString()).toContain(`echo ${host} ${SCOPE.regionId}`)
    },
  )

  it('one instance that gets its turn needs no version either', async () => {
    await using world = await openWorld()
    const host = await newInstance(world, 'Linux', '1.0')
    const content = Buffer.from('echo {{ACS::InstanceId}}')
    const request = { rollout: { offlineTimeoutSeconds: 60 } }
    const invokeId = await world.run([host], { content, enableParameter: true, request })
    await world.parts.rollouts.settled()
    expect(await world.task(invokeId, host)).toMatchObject({ status: 'Pending', errorCode: '' })
    expect((await world.handOut(host)).run).toHaveLength(1)
  })

  describe.each(FREE)('%s', (_feature, use) => {
    it.each(['Linux', 'Windows'] as const)('on %s needs no version', async (osType) => {
      await using world = await openWorld()
      const host = await newInstance(world, osType, '1.0')
      expect(await use(world, host, osType)).toMatchObject({ status: 'Pending', errorCode: '' })
    })
  })
}
