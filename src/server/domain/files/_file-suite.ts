import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, type World } from '../_support.js'
import { newInstance } from '../invocations/_run-options-support.js'
import type { AgentFeature } from '../invocations/agent-tasks.js'
import type { FileReport } from './agent-files.js'
import type { FileResult, FileSend, NewFile, SendRequest } from './files.js'

const FILE: NewFile = {
  name: 'a.txt',
  description: '',
  targetDir: '/tmp',
  content: Buffer.from('text'),
  contentType: 'PlainText',
  owner: 'root',
  group: 'root',
  mode: '0644',
  overwrite: false,
}

const send = async (
  world: World,
  instanceIds: readonly string[],
  options: { file?: Partial<NewFile>; request?: Partial<SendRequest>; token?: string } = {},
): Promise<string> => {
  const request = { instanceIds, timeoutSeconds: 60, resourceGroupId: '', tags: [], ...options.request }
  const repeat =
    options.token === undefined
      ? undefined
      : { action: 'SendFile', clientToken: options.token, fingerprint: options.token }
  const { files } = world.parts.domain
  return (await files.send(SCOPE, CALLER, { ...FILE, ...options.file }, request, repeat)).invokeId
}

const fetch = async (world: World, host: string): Promise<string[]> =>
  (await world.parts.files.fetch(host)).map((file) => file.taskId)

const finish = (world: World, host: string, taskId: string, code = 0): Promise<void> =>
  world.parts.files.report(host, { kind: 'finish', taskId, code })

const refuse = (world: World, host: string, taskId: string, param: string): Promise<void> => {
  const report: FileReport = { kind: 'invalid', taskId, param, value: FILE.name }
  return world.parts.files.report(host, report)
}

const told = async (world: World, invokeId: string): Promise<FileSend> => {
  const page = { style: 'number', number: 1, size: 10 } as const
  const [found] = (await world.parts.domain.files.results(SCOPE, { invokeId }, page)).items
  if (found === undefined) throw new Error(`no send ${invokeId}`)
  return found
}

const result = async (world: World, invokeId: string, host: string): Promise<FileResult> => {
  const found = (await told(world, invokeId)).results.find((one) => one.instanceId === host)
  if (found === undefined) throw new Error(`${invokeId} was not sent to ${host}`)
  return found
}

/** What an agent of ours says that it can do. */
const OURS: ReadonlySet<AgentFeature> = new Set(['launcher'])

