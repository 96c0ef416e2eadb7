import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, type World } from '../_support.js'
import type { PageRequest } from '../paging.js'
import type { ResultFilter, RunRequest } from './invocations.js'

const MINUTE = 60_000

/** Schedules, starts of hosts, and dry runs (api.md §5.4, §6, §7.1, §8; design §5). The world begins at 12:00 UTC. */
export const repeatingSuite = (openWorld: () => Promise<World>): void => {
  const run = (world: World, hosts: readonly string[], request: Partial<RunRequest>, timeoutSeconds = 30) =>
    world.run(hosts, { request, timeoutSeconds })

  const kinds = async (world: World, host: string, fetch = {}): Promise<readonly string[]> =>
    (await world.handOut(host, fetch)).run.map(({ repeat }) => `${repeat.kind} ${repeat.cron}`.trim())

  const history = async (world: World, invokeId: string) =>
    (
      await world.parts.domain.invocations.results(
        SCOPE,
        { invokeId, includeHistory: true },
        { style: 'token', cursor: undefined, size: 50 },
      )
    ).items.map(({ status, exitCode, errorCode, output }) => ({
      status,
      exitCode,
      errorCode,
      output: outputOf({ output }),
    }))

  const invocation = async (world: World, invokeId: string) => {
    const { items } = await world.parts.domain.invocations.list(SCOPE, { invokeId }, PAGE)
    const [one] = items
    if (one === undefined) throw new Error(`no ${invokeId}`)
    return one
  }

  describe('a schedule', () => {
    it.each([
      ['0 */20 * * * *', 'Period 0 */20 * * * *'],
      ['0 0 12 ? * 5-7', 'Period 0 0 12 ? * 0,5,6'],
      ['rate(5m)', 'Rate rate(5m)'],
      ['at(2026-01-15 20:30:00 Asia/Shanghai)', 'At at(2026-01-15T12:30:00)'],
    ])('%s is handed out in the words of the agent, and waits there', async (frequency, told) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Pending', timed: true, repeats: 0 })
      expect(await kinds(world, host)).toEqual([told])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', legacyStatus: 'Running' })
      expect(await invocation(world, invokeId)).toMatchObject({
        status: 'Scheduled',
        legacyStatus: 'Running',
        repeatMode: 'Period',
        frequency,
        timed: true,
      })
      expect(await world.status(host)).toMatchObject({ active: 0, invocations: 1 })
    })

    it.each([
      [{ frequency: 'at(2026-01-15 12:00:00)' }, 'frequency/not-possible'],
      [{ frequency: '0 0 12 * * ? 2025' }, 'frequency/not-possible'],
      [{ frequency: '*/5 * * * * *' }, 'frequency/not-possible'],
      [{ frequency: 'rate(60s)', timeoutSeconds: 60 }, 'frequency/not-possible'],
      [{ repeatMode: 'Period' as const }, 'frequency/missing'],
    ])('that cannot be is refused: %o', async (request, kind) => {
      await using world = await openWorld()
      const host = await world.host()
      await expect(run(world, [host], request)).rejects.toMatchObject({ kind })
    })

    it('has each run in its history, and the latest one as its result', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running', repeats: 1 })
      expect(await world.status(host)).toMatchObject({ active: 1 })
      const first = world.now()
      world.pass(1_000)
      await world.report(host, invokeId, { kind: 'finish', output: 'one', startedAt: first })
      // Reports come twice.
      await world.report(host, invokeId, { kind: 'finish', output: 'one', startedAt: first })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 1, exitCode: 0 })
      expect(await world.status(host)).toMatchObject({ active: 0, invocations: 1 })
      world.pass(5 * MINUTE)
      const second = world.now()
      await world.report(host, invokeId, { kind: 'running', startedAt: second })
      await world.report(host, invokeId, { kind: 'running', startedAt: first })
      expect(await history(world, invokeId)).toEqual([
        { status: 'Running', exitCode: undefined, errorCode: '', output: '' },
        { status: 'Success', exitCode: 0, errorCode: '', output: 'one' },
      ])
      // The runs so far are told with every run of them, and that they are of a schedule (api.md §8.1, §5.4).
      const { items } = await world.parts.domain.invocations.results(SCOPE, { invokeId, includeHistory: true }, PAGE)
      expect(items.map(({ repeats, timed }) => ({ repeats, timed }))).toEqual([
        { repeats: 2, timed: true },
        { repeats: 2, timed: true },
      ])
      await world.report(host, invokeId, { kind: 'finish', exitCode: 3, output: 'two', startedAt: second })
      const latest = await world.task(invokeId, host)
      expect(latest).toMatchObject({ status: 'Scheduled', repeats: 2, exitCode: 3 })
      expect(outputOf(latest)).toBe('two')
      expect(await history(world, invokeId)).toEqual([
        { status: 'Failed', exitCode: 3, errorCode: 'ExitCodeNonzero', output: 'two' },
        { status: 'Success', exitCode: 0, errorCode: '', output: 'one' },
      ])
    })

    it('that no host takes does not count as failed in its older state (api.md §8.4)', async () => {
      await using world = await openWorld()
      const hosts = [await world.host(), await world.host()]
      world.pass(10 * MINUTE)
      const requests = [
        { frequency: 'rate(5m)' },
        { repeatMode: 'EveryReboot' },
        { repeatMode: 'NextRebootOnly' },
      ] as const
      const ids = []
      for (const request of requests) ids.push(await run(world, hosts, request))
      const told = []
      for (const invokeId of ids) told.push(await invocation(world, invokeId))
      expect(told.map(({ status, legacyStatus, timed }) => ({ status, legacyStatus, timed }))).toEqual([
        { status: 'Failed', legacyStatus: 'Finished', timed: true },
        { status: 'Failed', legacyStatus: 'Finished', timed: true },
        { status: 'Failed', legacyStatus: 'Failed', timed: true },
      ])
    })

    it('has its history in pages of runs and tasks mixed, each once, with its own output', async () => {
      await using world = await openWorld()
      const hosts = [await world.host(), await world.host(), await world.host()]
      const [often = '', , rarely = ''] = hosts
      const invokeId = await run(world, hosts, { frequency: 'rate(5m)' })
      for (const host of hosts) await world.handOut(host)
      for (const [host, exitCode, output] of [
        [often, 0, 'a'],
        [often, 1, 'b'],
        [rarely, 0, 'c'],
        [often, 0, 'd'],
      ] as const) {
        world.pass(6 * MINUTE)
        await world.report(host, invokeId, { kind: 'finish', exitCode, output })
      }
      world.pass(6 * MINUTE)
      await world.report(often, invokeId, { kind: 'running', output: 'e' })
      const pageOf = async (page: PageRequest, filter: Partial<ResultFilter> = {}) => {
        const asked = { invokeId, includeHistory: true, ...filter }
        const { items, totalCount, nextCursor } = await world.parts.domain.invocations.results(SCOPE, asked, page)
        return {
          lines: items.map((one) => `${hosts.indexOf(one.instanceId)} ${one.status} ${outputOf(one)}`),
          totalCount,
          nextCursor,
        }
      }
      const whole = ['2 Success c', '1 Scheduled ', '0 Running e', '0 Success d', '0 Failed b', '0 Success a']
      expect((await pageOf(PAGE)).lines).toEqual(whole)
      for (const size of [1, 2, 4]) {
        const byToken: string[] = []
        let cursor: string | undefined
        do {
          const page = await pageOf({ style: 'token', cursor, size })
          expect([page.lines.length <= size, page.totalCount]).toEqual([true, whole.length])
          byToken.push(...page.lines)
          cursor = page.nextCursor
        } while (cursor !== undefined)
        expect(byToken).toEqual(whole)
        const byNumber: string[] = []
        for (let number = 1; (number - 1) * size < whole.length; number += 1)
          byNumber.push(...(await pageOf({ style: 'number', number, size })).lines)
        expect(byNumber).toEqual(whole)
      }
      expect(await pageOf(PAGE, { instanceId: rarely })).toMatchObject({ lines: ['2 Success c'], totalCount: 1 })
      const ended = await pageOf({ style: 'token', cursor: undefined, size: 2 }, { recordStatus: 'Success' })
      expect(ended).toMatchObject({ lines: ['2 Success c', '0 Success d'], totalCount: 3 })
      const rest = await pageOf({ style: 'token', cursor: ended.nextCursor, size: 2 }, { recordStatus: 'Success' })
      expect(rest).toMatchObject({ lines: ['0 Success a'], nextCursor: undefined })
    })

    it('takes a run whose start was lost, and gives up one whose end was', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'finish', output: 'one' })
      world.pass(5 * MINUTE)
      const second = world.now()
      await world.report(host, invokeId, { kind: 'running' })
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running' })
      expect(await history(world, invokeId)).toMatchObject([
        { status: 'Running' },
        { status: 'Error', errorCode: 'ExecutionInterrupted' },
        { status: 'Success' },
      ])
      // Its real end comes after all.
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0, output: 'two', startedAt: second })
      expect(await history(world, invokeId)).toMatchObject([
        { status: 'Running' },
        { status: 'Success', output: 'two' },
        { status: 'Success', output: 'one' },
      ])
      world.pass(2 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 3 })
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('goes to each new process of the agent again, and to a fetch whose answer may have been lost', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      expect(await kinds(world, host)).toEqual(['Rate rate(5m)'])
      world.pass(3_000)
      expect(await kinds(world, host)).toEqual(['Rate rate(5m)'])
      world.pass(2 * MINUTE)
      expect(await kinds(world, host)).toEqual([])
      expect(await kinds(world, host, { reason: 'startup', coldStart: false })).toEqual(['Rate rate(5m)'])
      world.pass(2 * MINUTE)
      await world.report(host, invokeId, { kind: 'running' })
      world.pass(1_000)
      await world.beat(host, { pid: 200 })
      // The run of the old process is lost; the new one is asked to fetch the schedule.
      expect(await history(world, invokeId)).toMatchObject([{ status: 'Error', errorCode: 'ClientRestarted' }])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled' })
      expect(await world.parts.tasks.hasWork(host)).toBe(true)
      expect(await kinds(world, host)).toEqual(['Rate rate(5m)'])
    })

    it('is handed out again after a restart of the server, which forgot whose answer was lost', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      await using after = await world.restart(3_000)
      expect(await kinds(after, host)).toEqual(['Rate rate(5m)'])
    })

    it('at a time is over with its one run', async () => {
      await using world = await openWorld()
      const hosts = [await world.host(), await world.host(), await world.host()] as const
      const invokeId = await run(world, hosts, { frequency: 'at(2026-01-15 12:10:00)' })
      for (const host of hosts) await world.handOut(host)
      world.pass(10 * MINUTE)
      await world.report(hosts[0], invokeId, { kind: 'running' })
      await world.report(hosts[0], invokeId, { kind: 'finish', output: 'done' })
      await world.report(hosts[1], invokeId, { kind: 'finish', exitCode: 1 })
      expect(await world.task(invokeId, hosts[0])).toMatchObject({ status: 'Success', timed: true, repeats: 1 })
      expect(await world.task(invokeId, hosts[1])).toMatchObject({ status: 'Failed', errorCode: 'ExitCodeNonzero' })
      // Upstream: a time that is over is dropped on the host without any report.
      world.pass(5 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, hosts[2])).toMatchObject({
        status: 'Invalid',
        errorCode: 'AtExpressionExpired',
      })
      expect(await invocation(world, invokeId)).toMatchObject({
        status: 'PartialFailed',
        legacyStatus: 'Finished',
        timed: true,
      })
    })

    it.each([
      [0, 'Success'],
      [2, 'Failed'],
    ])('that is completed is what its last run was: exit code %i is %s', async (exitCode, status) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: '0 5 12 15 1 ? 2026 UTC' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'finish', exitCode })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled' })
      await world.report(host, invokeId, { kind: 'stopped', result: 'completed', startedAt: 0 })
      expect(await world.task(invokeId, host)).toMatchObject({ status, exitCode, timed: true })
    })

    it('that an agent refuses is Invalid, with the documented code', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: '0 5 12 * * ? Asia/Shanghai' })
      await world.handOut(host)
      await world.report(host, invokeId, { kind: 'invalid', param: 'cron', value: 'TimezoneInformationCorrupt' })
      expect(await world.task(invokeId, host)).toMatchObject({
        status: 'Invalid',
        errorCode: 'TimezoneInformationCorrupt',
      })
    })

    it('has no more runs than there was time for, whatever its host says', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const at = world.now()
      for (let more = 0; more < 50; more++) {
        await world.report(host, invokeId, { kind: 'running', startedAt: at + more * 100 })
        await world.report(host, invokeId, { kind: 'finish', startedAt: at + more * 100 })
        await world.report(host, invokeId, { kind: 'finish', startedAt: at + 3_600_000 + more * 10_000 })
        await world.report(host, invokeId, { kind: 'finish', startedAt: 1 + more * 10_000 })
        await world.report(host, invokeId, { kind: 'error', errCode: String(more), startedAt: 0 })
      }
      expect(await history(world, invokeId)).toHaveLength(1)
    })

    it('at a time whose end is given up takes its real end all the same', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'at(2026-01-15 12:01:00)' })
      await world.handOut(host)
      world.pass(MINUTE)
      const at = world.now()
      await world.report(host, invokeId, { kind: 'running', output: 'half ' })
      world.pass(3 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'ExecutionInterrupted' })
      await world.report(host, invokeId, { kind: 'finish', startedAt: at, output: 'whole' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', exitCode: 0, errorCode: '' })
      expect(await history(world, invokeId)).toMatchObject([{ status: 'Success', output: 'half whole' }])
    })

    it('at a time that ran while the server was away has its result, also when it was taken for dropped', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'at(2026-01-15 12:01:00)' })
      await world.handOut(host)
      world.pass(MINUTE)
      const at = world.now()
      world.pass(5 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid', errorCode: 'AtExpressionExpired' })
      await world.report(host, invokeId, { kind: 'finish', startedAt: at, output: 'done' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', repeats: 1, errorCode: '' })
      expect(await history(world, invokeId)).toMatchObject([{ status: 'Success', output: 'done' }])
    })

    it('at a time whose agent restarts while it runs is lost with it, and not handed out again', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await run(world, [host], { frequency: 'at(2026-01-15 12:01:00)' })
      await world.handOut(host)
      world.pass(MINUTE)
      await world.report(host, invokeId, { kind: 'running' })
      expect(await kinds(world, host, { reason: 'startup', coldStart: false })).toEqual([])
      world.pass(1_000)
      await world.beat(host, { pid: 200 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
      expect(await kinds(world, host, { reason: 'startup', coldStart: false })).toEqual([])
    })

    it('shows the real end of its latest run, when that comes late', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const at = world.now()
      await world.report(host, invokeId, { kind: 'running' })
      world.pass(2 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', errorCode: 'ExecutionInterrupted' })
      await world.report(host, invokeId, { kind: 'finish', startedAt: at })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', errorCode: '', exitCode: 0 })
      expect(await history(world, invokeId)).toMatchObject([{ status: 'Success' }])
    })

    it('that is completed before its last run is reported waits for that, and one whose completion is lost ends', async () => {
      await using world = await openWorld()
      const hosts = [await world.host(), await world.host()] as const
      const invokeId = await run(world, hosts, { frequency: '0 5 12 15 1 ? 2026 UTC' })
      for (const host of hosts) await world.handOut(host)
      world.pass(5 * MINUTE)
      const at = world.now()
      await world.report(hosts[0], invokeId, { kind: 'running' })
      await world.report(hosts[0], invokeId, { kind: 'stopped', result: 'completed', startedAt: 0 })
      expect(await world.task(invokeId, hosts[0])).toMatchObject({ status: 'Error' })
      await world.report(hosts[0], invokeId, { kind: 'finish', startedAt: at })
      expect(await world.task(invokeId, hosts[0])).toMatchObject({ status: 'Success' })
      await world.report(hosts[1], invokeId, { kind: 'finish' })
      expect(await world.task(invokeId, hosts[1])).toMatchObject({ status: 'Scheduled' })
      world.pass(2 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, hosts[1])).toMatchObject({ status: 'Success' })
      expect(await world.task(invokeId, hosts[0])).toMatchObject({ status: 'Success' })
    })

    it('counts a run that failed before its start, and one whose start was lost before it was killed', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const first = world.now()
      await world.report(host, invokeId, { kind: 'finish' })
      world.pass(5 * MINUTE)
      // Upstream: with the start of the run before.
      await world.report(host, invokeId, { kind: 'error', errCode: '28', startedAt: first })
      expect(await world.task(invokeId, host)).toMatchObject({ repeats: 2, errorCode: 'ExecutionException' })
      world.pass(5 * MINUTE)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      await world.report(host, invokeId, { kind: 'stopped', output: 'killed' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Terminated', repeats: 3 })
      expect(await history(world, invokeId)).toMatchObject([
        { status: 'Terminated', output: 'killed' },
        { status: 'Error' },
        { status: 'Success' },
      ])
    })

    it('goes on when its host sets its clock back', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const raw = world.now()
      await world.report(host, invokeId, { kind: 'finish', output: 'one' })
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running', run: raw - 3_600_000 })
      await world.report(host, invokeId, { kind: 'finish', output: 'two', run: raw - 3_600_000 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 2 })
    })

    it('goes on when a run cannot begin', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const missing = { kind: 'invalid', param: 'workingDirectory', value: 'WorkingDirectoryNotExist: <nil>' } as const
      await world.report(host, invokeId, missing)
      await world.report(host, invokeId, missing)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'error', errCode: '28', errDesc: 'SaveScriptFailed', startedAt: 0 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 2 })
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'finish' })
      expect(await history(world, invokeId)).toMatchObject([
        { status: 'Success' },
        { status: 'Error', errorCode: 'ExecutionException' },
        { status: 'Invalid', errorCode: 'DirectoryNotExists' },
      ])
    })

    it('of a kind that an old agent does not know is not sent to it', async () => {
      await using world = await openWorld()
      const old = await world.host({ version: '2.2.3.281' })
      const refused = await run(world, [old], { frequency: 'rate(5m)' })
      expect(await world.task(refused, old)).toMatchObject({ status: 'Aborted', errorCode: 'ClientNeedUpgrade' })
      const known = await run(world, [old], { frequency: '0 5 12 * * ?' })
      expect(await world.task(known, old)).toMatchObject({ status: 'Pending' })
    })

    it('that is stopped on a host which stays away is Stopping until the host is back, and is told to stop then', async () => {
      await using world = await openWorld()
      const [host, gone] = [await world.host(), await world.host()]
      const invokeId = await run(world, [host, gone], { frequency: 'rate(5m)' })
      for (const one of [host, gone]) await world.handOut(one)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      world.pass(20 * 24 * 60 * MINUTE)
      while ((await world.parts.sweeps.expireNow()) > 0);
      for (const one of [host, gone]) expect(await world.task(invokeId, one)).toMatchObject({ status: 'Stopping' })
      await world.beat(host)
      expect(await world.parts.tasks.hasWork(host)).toBe(true)
      expect((await world.handOut(host)).stop.map(({ taskId }) => taskId)).toEqual([invokeId])
      await world.report(host, invokeId, { kind: 'stopped', startedAt: 0 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Cancelled' })
      // Nobody else can tell of the other one until it is taken off the fleet.
      await world.parts.registry.deregister(gone)
      expect(await world.task(invokeId, gone)).toMatchObject({ errorCode: 'InstanceDeregistered' })
    })

    it('is stopped where it waits, where it runs, and where it was not handed out', async () => {
      await using world = await openWorld()
      const [waits, ran, runs, pending] = [
        await world.host(),
        await world.host(),
        await world.host(),
        await world.host(),
      ] as const
      const invokeId = await run(world, [waits, ran, runs, pending], { frequency: 'rate(5m)' })
      for (const host of [waits, ran, runs]) await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.report(ran, invokeId, { kind: 'finish', exitCode: 3 })
      expect(await world.task(invokeId, ran)).toMatchObject({ status: 'Scheduled', errorCode: 'ExitCodeNonzero' })
      await world.report(runs, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect(await world.task(invokeId, pending)).toMatchObject({ status: 'Cancelled' })
      expect(await invocation(world, invokeId)).toMatchObject({ status: 'Stopping', legacyStatus: 'Stopping' })
      for (const host of [waits, ran, runs]) {
        expect(await world.task(invokeId, host)).toMatchObject({ status: 'Stopping' })
        expect((await world.handOut(host)).stop).toEqual([
          { taskId: invokeId, version: 1, repeat: { kind: 'Rate', cron: 'rate(5m)' } },
        ])
      }
      const at = world.now()
      await world.report(waits, invokeId, { kind: 'stopped', startedAt: 0 })
      await world.report(ran, invokeId, { kind: 'stopped', startedAt: at })
      await world.report(runs, invokeId, { kind: 'stopped', startedAt: at, output: 'killed' })
      expect(await world.task(invokeId, waits)).toMatchObject({ status: 'Cancelled', timed: true })
      // That the last run failed is told of that run, not of the stop (api.md §8.5).
      expect(await world.task(invokeId, ran)).toMatchObject({ status: 'Terminated', errorCode: '', errorInfo: '' })
      expect(await world.task(invokeId, runs)).toMatchObject({ status: 'Terminated' })
      expect(outputOf(await world.task(invokeId, runs))).toBe('killed')
      expect(await invocation(world, invokeId)).toMatchObject({
        status: 'Stopped',
        legacyStatus: 'Stopped',
        timed: true,
      })
      expect(await world.status(runs)).toMatchObject({ active: 0 })
    })

    it('whose agent is gone while it is stopped has stopped with it', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      await world.beat(host, { pid: 200 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Cancelled' })
    })

    it('at a time is over when it was stopped on a host that never comes back', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'at(2026-01-15 12:05:00)' })
      await world.handOut(host)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      world.pass(10 * MINUTE)
      expect(await world.parts.sweeps.expireNow()).toBe(1)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'ExecutionInterrupted' })
      expect(await world.parts.sweeps.expireNow()).toBe(0)
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('that ends with a year is over behind its last run, also when nobody tells', async () => {
      await using world = await openWorld()
      const [silent, ran] = [await world.host(), await world.host()] as const
      const invokeId = await run(world, [silent, ran], { frequency: '0 5,10 12 15 1 ? 2026 UTC' })
      for (const host of [silent, ran]) await world.handOut(host)
      world.pass(10 * MINUTE)
      await world.report(ran, invokeId, { kind: 'finish' })
      world.pass(2 * MINUTE)
      for (const host of [silent, ran]) await world.beat(host)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, ran)).toMatchObject({ status: 'Success' })
      expect(await world.task(invokeId, silent)).toMatchObject({ status: 'Error', errorCode: 'ExecutionInterrupted' })
    })

    it('keeps a run whose start was lost and whose end comes behind a later run, once', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const first = world.now()
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running', output: 'two' })
      for (let time = 0; time < 2; time += 1)
        await world.report(host, invokeId, { kind: 'finish', exitCode: 3, startedAt: first, output: 'one' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running', repeats: 2 })
      expect(await history(world, invokeId)).toMatchObject([
        { status: 'Running', output: 'two' },
        { status: 'Failed', exitCode: 3, output: 'one' },
      ])
    })

    it('has the natural end of a run that was under way when it was stopped', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const at = world.now()
      await world.report(host, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      // Upstream: the run before, which had ended.
      await world.report(host, invokeId, { kind: 'stopped', startedAt: at })
      await world.report(host, invokeId, { kind: 'finish', exitCode: 3, startedAt: at })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Terminated', repeats: 1 })
      expect(await history(world, invokeId)).toMatchObject([{ status: 'Failed', exitCode: 3 }])
    })

    it('ends when it is said to have, also where the run before it is named', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const first = world.now()
      await world.report(host, invokeId, { kind: 'finish' })
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running' })
      world.pass(2_000)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      await world.report(host, invokeId, { kind: 'stopped', startedAt: first })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Terminated', finishedAt: world.now() })
    })

    it('goes on when the clock of the server is set back', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'finish', run: 1_000 })
      world.setClock(-120 * MINUTE)
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'finish', run: 301_000 })
      await world.report(host, invokeId, { kind: 'finish', run: 302_000 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 2 })
    })

    it('has an error that is told twice once, however much later', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      world.pass(5 * MINUTE)
      const at = world.now()
      const error = { kind: 'error', taskId: invokeId, run: at, startedAt: at, endedAt: at, exitCode: 1 } as const
      const report = { ...error, errCode: '28', errDesc: '', dropped: 0, output: new Uint8Array() }
      await world.parts.tasks.report(host, report)
      world.pass(4 * MINUTE)
      await world.parts.tasks.report(host, report)
      expect(await world.task(invokeId, host)).toMatchObject({ repeats: 1 })
    })

    it('ends with its host', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { frequency: 'rate(5m)' })
      await world.handOut(host)
      await world.parts.registry.deregister(host)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'InstanceDeregistered' })
    })

    it('keeps its command in use', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { keep: true, timeoutSeconds: 30, request: { frequency: 'rate(5m)' } })
      await world.handOut(host)
      const { commandId } = await invocation(world, invokeId)
      await expect(world.parts.domain.commands.delete(SCOPE, commandId)).rejects.toMatchObject({
        kind: 'command/in-use',
      })
    })
  })

  describe('what waits for a start of its host', () => {
    it.each(['NextRebootOnly', 'EveryReboot'] as const)(
      '%s is handed out to the first fetch after one',
      async (mode) => {
        await using world = await openWorld()
        const host = await world.host({ pid: 100 })
        const invokeId = await run(world, [host], { repeatMode: mode })
        expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', timed: true })
        expect(await kinds(world, host)).toEqual([])
        expect(await kinds(world, host, { reason: 'startup', coldStart: false })).toEqual([])
        world.pass(5 * MINUTE)
        await world.beat(host, { pid: 7, coldStart: true })
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual([mode])
        const first = world.now()
        await world.report(host, invokeId, { kind: 'running' })
        await world.report(host, invokeId, { kind: 'finish', output: 'up' })
        const isOnce = mode === 'NextRebootOnly'
        expect(await world.task(invokeId, host)).toMatchObject({ status: isOnce ? 'Success' : 'Scheduled', repeats: 1 })
        // The same start, asked again.
        world.pass(3_000)
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual([])
        world.pass(5 * MINUTE)
        await world.beat(host, { pid: 8, coldStart: true })
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(isOnce ? [] : [mode])
        if (isOnce) return
        await world.report(host, invokeId, { kind: 'running', output: 'again' })
        expect(await history(world, invokeId)).toMatchObject([
          { status: 'Running', output: 'again' },
          { status: 'Success', output: 'up' },
        ])
        await world.report(host, invokeId, { kind: 'finish', startedAt: first, output: 'late' })
        expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running', repeats: 2 })
      },
    )

    it.each(['NextRebootOnly', 'EveryReboot'] as const)('%s is cancelled without asking the host', async (mode) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { repeatMode: mode })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Cancelled' })
    })

    it.each(['running', 'silent'] as const)('ends with its run where it is stopped meanwhile: %s', async (host_is) => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await run(world, [host], { repeatMode: 'EveryReboot' })
      world.pass(5 * MINUTE)
      await world.beat(host, { pid: 7, coldStart: true })
      await world.handOut(host, { reason: 'startup', coldStart: true })
      if (host_is === 'running') await world.report(host, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      if (host_is === 'running') await world.report(host, invokeId, { kind: 'finish' })
      world.pass(5 * MINUTE)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({
        status: host_is === 'running' ? 'Terminated' : 'Error',
        timed: true,
      })
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('is not ended by a beat that comes behind its first fetch, nor run twice', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await run(world, [host], { repeatMode: 'EveryReboot' })
      world.pass(5 * MINUTE)
      expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(['EveryReboot'])
      await world.report(host, invokeId, { kind: 'running' })
      await world.beat(host, { pid: 7, coldStart: true, startedAt: world.now() - 1_000 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running' })
      await world.report(host, invokeId, { kind: 'finish' })
      expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual([])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 1 })
    })

    it.each(['over', 'under way'])(
      'runs again when the host starts again soon, with the run before %s',
      async (before) => {
        await using world = await openWorld()
        const host = await world.host({ pid: 100 })
        const invokeId = await run(world, [host], { repeatMode: 'EveryReboot' })
        world.pass(5 * MINUTE)
        await world.beat(host, { pid: 7, coldStart: true, startedAt: world.now() - 1_000 })
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(['EveryReboot'])
        await world.report(host, invokeId, { kind: 'running' })
        if (before === 'over') await world.report(host, invokeId, { kind: 'finish' })
        world.pass(20_000)
        await world.beat(host, { pid: 8, coldStart: true, startedAt: world.now() - 1_000 })
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(['EveryReboot'])
        // The same start, asked again.
        expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual([])
        await world.report(host, invokeId, { kind: 'running', output: 'again' })
        expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running', repeats: 2 })
      },
    )

    it('is not handed out again to a kick, as it would run again', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      await run(world, [host], { repeatMode: 'EveryReboot' })
      world.pass(5 * MINUTE)
      await world.beat(host, { pid: 7, coldStart: true })
      expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(['EveryReboot'])
      world.pass(3_000)
      expect(await kinds(world, host)).toEqual([])
      expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual(['EveryReboot'])
    })

    it('was stopped for good when it had run before', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], { repeatMode: 'EveryReboot' })
      world.pass(5 * MINUTE)
      await world.beat(host, { pid: 7, coldStart: true })
      await world.handOut(host, { reason: 'startup', coldStart: true })
      await world.report(host, invokeId, { kind: 'finish' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Terminated' })
      world.pass(5 * MINUTE)
      await world.beat(host, { pid: 8, coldStart: true })
      expect(await kinds(world, host, { reason: 'startup', coldStart: true })).toEqual([])
    })
  })

  describe('a dry run', () => {
    it('is checked by the host, runs nothing, and does not count', async () => {
      await using world = await openWorld()
      const [fits, does_not] = [await world.host(), await world.host()] as const
      const invokeId = await run(world, [fits, does_not], { repeatMode: 'DryRun' })
      for (const host of [fits, does_not]) {
        const handed = await world.handOut(host)
        expect(handed).toMatchObject({ run: [], test: [{ taskId: invokeId, repeat: { kind: 'Once', cron: '' } }] })
      }
      await world.report(fits, invokeId, { kind: 'verified' })
      await world.report(does_not, invokeId, {
        kind: 'invalid',
        param: 'workingDirectory',
        value: 'WorkingDirectoryNotExist',
      })
      const passed = await world.task(invokeId, fits)
      expect(passed).toMatchObject({ status: 'Success', errorCode: '', timed: false, repeats: 0 })
      expect(passed.exitCode).toBeUndefined()
      expect(await world.task(invokeId, does_not)).toMatchObject({ status: 'Invalid', errorCode: 'DirectoryNotExists' })
      expect(await invocation(world, invokeId)).toMatchObject({ repeatMode: 'DryRun', timed: false })
      expect(await world.status(fits)).toMatchObject({ active: 0, invocations: 0 })
    })
  })

  describe('lists', () => {
    it('find what repeats by its mode, its state, and whether it goes on', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const once = await world.run([host])
      const every = await run(world, [host], { frequency: 'rate(5m)' })
      const reboot = await run(world, [host], { repeatMode: 'EveryReboot' })
      await world.handOut(host)
      const found = async (filter: object) =>
        (await world.parts.domain.invocations.list(SCOPE, filter, PAGE)).items.map(({ invokeId }) => invokeId)
      expect(await found({ repeatMode: 'Period' })).toEqual([every])
      expect(await found({ repeatMode: 'Once' })).toEqual([once])
      expect(await found({ invokeStatus: 'Scheduled' })).toEqual([reboot, every])
      expect(await found({ timed: true })).toEqual([reboot, every])
      expect(await found({ timed: false })).toEqual([once])
      await world.parts.domain.invocations.stop(SCOPE, CALLER, reboot, undefined)
      expect(await found({ timed: true })).toEqual([every])
    })
  })
}

const outputOf = ({ output }: { readonly output?: Uint8Array | undefined }): string =>
  Buffer.from(output ?? []).toString()

const PAGE = { style: 'number', number: 1, size: 10 } as const
