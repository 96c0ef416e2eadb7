import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { CALLER, SCOPE, SCRIPT, type World } from '../_support.js'
import { PublicCommands } from '../commands/public-commands.js'
import { timeOrderedIds } from '../ids.js'
import { NO_OUTPUT_STORES } from '../outputs/output-stores.js'
import { startInvocation } from './start-invocation.js'
import { removeUncommitted } from './start-invocation.js'
import { ToldFeatures } from './told-features.js'

/** design §5, sentence by sentence, and §6: held by the whole server on one database. */
export const deliverySuite = (openWorld: () => Promise<World>): void => {
  describe('handing out', () => {
    it('a task is handed out to the fetch of its host, and told as Pending until it runs', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      expect(await world.fetch(host)).toEqual({ run: [invokeId], stop: [] })
      expect((await world.task(invokeId, host)).status).toBe('Pending')
      expect(await world.status(host)).toEqual({ online: true, active: 0, invocations: 1 })
    })

    it('a task is committed before its host is told to look for it', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { stores, presence } = world.parts
      const clock = { now: () => world.now() }
      const found: Promise<readonly { invokeId: string }[]>[] = []
      const { run } = startInvocation({
        stores,
        presence,
        outputStores: NO_OUTPUT_STORES,
        publicCommands: new PublicCommands([]),
        features: new ToldFeatures(),
        clock,
        ids: timeOrderedIds(clock, randomBytes, randomUUID),
        limits: {
          instancesPerRollout: 10_000,
          instancesPerInvocation: 10,
          commandQuota: 10,
          invocationsPerDay: undefined,
        },
        pacer: { begin: () => undefined },
        wake: (instanceIds) => found.push(...instanceIds.map((id) => stores.read.tasks.unfinishedOf(id, 10))),
      })
      const targets = { by: 'id', instanceIds: [host] } as const
      const script = { ...SCRIPT, keep: false }
      const request = { targets, username: '', resourceGroupId: '', tags: [] }
      const { invokeId } = await run(SCOPE, CALLER, script, request, undefined)
      expect(await Promise.all(found)).toMatchObject([[{ invokeId }]])
    })

    it('a fetch within two seconds gets nothing again', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host])
      await world.fetch(host)
      world.pass(1_900)
      expect((await world.fetch(host)).run).toEqual([])
    })

    it('a lost answer is handed out again to a fetch after 2 to 45 seconds', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      world.pass(2_000)
      expect((await world.fetch(host)).run).toEqual([invokeId])
      world.pass(43_000)
      expect((await world.fetch(host)).run).toEqual([invokeId])
      world.pass(1)
      expect((await world.fetch(host)).run).toEqual([])
    })

    it('a task with any report is never handed out again', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const started = await world.run([host])
      const existed = await world.run([host])
      await world.fetch(host)
      await world.report(host, started, { kind: 'running' })
      await world.report(host, existed, { kind: 'error', errCode: '-9' })
      world.pass(5_000)
      expect((await world.fetch(host)).run).toEqual([])
    })

    it('script already there (-9) acknowledges the first hand-out and is no outcome', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'error', errCode: '-9' })
      expect((await world.task(invokeId, host)).status).toBe('Pending')
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0 })
      expect((await world.task(invokeId, host)).status).toBe('Success')
    })

    it('a host has at most ten unfinished tasks in hand, and gets the next when one ends', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const ids: string[] = []
      for (let count = 0; count < 12; count += 1) ids.push(await world.run([host]))
      expect((await world.fetch(host)).run).toEqual(ids.slice(0, 10))
      expect((await world.fetch(host)).run).toEqual([])
      await world.report(host, ids[3]!, { kind: 'finish' })
      expect((await world.fetch(host)).run).toEqual([ids[10]])
    })

    it('a host without a live agent is told at once: Aborted, ClientNotRunning', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(121_000)
      const task = await world.task(await world.run([host]), host)
      expect(task).toMatchObject({ status: 'Aborted', errorCode: 'ClientNotRunning' })
      expect((await world.fetch(host)).run).toEqual([])
    })

    it.each([
      ['in its own form', '{{ACS::RegionId}}'],
      ['with blanks', '{{  ACS::RegionId }}'],
      ['with line breaks', '{{\nACS::RegionId\r\n}}'],
      ['with blanks around its colons', '{{ACS :: RegionId}}'],
      ['with its prefix in small letters', '{{acs::RegionId}}'],
    ])('a built-in parameter %s goes out in the form that every agent reads', async (_how, written) => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { content: Buffer.from(`echo ${written}`), enableParameter: true })
      const [task] = (await world.handOut(host)).run
      expect(Buffer.from(task?.content ?? []).toString()).toBe('echo {{ACS::RegionId}}')
      expect(task?.builtInParameters.get('RegionId')).toBe('cn-hangzhou')
      expect(task?.refused).toBeUndefined()
    })

    it.each([
      '{{ACS::Nope}}',
      '{{ACS::regionid}}',
      '{{acs::}}',
      '{{ACS::Region Id}}',
      '{{ACS::constructor}}',
      '{{ACS::__proto__}}',
    ])('a script with %s, which nobody knows, is refused', async (written) => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { content: Buffer.from(`echo ${written}`), enableParameter: true })
      const [task] = (await world.handOut(host)).run
      expect(task?.refused?.param).toBe('InvalidEnvironmentParameter')
    })

    it('an unknown instance refuses the whole invocation', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await expect(world.run([host, 'mi-unknown'])).rejects.toMatchObject({ kind: 'instance/not-found' })
      expect(await world.status(host)).toMatchObject({ invocations: 0 })
    })

    // Hundreds of registrations, each durable: a busy disk takes its time.
    it('a large invocation is whole: every target has its task, in chunks', async () => {
      await using world = await openWorld()
      const hosts: string[] = []
      while (hosts.length < 520) hosts.push(...(await Promise.all(Array.from({ length: 10 }, () => world.host()))))
      hosts.push(await world.host())
      const invokeId = await world.run(hosts)
      const page = await world.parts.domain.invocations.results(
        SCOPE,
        { invokeId },
        { style: 'number', number: 1, size: 1 },
      )
      expect(page.totalCount).toBe(521)
      const { items } = await world.parts.domain.invocations.list(
        SCOPE,
        { invokeId },
        { style: 'number', number: 1, size: 1 },
      )
      // All of them, read in slices.
      expect(items[0]?.tasks.map((task) => task.instanceId)).toEqual(hosts.toSorted())
      expect((await world.fetch(hosts[520]!)).run).toEqual([invokeId])
    }, 240_000)

    it('what a dying server left half written is taken back with its counters', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.parts.stores.write(async (w) => {
        await w.invocations.add(SCOPE, halfWritten(world.now() - 1))
        await w.tasks.add('t-half', [pendingTask(host)], { repeatMode: 'Once', deliversOutput: false }, world.now())
        await w.instances.countInvocation(SCOPE, [host], world.now())
      })
      expect((await world.fetch(host)).run).toEqual([])
      world.pass(1)
      await using after = await world.restart()
      await after.parts.sweeps.removeHalfWritten()
      expect(await after.status(host)).toMatchObject({ invocations: 0 })
      expect(
        (await after.parts.domain.invocations.list(SCOPE, {}, { style: 'number', number: 1, size: 10 })).totalCount,
      ).toBe(0)
    })

    it('what was written to its end is not taken back, and what was not takes no more parts', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      const { stores } = world.parts
      await removeUncommitted(stores, invokeId)
      expect(await world.status(host)).toMatchObject({ invocations: 1 })
      expect((await world.fetch(host)).run).toEqual([invokeId])
      expect(await stores.write((w) => w.invocations.holdUnwritten(invokeId))).toBe(false)
      expect(await stores.write((w) => w.invocations.holdUnwritten('t-unknown'))).toBe(false)
    })

    it('a part that is written while its invocation is taken back goes with it', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { stores } = world.parts
      await stores.write((w) => w.invocations.add(SCOPE, halfWritten(world.now())))
      let removing: Promise<void> | undefined
      await stores.write(async (w) => {
        expect(await w.invocations.holdUnwritten('t-half')).toBe(true)
        removing = removeUncommitted(stores, 't-half')
        await w.tasks.add('t-half', [pendingTask(host)], { repeatMode: 'Once', deliversOutput: false }, world.now())
        await w.instances.countInvocation(SCOPE, [host], world.now())
      })
      await removing
      expect(await stores.read.tasks.find('t-half', host)).toBeUndefined()
      expect(await world.status(host)).toMatchObject({ invocations: 0 })
    })

    it('what could not be taken back when its database was away is taken back later', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.parts.stores.write(async (w) => {
        await w.invocations.add(SCOPE, halfWritten(world.now()))
        await w.tasks.add('t-half', [pendingTask(host)], { repeatMode: 'Once', deliversOutput: false }, world.now())
        await w.instances.countInvocation(SCOPE, [host], world.now())
      })
      await world.parts.sweeps.removeHalfWritten(world.now())
      expect(await world.status(host)).toMatchObject({ invocations: 1 })
      world.pass(1)
      await world.parts.sweeps.removeHalfWritten(world.now())
      expect(await world.status(host)).toMatchObject({ invocations: 0 })
    })
  })

  describe('deadlines', () => {
    it('never asked for within 60 s: Aborted, DeliveryTimeout', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(80_000)
      await world.beat(host)
      const invokeId = await world.run([host])
      world.pass(59_999)
      expect(await world.parts.sweeps.expireNow()).toBe(0)
      world.pass(1)
      expect(await world.parts.sweeps.expireNow()).toBe(1)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Aborted', errorCode: 'DeliveryTimeout' })
    })

    it('never asked for because an update is being installed: ClientIsUpgrading', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(80_000)
      await world.beat(host)
      const invokeId = await world.run([host])
      world.parts.tasks.rejected(host)
      world.pass(60_000)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Aborted', errorCode: 'ClientIsUpgrading' })
    })

    it('60 s behind ten others on its host: Aborted, TaskConcurrencyLimit', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(80_000)
      await world.beat(host)
      const ids: string[] = []
      for (let count = 0; count < 11; count += 1) ids.push(await world.run([host]))
      await world.fetch(host)
      for (const id of ids.slice(0, 10)) await world.report(host, id, { kind: 'running' })
      world.pass(60_000)
      await world.parts.sweeps.expireNow()
      expect(await world.task(ids[10]!, host)).toMatchObject({ status: 'Aborted', errorCode: 'TaskConcurrencyLimit' })
    })

    it('handed out and silent for 60 s: Error, and the text says that the outcome is unknown', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(80_000)
      await world.beat(host)
      const invokeId = await world.run([host])
      await world.fetch(host)
      world.pass(60_000)
      await world.parts.sweeps.expireNow()
      const task = await world.task(invokeId, host)
      expect(task.status).toBe('Error')
      expect(task.errorInfo).toMatch(/unknown/)
    })

    it('a running task whose end is never reported ends after its timeout and the time for reports', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(80_000)
      await world.beat(host)
      const invokeId = await world.run([host], { timeoutSeconds: 100 })
      await world.fetch(host)
      world.pass(10_000)
      await world.report(host, invokeId, { kind: 'running' })
      world.pass(159_999)
      expect(await world.parts.sweeps.expireNow()).toBe(0)
      world.pass(1)
      await world.parts.sweeps.expireNow()
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error' })
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })
  })

  describe('reports', () => {
    it('output is kept in order, with exit code and times', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running', startedAt: 1_000 })
      await world.report(host, invokeId, { kind: 'running', startedAt: 1_000, output: 'one ' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running', startedAt: 1_000 })
      expect(await world.status(host)).toMatchObject({ active: 1 })
      await world.report(host, invokeId, { kind: 'finish', startedAt: 1_000, exitCode: 3, output: 'two', dropped: 7 })
      const task = await world.task(invokeId, host)
      expect(Buffer.from(task.output!).toString()).toBe('one two')
      expect(task).toMatchObject({
        status: 'Failed',
        exitCode: 3,
        errorCode: 'ExitCodeNonzero',
        dropped: 7,
        repeats: 1,
        startedAt: 1_000,
      })
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('a final report without running is taken', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0, output: 'done' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', exitCode: 0 })
    })

    it('running behind the final report changes nothing', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'finish', output: 'done' })
      await world.report(host, invokeId, { kind: 'running', output: 'late' })
      const task = await world.task(invokeId, host)
      expect(task.status).toBe('Success')
      expect(Buffer.from(task.output!).toString()).toBe('done')
    })

    it('the same final report twice counts once', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      for (let count = 0; count < 3; count += 1)
        await world.report(host, invokeId, { kind: 'finish', exitCode: 1, output: 'x' })
      expect(Buffer.from((await world.task(invokeId, host)).output!).toString()).toBe('x')
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('a report about an unknown task is ignored', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.report(host, 't-nothing', { kind: 'finish' })
      await world.report(host, (await world.run([await world.host()])) as string, { kind: 'finish' })
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('output beyond the quota is counted as dropped', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running', output: 'a'.repeat(90) })
      await world.report(host, invokeId, { kind: 'finish', output: 'b'.repeat(20) })
      const task = await world.task(invokeId, host)
      expect(task.output!.byteLength).toBe(100)
      expect(task.dropped).toBe(10)
    })

    it('on a timeout the end is the start plus the timeout', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { timeoutSeconds: 60 })
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running', startedAt: 5_000 })
      await world.report(host, invokeId, { kind: 'timeout', startedAt: 5_000 })
      const task = await world.task(invokeId, host)
      expect(task).toMatchObject({ status: 'Timeout', errorCode: 'ExecutionTimeout', finishedAt: 65_000 })
      expect(task.exitCode).toBeUndefined()
    })

    it.each([
      ['workingDirectory', 'WorkingDirectoryNotExist: <nil>', 'DirectoryNotExists'],
      ['workingDirectory', 'DefaultWorkingDirectoryNotAvailable: <nil>', 'DefaultWorkingDirectoryNotAvailable'],
      ['UsernameOrPasswordInvalid', 'UserInvalid_nobody2: no such user', 'AccountNotExists'],
      ['TypeInvalid', 'TypeInvalid_RunBatScript', 'CommandNotApplicable'],
      ['CommandContentInvalid', 'illegal base64', 'CommandContentDecodeError'],
      ['InvalidEnvironmentParameter', 'ACS::Nope', 'InvalidSystemBuiltInParameter'],
      ['ContainerNotFound', 'ContainerNotFound: x', 'ContainerNotFound'],
      ['constructor', 'of a hostile agent', 'CommandNotApplicable'],
      ['__proto__', 'of a hostile agent', 'CommandNotApplicable'],
    ])('invalid %s %s becomes %s', async (param, value, code) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'invalid', param, value })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid', errorCode: code })
    })

    it.each([
      ['AtExpressionExpired', 'the time of the at expression was over before the instance could run the command'],
      ['AtExpressionExpired: over', 'over'],
      ['InvalidRateExpression: too often', 'too often'],
    ])('the schedule that is refused as %s is told in words', async (value, errorInfo) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'invalid', param: 'cron', value })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid', errorInfo })
    })
  })

  describe('stop', () => {
    it('never handed out: Cancelled, and nothing is sent', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Cancelled', stoppedAt: world.now() })
      expect(await world.fetch(host)).toEqual({ run: [], stop: [] })
    })

    it('handed out: the stop is offered only behind the running report, then on every fetch until the end', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect((await world.task(invokeId, host)).status).toBe('Stopping')
      expect((await world.fetch(host)).stop).toEqual([])
      await world.report(host, invokeId, { kind: 'running' })
      expect((await world.fetch(host)).stop).toEqual([invokeId])
      expect((await world.fetch(host)).stop).toEqual([invokeId])
      await world.report(host, invokeId, { kind: 'stopped', output: 'so far' })
      expect((await world.task(invokeId, host)).status).toBe('Terminated')
      expect((await world.fetch(host)).stop).toEqual([])
      expect(await world.status(host)).toMatchObject({ active: 0 })
    })

    it('stopped with start 0 means that the agent does not know it: never Cancelled or Terminated', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      await world.report(host, invokeId, { kind: 'stopped', startedAt: 0 })
      const task = await world.task(invokeId, host)
      expect(task.status).toBe('Error')
      expect(task.errorInfo).toMatch(/unknown/)
    })

    it('stopped with start 0 never stands over a real result', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0 })
      await world.report(host, invokeId, { kind: 'stopped', startedAt: 0 })
      expect((await world.task(invokeId, host)).status).toBe('Success')
    })

    it('a later finish replaces Terminated', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      await world.report(host, invokeId, { kind: 'stopped' })
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0 })
      expect((await world.task(invokeId, host)).status).toBe('Success')
    })

    it('a finished invocation is left as it is', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'finish' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      expect((await world.task(invokeId, host)).status).toBe('Success')
    })

    it('only the named instances are stopped; an unknown one is a fault', async () => {
      await using world = await openWorld()
      const one = await world.host()
      const two = await world.host()
      const invokeId = await world.run([one, two])
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [one])
      expect((await world.task(invokeId, one)).status).toBe('Cancelled')
      expect((await world.task(invokeId, two)).status).toBe('Pending')
      await expect(world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, ['mi-x'])).rejects.toMatchObject({
        kind: 'invocation/instance-not-found',
      })
      await expect(world.parts.domain.invocations.stop(SCOPE, CALLER, 't-x', undefined)).rejects.toMatchObject({
        kind: 'invocation/not-found',
      })
    })
  })

  describe("the agent's process", () => {
    it('a new process ends what the old one had in hand: Error, ClientRestarted', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const [running, waiting] = [await world.run([host]), await world.run([host])]
      await world.fetch(host)
      await world.report(host, running, { kind: 'running' })
      world.pass(5_000)
      await world.beat(host, { pid: 200 })
      expect(await world.task(running, host)).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
      expect(await world.task(waiting, host)).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
    })

    it('a comparison that the database failed is made by the next beat', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      world.pass(5_000)
      const startedAt = world.now()
      using failing = vi.spyOn(world.parts.database.reader, 'get').mockRejectedValue(new Error('no database'))
      await expect(world.beat(host, { pid: 200, startedAt })).rejects.toThrow('no database')
      failing.mockRestore()
      await world.beat(host, { pid: 200, startedAt })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
    })

    it('what a new process fetches before its first beat is its own', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const [first, second] = [await world.run([host]), await world.run([host])]
      world.pass(60_000 - 1)
      await world.handOut(host, { reason: 'startup', coldStart: false })
      await world.beat(host, { pid: 200, startedAt: world.now() - 1_000 })
      for (const id of [first, second]) expect(await world.task(id, host)).toMatchObject({ status: 'Pending' })
    })

    it('what was not handed out yet goes to the new process', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      world.pass(5_000)
      await world.beat(host, { pid: 200 })
      expect((await world.fetch(host)).run).toEqual([invokeId])
    })

    it('a cold start says that the instance restarted', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.beat(host, { pid: 101, coldStart: true })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'InstanceRestarted' })
    })

    it('a late real result replaces the unknown one and leaves an audit entry', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running', output: 'a' })
      await world.beat(host, { pid: 200 })
      await world.report(host, invokeId, { kind: 'finish', exitCode: 0, output: 'b' })
      const task = await world.task(invokeId, host)
      expect(task).toMatchObject({ status: 'Success', errorCode: '', errorInfo: '' })
      expect(Buffer.from(task.output!).toString()).toBe('ab')
      const rows = await world.parts.database.reader.all(`select * from audit where action = 'agent/late-result'`)
      expect(rows).toHaveLength(1)
    })

    it('the same process under a clock that jumped is no new process', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      const startedAt = world.now() - 1_000
      await world.parts.registry.heartbeat(host, {
        osType: 'Linux',
        agentVersion: '2.2.3.578',
        pid: 100,
        processUptimeMs: world.now() - startedAt,
        uptimeMs: 1,
        agentTime: world.now() + 3_600_000,
        coldStart: undefined,
        osVersion: undefined,
      })
      expect((await world.task(invokeId, host)).status).toBe('Running')
    })

    it('a running command outlives a restart of the server, and its end is taken then', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      await using after = await world.restart(30_000)
      await after.beat(host, { pid: 100, startedAt: world.now() - 1_000 })
      expect((await after.task(invokeId, host)).status).toBe('Running')
      await after.report(host, invokeId, { kind: 'finish' })
      expect((await after.task(invokeId, host)).status).toBe('Success')
    })

    it.each([
      ['by the vendor’s agent: output may be missing', undefined],
      ['by an agent of ours: nothing is', new Set(['termination-mode'] as const)],
    ])('what runs while no server is there is told as it ended, %s', async (_who, supports) => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.handOut(host, { supports })
      await world.report(host, invokeId, { kind: 'running', output: 'a' })
      await using after = await world.restart(30_000)
      await after.beat(host, { pid: 100, startedAt: world.now() - 1_000 })
      await after.report(host, invokeId, { kind: 'finish', exitCode: 3, output: 'b' })
      const task = await after.task(invokeId, host)
      expect(task).toMatchObject({ status: 'Failed', errorCode: 'ExitCodeNonzero', exitCode: 3 })
      const said = /; output may be missing \(server unreachable from \S+ to \S+\)$/
      if (supports === undefined) expect(task.errorInfo).toMatch(said)
      else expect(task.errorInfo).not.toMatch(/missing/)
    })

    it('what begins when the server is back has lost nothing, although it was handed out before', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const startedAt = world.now() - 1_000
      const invokeId = await world.run([host])
      await world.handOut(host, { supports: undefined })
      await using after = await world.restart(20_000)
      await after.beat(host, { pid: 100, startedAt })
      after.pass(5_000)
      expect((await after.handOut(host, { supports: undefined })).run).toHaveLength(1)
      await after.report(host, invokeId, { kind: 'finish', output: 'a' })
      expect(await after.task(invokeId, host)).toMatchObject({ status: 'Success', errorInfo: '' })
    })

    it('a clock that is set forward makes no time without a server, and hides none', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const startedAt = world.now() - 1_000
      const before = await world.run([host])
      await world.handOut(host, { supports: undefined })
      await world.report(host, before, { kind: 'running' })
      await using after = await world.restart(30_000)
      await after.beat(host, { pid: 100, startedAt })
      const behind = await after.run([host])
      await after.handOut(host, { supports: undefined })
      await after.report(host, behind, { kind: 'running' })
      after.setClock(600_000)
      await after.report(host, behind, { kind: 'finish' })
      expect((await after.task(behind, host)).errorInfo).toBe('')
      await after.report(host, before, { kind: 'finish' })
      expect((await after.task(before, host)).errorInfo).toMatch(/^output may be missing/)
    })

    it('a clock that is set back makes no time without a server', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const startedAt = world.now() - 1_000
      await using after = await world.restart(30_000)
      await after.beat(host, { pid: 100, startedAt })
      after.setClock(-600_000)
      const invokeId = await after.run([host])
      await after.handOut(host, { supports: undefined })
      await after.report(host, invokeId, { kind: 'finish' })
      expect(await after.task(invokeId, host)).toMatchObject({ status: 'Success', errorInfo: '' })
    })

    it.each([600_000, -600_000])('how long it took is told, also where our clock was set by %i ms', async (by) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      const startedAt = world.now()
      await world.report(host, invokeId, { kind: 'running' })
      world.setClock(by)
      world.pass(8_000)
      // The time of the host is told by the server's clock, which is another one now.
      await world.report(host, invokeId, { kind: 'finish', startedAt: startedAt + by })
      expect(await world.task(invokeId, host)).toMatchObject({ startedAt, finishedAt: startedAt + 8_000 })
    })

    it('an agent that died while the server was down is noticed at its first heartbeat', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 100 })
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      await using after = await world.restart(30_000)
      await after.beat(host, { pid: 300 })
      const task = await after.task(invokeId, host)
      expect(task).toMatchObject({ status: 'Error', errorCode: 'ClientRestarted' })
      expect(task.errorInfo).toMatch(/server unreachable from .* to /)
    })

    it('deregistering ends what is under way', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host])
      await world.fetch(host)
      await world.report(host, invokeId, { kind: 'running' })
      await world.parts.registry.deregister(host)
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Error', errorCode: 'InstanceDeregistered' })
    })
  })

  describe('liveness (design §6)', () => {
    it('is true for 120 s after the last sign of life', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(120_000)
      expect((await world.status(host)).online).toBe(true)
      world.pass(1)
      expect((await world.status(host)).online).toBe(false)
      world.parts.presence.heard(host)
      expect((await world.status(host)).online).toBe(true)
    })

    it('time with no server up counts against nobody for 70 s after a start', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await using after = await world.restart(3_600_000)
      expect((await after.status(host)).online).toBe(true)
      after.pass(69_999)
      expect((await after.status(host)).online).toBe(true)
      after.pass(1)
      expect((await after.status(host)).online).toBe(false)
    })

    it('a host that was silent before stays silent after the start', async () => {
      await using world = await openWorld()
      const host = await world.host()
      world.pass(200_000)
      await using after = await world.restart(10_000)
      expect((await after.status(host)).online).toBe(false)
    })
  })
}

/** An invocation whose last part was never written. */
const halfWritten = (createdAt: number) => ({
  invokeId: 't-half',
  commandId: 'c-1',
  commandName: '',
  commandDescription: '',
  commandType: 'RunShellScript' as const,
  content: Buffer.from('true'),
  enableParameter: false,
  parameters: '{}',
  username: '',
  windowsPasswordName: '',
  workingDir: '',
  launcher: '',
  terminationMode: '' as const,
  containerId: '',
  containerName: '',
  outputDelivery: '',
  timeoutSeconds: 60,
  resourceGroupId: '',
  keepCommand: false,
  repeatMode: 'Once' as const,
  frequency: '',
  invokedBy: CALLER.accessKeyId,
  createdAt,
  tags: [],
})

const pendingTask = (instanceId: string) => ({
  instanceId,
  state: 'Pending' as const,
  errorCode: '',
  errorInfo: '',
  deadlineAt: 0,
})