/** api.md §9 and, for files, design §5: held by the whole server on one database. */
export const fileSuite = (openWorld: () => Promise<World>): void => {
  describe('sending', () => {
    it.each(['4755', '02755', '1777'])('mode %s is refused where the agent would drop a part of it', async (mode) => {
      await using world = await openWorld()
      const [vendors, ours] = [await world.host(), await world.host()]
      const invokeId = await send(world, [vendors, ours], { file: { mode } })
      expect(await world.parts.files.fetch(vendors)).toEqual([])
      expect(await world.parts.files.fetch(ours, false, OURS)).toMatchObject([{ mode }])
      expect(await result(world, invokeId, vendors)).toMatchObject({
        status: 'Invalid',
        errorCode: 'FileAuthorityInvalid',
        errorInfo: 'the authority of file is invalid: the agent of the host sets no setuid, setgid or sticky bit',
      })
      expect(await world.parts.files.hasWork(vendors)).toBe(false)
    })

    it('for a directory of another system fails on the vendor’s agent, too, which would take it for one below its own', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host], { file: { targetDir: 'C:\\temp' } })
      expect(await world.parts.files.fetch(host)).toEqual([])
      expect(await result(world, invokeId, host)).toMatchObject({
        status: 'Failed',
        errorCode: 'FilePathInvalid',
        errorInfo: 'File path is invalid: a directory of the host is named from its root, /',
      })
      const windows = await newInstance(world, 'Windows', '2.1.3.578')
      await send(world, [windows], { file: { targetDir: 'C:\\temp' } })
      expect(await world.parts.files.fetch(windows)).toHaveLength(1)
    })

    it('of root is given to it by the vendor’s agent, too, whoever had it before', async () => {
      await using world = await openWorld()
      const host = await world.host()
      for (const name of ['root', '']) {
        const invokeId = await send(world, [host], { file: { owner: name, group: name } })
        expect(await world.parts.files.fetch(host)).toMatchObject([{ owner: '', group: 'root' }])
        await finish(world, host, invokeId)
      }
    })

    it.each([
      ['Windows', '4755', 1],
      ['FreeBSD', '0644', 1],
      ['FreeBSD', '4755', 0],
    ] as const)('on %s with mode %s is what was asked for, or is refused', async (osType, mode, amount) => {
      await using world = await openWorld()
      const host = await newInstance(world, osType, '2.2.3.578')
      await send(world, [host], { file: { mode, owner: 'root', group: 'root' } })
      const files = await world.parts.files.fetch(host)
      expect(files).toMatchObject(Array(amount).fill({ owner: 'root', group: 'root' }))
    })

    it('a file waits for the fetch of its host, runs from then on, and ends with its report', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host], { file: { mode: '0600', overwrite: true } })
      expect(invokeId).toMatch(/^f-/)
      expect(await world.parts.files.hasWork(host)).toBe(true)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Pending', startedAt: undefined })
      world.pass(1_000)
      const taken = world.now()
      expect(await world.parts.files.fetch(host, false, OURS)).toMatchObject([
        { taskId: invokeId, name: 'a.txt', targetDir: '/tmp', mode: '0600', owner: 'root', overwrite: true },
      ])
      expect(await world.parts.files.hasWork(host)).toBe(false)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Running', startedAt: taken })
      world.pass(1_000)
      await finish(world, host, invokeId)
      const times = { startedAt: taken, finishedAt: world.now(), updatedAt: world.now() }
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Success', errorCode: '', ...times })
      expect(await fetch(world, host)).toEqual([])
    })

    it('is no invocation: nothing is counted at the host, and a fetch of scripts finds nothing', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await send(world, [host])
      await fetch(world, host)
      expect(await world.status(host)).toEqual({ online: true, active: 0, invocations: 0 })
      expect(await world.fetch(host)).toEqual({ run: [], stop: [] })
    })

    it('all or none: one unknown host, and nothing is sent', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await expect(send(world, [host, 'mi-unknown'])).rejects.toMatchObject({ kind: 'instance/not-found' })
      expect(await world.parts.files.hasWork(host)).toBe(false)
    })

    it('to more hosts than the limit allows is refused; a host named twice is one', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const many = Array.from({ length: 51 }, (_, index) => `mi-${index}`)
      await expect(send(world, many)).rejects.toMatchObject({ kind: 'instance/too-many' })
      expect(await told(world, await send(world, [host, host]))).toMatchObject({ instanceCount: 1 })
    })

    it('with a resource group: every host must be in it', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await expect(send(world, [host], { request: { resourceGroupId: 'rg-1' } })).rejects.toMatchObject({
        kind: 'operation/forbidden',
      })
    })

    it('the same token has one effect, also behind a restart', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const first = await send(world, [host], { token: 'once' })
      expect(await send(world, [host], { token: 'once' })).toBe(first)
      await using later = await world.restart()
      expect(await send(later, [host], { token: 'once' })).toBe(first)
      expect(await fetch(later, host)).toEqual([first])
    })

    it('hosts that cannot take it are told at once, and the others go on', async () => {
      await using world = await openWorld()
      const old = await world.host({ version: '1.0.2.569' })
      const gone = await world.host()
      world.pass(121_000)
      await world.beat(old, { version: '1.0.2.569' })
      const host = await world.host({ version: '1.0.2.570' })
      const invokeId = await send(world, [old, gone, host])
      expect(await result(world, invokeId, old)).toMatchObject({ status: 'Aborted', errorCode: 'ClientNeedUpgrade' })
      expect(await result(world, invokeId, gone)).toMatchObject({ status: 'Aborted', errorCode: 'ClientNotRunning' })
      expect((await told(world, invokeId)).status).toBe('Pending')
      await fetch(world, host)
      expect((await told(world, invokeId)).status).toBe('Running')
      await finish(world, host, invokeId)
      expect((await told(world, invokeId)).status).toBe('PartialFailed')
    })

    it('a host gets ten files at a time, and is woken for the others when one is over', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const ids: string[] = []
      for (let count = 0; count < 12; count += 1) ids.push(await send(world, [host]))
      expect(await fetch(world, host)).toEqual(ids.slice(0, 10))
      expect(await fetch(world, host)).toEqual([])
      await finish(world, host, ids[0] ?? '')
      expect(await fetch(world, host)).toEqual([ids[10]])
    })
  })

  describe('a result', () => {
    it.each([
      [0, 'Success', ''],
      [1, 'Failed', 'FileCreateFail'],
      [2, 'Failed', 'FileAuthorityInvalid'],
      [4, 'Failed', 'FilePathInvalid'],
    ])('of number %s is %s', async (code, status, errorCode) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      await fetch(world, host)
      await finish(world, host, invokeId, code)
      expect(await result(world, invokeId, host)).toMatchObject({ status, errorCode })
    })

    it('that comes twice, or another behind it, changes nothing', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      await fetch(world, host)
      await refuse(world, host, invokeId, 'FileExist')
      const first = await told(world, invokeId)
      expect(first.results).toMatchObject([{ status: 'Invalid', errorCode: 'FileAlreadyExists' }])
      world.pass(5_000)
      await refuse(world, host, invokeId, 'FileExist')
      await finish(world, host, invokeId)
      expect(await told(world, invokeId)).toEqual(first)
    })

    it('of a file that nobody sent, or of another host, is let go', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const stranger = await world.host()
      const invokeId = await send(world, [host])
      await finish(world, host, 'f-unknown')
      await finish(world, stranger, invokeId)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Pending' })
    })
  })

  describe('what is lost', () => {
    it('a file that nobody asks for within a minute: Aborted, DeliveryTimeout', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      world.pass(59_999)
      expect(await world.parts.sweeps.expireNow()).toBe(0)
      world.pass(1)
      expect(await world.parts.sweeps.expireNow()).toBe(1)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Aborted', errorCode: 'DeliveryTimeout' })
      expect(await fetch(world, host)).toEqual([])
    })

    it('… and ClientIsUpgrading when the host said that it installs an update', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      world.parts.tasks.rejected(host)
      world.pass(60_000)
      await world.parts.sweeps.expireNow()
      expect(await result(world, invokeId, host)).toMatchObject({ errorCode: 'ClientIsUpgrading' })
    })

    it('… and TaskConcurrencyLimit behind ten others that the host has in hand', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const taken = { request: { timeoutSeconds: 600 } }
      for (let count = 0; count < 10; count += 1) await send(world, [host], taken)
      await fetch(world, host)
      const invokeId = await send(world, [host])
      world.pass(60_000)
      expect(await world.parts.sweeps.expireNow()).toBe(1)
      expect(await result(world, invokeId, host)).toMatchObject({ errorCode: 'TaskConcurrencyLimit' })
    })

    it('a file without a report is a Timeout with an unknown outcome, and a late result replaces it', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host], { request: { timeoutSeconds: 10 } })
      await fetch(world, host)
      const taken = world.now()
      world.pass(12_000)
      await world.parts.sweeps.expireNow()
      expect(await result(world, invokeId, host)).toMatchObject({
        status: 'Timeout',
        errorCode: 'ExecutionTimeout',
        finishedAt: taken + 10_000,
      })
      expect((await told(world, invokeId)).status).toBe('Failed')
      await finish(world, host, invokeId)
      expect(await told(world, invokeId)).toMatchObject({ status: 'Success' })
    })

    it('a lost answer is handed out again to a fetch after 2 to 45 seconds, and never behind a report', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      expect(await fetch(world, host)).toEqual([invokeId])
      world.pass(1_999)
      expect(await fetch(world, host)).toEqual([])
      world.pass(1)
      expect(await fetch(world, host)).toEqual([invokeId])
      await finish(world, host, invokeId)
      world.pass(2_000)
      expect(await fetch(world, host)).toEqual([])
    })

    it('a file that is there at the second hand-out may be this one: nobody knows, until the first result comes', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await send(world, [host])
      await fetch(world, host)
      world.pass(3_000)
      await fetch(world, host)
      await refuse(world, host, invokeId, 'FileExist')
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'ExecutionInterrupted' })
      await finish(world, host, invokeId)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Success', errorCode: '' })
      await refuse(world, host, invokeId, 'FileExist')
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Success' })
    })

    it('the file of an earlier process: Error, unknown; one that waits goes to the new process', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const taken = await send(world, [host])
      await fetch(world, host)
      const waiting = await send(world, [host])
      world.pass(20_000)
      await world.beat(host, { pid: 200 })
      expect(await result(world, taken, host)).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
      expect(await fetch(world, host)).toEqual([waiting])
      world.pass(1_000)
      await world.beat(host, { pid: 300, coldStart: true, startedAt: world.now() })
      expect(await result(world, waiting, host)).toMatchObject({ status: 'Error', errorCode: 'InstanceRestarted' })
    })

    it('the file that a new process fetches before its first beat is its own', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await send(world, [host])
      world.pass(3_000)
      const startedAt = world.now()
      await world.parts.files.fetch(host, true)
      world.pass(500)
      await world.beat(host, { pid: 200, startedAt })
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Running' })
      await finish(world, host, invokeId)
      expect(await result(world, invokeId, host)).toMatchObject({ status: 'Success' })
    })

    it('a host that deregisters ends both what it took and what it did not', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const taken = await send(world, [host])
      await fetch(world, host)
      const waiting = await send(world, [host])
      await world.parts.registry.deregister(host)
      expect(await result(world, taken, host)).toMatchObject({ status: 'Error', errorCode: 'InstanceDeregistered' })
      expect(await result(world, waiting, host)).toMatchObject({ status: 'Aborted', errorCode: 'InstanceDeregistered' })
    })

    it('a restart of the server loses nothing, and its time away counts against nobody', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const taken = await send(world, [host])
      await fetch(world, host)
      const waiting = await send(world, [host])
      await using later = await world.restart(300_000)
      expect(await later.parts.sweeps.expireNow()).toBe(0)
      await finish(later, host, taken)
      expect(await fetch(later, host)).toEqual([waiting])
      expect(await result(later, taken, host)).toMatchObject({ status: 'Success' })
      later.pass(71_000)
      await later.parts.sweeps.expireNow()
      expect(await result(later, waiting, host)).toMatchObject({ status: 'Timeout' })
    })
  })

  describe('the list', () => {
    it('finds by every filter, newest first, in both styles of pages', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const other = await world.host()
      const first = await send(world, [host, other], { request: { tags: [{ key: 'team', value: 'a' }] } })
      world.pass(1)
      const second = await send(world, [host], { file: { name: 'b.txt', content: Buffer.from([0, 255]) } })
      await fetch(world, host)
      await finish(world, host, second)
      const number = { style: 'number', number: 1, size: 10 } as const
      const { files } = world.parts.domain
      const ids = async (filter: Parameters<typeof files.results>[1]): Promise<string[]> =>
        (await files.results(SCOPE, filter, number)).items.map((one) => one.invokeId)
      expect(await ids({})).toEqual([second, first])
      expect(await ids({ name: 'b.txt' })).toEqual([second])
      expect(await ids({ instanceId: other })).toEqual([first])
      expect(await ids({ status: 'Success' })).toEqual([second])
      expect(await ids({ status: 'Pending' })).toEqual([first])
      expect(await ids({ tags: [{ key: 'team' }] })).toEqual([first])
      expect(await ids({ resourceGroupId: 'rg-1' })).toEqual([])
      expect([...(await told(world, second)).content]).toEqual([0, 255])
      const ofOne = (await files.results(SCOPE, { instanceId: other }, number)).items
      expect(ofOne).toMatchObject([{ instanceCount: 2, results: [{ instanceId: other }] }])
      const page = await files.results(SCOPE, {}, { style: 'token', cursor: undefined, size: 1 })
      expect(page).toMatchObject({ totalCount: 2, items: [{ invokeId: second }] })
      const next = await files.results(SCOPE, {}, { style: 'token', cursor: page.nextCursor, size: 1 })
      expect(next).toMatchObject({ nextCursor: undefined, items: [{ invokeId: first }] })
    })

    it('holds nothing of another account', async () => {
      await using world = await openWorld()
      await send(world, [await world.host()])
      const number = { style: 'number', number: 1, size: 10 } as const
      const stranger = { ...SCOPE, accountId: '1000000000000009' }
      expect((await world.parts.domain.files.results(stranger, {}, number)).items).toEqual([])
    })
  })
}
