import { describe, expect, it } from 'vitest'
import { inconsistencies } from '../../../../test/load/inconsistencies.js'
import { CALLER, SCOPE, type World } from '../_support.js'
import { newInstance } from './_run-options-support.js'
import type { InvocationChange, RunRequest } from './invocations.js'

const MINUTE = 60_000
const PAGE = { style: 'number', number: 1, size: 10 } as const

/** Changes of invocations that repeat (api.md §7.2). The world begins at 12:00 UTC. */
export const modifySuite = (openWorld: () => Promise<World>): void => {
  const run = (world: World, hosts: readonly string[], script: string, request: Partial<RunRequest>, keep = false) =>
    world.run(hosts, { content: Buffer.from(script), request, timeoutSeconds: 30, keep })
  const modify = (world: World, invokeId: string, change: InvocationChange) =>
    world.parts.domain.invocations.modify(SCOPE, invokeId, change, undefined)
  const told = async (world: World, host: string, fetch = {}) =>
    (await world.handOut(host, fetch)).run.map(
      ({ content, version, repeat }) => `${version} ${Buffer.from(content).toString()} ${repeat.cron}`,
    )
  const invocation = async (world: World, invokeId: string) => {
    const [one] = (await world.parts.domain.invocations.list(SCOPE, { invokeId }, PAGE)).items
    if (one === undefined) throw new Error(`no ${invokeId}`)
    return { ...one, script: Buffer.from(one.commandContent).toString() }
  }
  const history = async (world: World, invokeId: string) =>
    (await world.parts.domain.invocations.results(SCOPE, { invokeId, includeHistory: true }, PAGE)).items.map(
      ({ status, output }) => `${status} ${Buffer.from(output ?? []).toString()}`,
    )
  const script = (text: string): InvocationChange => ({ content: Buffer.from(text) })

  describe('a changed invocation', () => {
    it('is told again to the hosts that have it, each once', async () => {
      await using world = await openWorld()
      const [one, two, away] = [await world.host(), await world.host(), await world.host()]
      const invokeId = await run(world, [one, two, away], 'old', { frequency: 'rate(5m)' })
      for (const host of [one, two]) expect(await told(world, host)).toEqual(['1 old rate(5m)'])
      // Long behind what a lost answer would be asked for again.
      world.pass(2 * MINUTE)
      for (const host of [one, two]) await world.beat(host)
      expect(await told(world, one)).toEqual([])
      const { commandId } = await modify(world, invokeId, { ...script('new'), frequency: 'rate(10m)' })
      expect(await invocation(world, invokeId)).toMatchObject({ commandId, script: 'new', frequency: 'rate(10m)' })
      expect(await world.parts.tasks.hasWork(one)).toBe(true)
      for (const host of [one, two]) expect(await told(world, host)).toEqual(['2 new rate(10m)'])
      world.pass(2 * MINUTE)
      expect(await told(world, one)).toEqual([])
      expect(await world.parts.tasks.hasWork(one)).toBe(false)
      expect(await world.task(invokeId, one)).toMatchObject({ status: 'Scheduled' })
    })

    it('tells of each run the command that it ran, and finds it by that', async () => {
      await using world = await openWorld()
      const [host, slow] = [await world.host(), await world.host()]
      const invokeId = await run(world, [host, slow], 'old', { frequency: 'rate(5m)' })
      const { commandId: old } = await invocation(world, invokeId)
      for (const one of [host, slow]) await world.handOut(one)
      const finish = async (one: string, output: string) => {
        await world.beat(one)
        await world.report(one, invokeId, { kind: 'finish', output })
      }
      world.pass(5 * MINUTE)
      for (const one of [host, slow]) await finish(one, 'of old')
      world.pass(5 * MINUTE)
      await world.beat(host)
      await world.report(host, invokeId, { kind: 'running' })
      const { commandId: changed } = await modify(world, invokeId, script('new'))
      // What is under way ends as it began.
      await world.report(host, invokeId, { kind: 'finish', output: 'still of old' })
      await world.handOut(host)
      const results = async (filter: object): Promise<readonly string[]> =>
        (await world.parts.domain.invocations.results(SCOPE, filter, PAGE)).items
          .filter(({ instanceId }) => instanceId === host)
          .map(({ commandId, output }) => `${commandId} ${Buffer.from(output ?? []).toString()}`)
      expect(await results({ invokeId })).toEqual([`${old} still of old`])
      expect(await results({ commandId: old })).toEqual([`${old} still of old`])
      expect(await results({ commandId: changed })).toEqual([])
      world.pass(5 * MINUTE)
      await finish(host, 'of new')
      await modify(world, invokeId, { frequency: 'rate(10m)' })
      expect(await results({ invokeId, includeHistory: true })).toEqual([
        `${changed} of new`,
        `${old} still of old`,
        `${old} of old`,
      ])
      expect(await results({ commandId: changed, invokeId, includeHistory: true })).toEqual([`${changed} of new`])
      expect(await results({ commandId: old, invokeId, includeHistory: true })).toEqual([
        `${old} still of old`,
        `${old} of old`,
      ])
      expect(await results({ commandId: changed })).toEqual([`${changed} of new`])
      expect(await results({ commandId: old })).toEqual([])
      const page = await world.parts.domain.invocations.results(SCOPE, { commandId: old }, PAGE)
      expect(page).toMatchObject({ totalCount: 1, items: [{ instanceId: slow, commandId: old }] })
    })

    it('is what a host gets that had not taken it, and a new process of an agent', async () => {
      await using world = await openWorld()
      const [host, slow] = [await world.host(), await world.host()]
      const invokeId = await run(world, [host, slow], 'old', { frequency: 'rate(5m)' })
      await told(world, host)
      await modify(world, invokeId, script('new'))
      expect(await told(world, slow)).toEqual(['2 new rate(5m)'])
      world.pass(MINUTE)
      await world.beat(host, { pid: 200 })
      expect(await told(world, host, { reason: 'startup' })).toEqual(['2 new rate(5m)'])
      world.pass(2 * MINUTE)
      expect(await told(world, host)).toEqual([])
    })

    it('waits for a run under way, which ends as it began', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'old', { frequency: 'rate(5m)' })
      await told(world, host)
      world.pass(5 * MINUTE)
      await world.beat(host)
      await world.report(host, invokeId, { kind: 'running', run: 1 })
      await modify(world, invokeId, script('new'))
      expect(await told(world, host)).toEqual([])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Running' })
      await world.report(host, invokeId, { kind: 'finish', run: 1, output: 'of old' })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled', repeats: 1 })
      expect(await told(world, host)).toEqual(['2 new rate(5m)'])
      world.pass(20_000)
      await world.report(host, invokeId, { kind: 'running', run: 2 })
      await world.report(host, invokeId, { kind: 'finish', run: 2, output: 'of new' })
      expect(await history(world, invokeId)).toEqual(['Success of new', 'Success of old'])
    })

    it('that gets another kind of schedule goes by it from then on', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' })
      await told(world, host)
      world.pass(5 * MINUTE)
      await world.beat(host)
      await world.report(host, invokeId, { kind: 'running', run: 1 })
      await modify(world, invokeId, { frequency: 'at(2026-01-15 12:10:00)' })
      // Its run is one of the rate, and the end of nothing.
      await world.report(host, invokeId, { kind: 'finish', run: 1 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled' })
      expect(await told(world, host)).toEqual(['2 a at(2026-01-15T12:10:00)'])
      world.pass(5 * MINUTE)
      await world.report(host, invokeId, { kind: 'running', run: 2 })
      await world.report(host, invokeId, { kind: 'finish', run: 2 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Success', repeats: 2 })
      await expect(modify(world, invokeId, script('b'))).rejects.toMatchObject({ kind: 'invocation/over' })
    })

    it('that was to run once may repeat instead, and is not ended by its old time', async () => {
      await using world = await openWorld()
      const [host, runs] = [await world.host(), await world.host()]
      const invokeId = await run(world, [host, runs], 'a', { frequency: 'at(2026-01-15 12:10:00)' })
      for (const one of [host, runs]) await told(world, one)
      world.pass(10 * MINUTE)
      for (const one of [host, runs]) await world.beat(one)
      await world.report(runs, invokeId, { kind: 'running', run: 1 })
      await modify(world, invokeId, { frequency: '0 0 * * * ?' })
      await world.report(runs, invokeId, { kind: 'finish', run: 1 })
      world.pass(5 * MINUTE)
      await world.parts.sweeps.expireNow()
      for (const one of [host, runs]) {
        expect(await world.task(invokeId, one)).toMatchObject({ status: 'Scheduled' })
        expect(await told(world, one)).toEqual(['2 a 0 0 * * * ?'])
      }
    })

    it('does not listen to what is said of the schedule before', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'a', { frequency: '0 0 13 * * ? 2026' })
      await told(world, host)
      await modify(world, invokeId, { frequency: '0 0 * * * ?' })
      await world.report(host, invokeId, { kind: 'invalid', param: 'cron', value: 'CronExpressionExpired' })
      await world.report(host, invokeId, { kind: 'stopped', result: 'completed', startedAt: 0 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled' })
      await told(world, host)
      // Late, by an agent that tells of what it speaks.
      await world.report(host, invokeId, { kind: 'stopped', result: 'completed', startedAt: 0, version: 1 })
      await world.report(host, invokeId, { kind: 'invalid', param: 'cron', value: 'InvalidCron', version: 1 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Scheduled' })
      await world.report(host, invokeId, { kind: 'invalid', param: 'cron', value: 'InvalidCron', version: 2 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid' })
    })

    it('may run soon behind a run of the schedule before', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(1d)' })
      await told(world, host)
      await world.report(host, invokeId, { kind: 'running', run: 1 })
      await world.report(host, invokeId, { kind: 'finish', run: 1, output: 'one' })
      world.pass(MINUTE)
      await modify(world, invokeId, { frequency: '0 2 12 * * ?' })
      await told(world, host)
      world.pass(MINUTE)
      await world.report(host, invokeId, { kind: 'finish', run: 2, output: 'two' })
      expect(await history(world, invokeId)).toEqual(['Success two', 'Success one'])
    })

    it('is given to added hosts, and leaves those that it has alone', async () => {
      await using world = await openWorld()
      const [one, two] = [await world.host(), await world.host()]
      const invokeId = await run(world, [one], 'a', { frequency: 'rate(5m)' })
      await told(world, one)
      const before = await invocation(world, invokeId)
      expect(await modify(world, invokeId, { instanceIds: [one, two, two] })).toEqual({ commandId: before.commandId })
      const after = await invocation(world, invokeId)
      expect(after.tasks.map(({ instanceId, status }) => [instanceId, status])).toEqual([
        [one, 'Scheduled'],
        [two, 'Pending'],
      ])
      expect(await world.status(two)).toMatchObject({ invocations: 1 })
      expect(await told(world, two)).toEqual(['1 a rate(5m)'])
      world.pass(2 * MINUTE)
      expect(await told(world, one)).toEqual([])
      expect((await invocation(world, invokeId)).status).toBe('Scheduled')
    })

    it('adds none where one is not there, or too many', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const windows = await newInstance(world, 'Windows', '2.1.3.600')
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' })
      const refused = (instanceIds: readonly string[]) => modify(world, invokeId, { ...script('b'), instanceIds })
      await expect(refused(['mi-none'])).rejects.toMatchObject({ kind: 'instance/not-found' })
      await expect(refused([windows])).rejects.toMatchObject({ kind: 'instance/does-not-match-command' })
      const many = Array.from({ length: 2_000 }, (_, index) => `mi-${index}`)
      await expect(refused(many)).rejects.toMatchObject({ kind: 'invocation/too-many-instances', values: [2_000] })
      expect(await invocation(world, invokeId)).toMatchObject({ script: 'a' })
    })

    it('that waits for hosts to come back gets no other hosts, but another script', async () => {
      await using world = await openWorld()
      const [host, more] = [await world.host(), await world.host()]
      const rollout = { offlineTimeoutSeconds: 3_600 }
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)', rollout })
      await expect(modify(world, invokeId, { instanceIds: [more] })).rejects.toMatchObject({
        kind: 'operation/forbidden',
      })
      await modify(world, invokeId, { ...script('b'), instanceIds: [host] })
      expect(await told(world, host)).toEqual(['2 b rate(5m)'])
    })

    it('at a start of its hosts is what the next start gets', async () => {
      await using world = await openWorld()
      const [next, every] = [await world.host(), await world.host()]
      const once = await run(world, [next], 'old', { repeatMode: 'NextRebootOnly' })
      const each = await run(world, [every], 'old', { repeatMode: 'EveryReboot' })
      for (const invokeId of [once, each]) await modify(world, invokeId, script('new'))
      for (const host of [next, every]) {
        await world.beat(host, { pid: 200, coldStart: true })
        expect(await told(world, host, { reason: 'startup', coldStart: true })).toEqual(['2 new '])
      }
      // The answer may have been lost, but not with another version behind it: that would be another task.
      await modify(world, once, script('newer'))
      world.pass(5_000)
      expect(await told(world, next)).toEqual([])
      await world.report(next, once, { kind: 'finish' })
      expect(await world.task(once, next)).toMatchObject({ status: 'Success' })
    })

    it('is stopped as any other', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' })
      await told(world, host)
      await modify(world, invokeId, script('b'))
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, undefined)
      // Stopping is not over: what is not told to anybody may still be changed.
      await modify(world, invokeId, script('c'))
      const { run: runs, stop } = await world.handOut(host)
      expect([runs.length, stop.map(({ version }) => version)]).toEqual([0, [3]])
      await world.report(host, invokeId, { kind: 'stopped', startedAt: 0, version: 1 })
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Cancelled' })
    })
  })

  describe('a host that is named once more', () => {
    const add = (world: World, invokeId: string, ...instanceIds: string[]) => modify(world, invokeId, { instanceIds })

    it.each(['rate(5m)', undefined])('was away, and gets it as one that is new: %s', async (frequency) => {
      await using world = await openWorld()
      const [here, away] = [await world.host(), await world.host()]
      world.pass(5 * MINUTE)
      await world.beat(here)
      const request = frequency === undefined ? ({ repeatMode: 'EveryReboot' } as const) : { frequency }
      const invokeId = await run(world, [here, away], 'a', request)
      await told(world, here)
      expect(await world.task(invokeId, away)).toMatchObject({ status: 'Aborted', errorCode: 'ClientNotRunning' })
      // Still away: it is said again, of now.
      world.pass(MINUTE)
      await world.beat(here)
      await add(world, invokeId, away)
      expect(await world.task(invokeId, away)).toMatchObject({ status: 'Aborted', createdAt: world.now() })
      await world.beat(away)
      await add(world, invokeId, away, here)
      const isSchedule = frequency !== undefined
      expect(await world.task(invokeId, away)).toMatchObject({
        status: isSchedule ? 'Pending' : 'Scheduled',
        errorCode: '',
        errorInfo: '',
        createdAt: world.now(),
      })
      expect(await invocation(world, invokeId)).toMatchObject({ status: isSchedule ? 'Pending' : 'Scheduled' })
      expect(await told(world, away, { reason: 'startup', coldStart: true })).toHaveLength(1)
      expect(await world.status(away)).toMatchObject({ invocations: 1, active: 0 })
      await world.report(away, invokeId, { kind: 'running' })
      expect(await world.status(away)).toMatchObject({ invocations: 1, active: 1 })
      await world.report(away, invokeId, { kind: 'finish' })
      expect(await world.task(invokeId, away)).toMatchObject({ status: 'Scheduled', repeats: 1 })
      expect((await invocation(world, invokeId)).tasks).toHaveLength(2)
      expect(await inconsistencies(world.parts.database.reader)).toEqual([])
    })

    it('was stopped before it got it, and gets it after all', async () => {
      await using world = await openWorld()
      const [one, two] = [await world.host(), await world.host()]
      const invokeId = await run(world, [one, two], 'a', { frequency: 'rate(5m)' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [two])
      expect(await world.task(invokeId, two)).toMatchObject({ status: 'Cancelled' })
      await add(world, invokeId, two)
      expect(await world.task(invokeId, two)).toMatchObject({ status: 'Pending', stoppedAt: undefined })
      expect(await told(world, two)).toEqual(['1 a rate(5m)'])
      expect(await inconsistencies(world.parts.database.reader)).toEqual([])
    })

    it('has had it, and keeps what became of it: then nobody is added', async () => {
      await using world = await openWorld()
      const [one, two, third] = [await world.host(), await world.host(), await world.host()]
      const invokeId = await run(world, [one, two], 'a', { frequency: 'rate(5m)' })
      await told(world, two)
      await world.report(two, invokeId, { kind: 'running' })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [two])
      await world.fetch(two)
      await world.report(two, invokeId, { kind: 'stopped' })
      expect(await world.task(invokeId, two)).toMatchObject({ status: 'Terminated' })
      await expect(add(world, invokeId, third, two)).rejects.toMatchObject({ kind: 'invocation/instance-over' })
      expect((await invocation(world, invokeId)).tasks).toHaveLength(2)
      expect(await world.task(invokeId, two)).toMatchObject({ status: 'Terminated' })
    })

    it('is added once by calls at the same time', async () => {
      await using world = await openWorld()
      const [here, away] = [await world.host(), await world.host()]
      world.pass(5 * MINUTE)
      await world.beat(here)
      const invokeId = await run(world, [here, away], 'a', { frequency: 'rate(5m)' })
      await told(world, here)
      await world.beat(away)
      const stop = world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [here])
      await Promise.all([stop, ...Array.from({ length: 5 }, () => add(world, invokeId, away))])
      expect(await told(world, away)).toEqual(['1 a rate(5m)'])
      expect(await inconsistencies(world.parts.database.reader)).toEqual([])
    })
  })

  describe('the command of a changed invocation', () => {
    it('is another one for another script, kept where the one before was', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { commands } = world.parts.domain
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' }, true)
      const first = (await invocation(world, invokeId)).commandId
      expect(await modify(world, invokeId, { ...script('a'), frequency: 'rate(6m)' })).toEqual({ commandId: first })
      const { commandId } = await modify(world, invokeId, script('b'))
      expect(commandId).not.toBe(first)
      const kept = (await commands.list(SCOPE, {}, PAGE)).items
      expect(kept.map((one) => [one.commandId, Buffer.from(one.content).toString(), one.invokeTimes])).toEqual([
        [commandId, 'b', 1],
        [first, 'a', 1],
      ])
      // Nothing is running with the one before.
      await commands.delete(SCOPE, first)
      await expect(commands.delete(SCOPE, commandId)).rejects.toMatchObject({ kind: 'command/in-use' })
      for (const text of ['c', 'd', 'e', 'f']) await modify(world, invokeId, script(text))
      await expect(modify(world, invokeId, script('g'))).rejects.toMatchObject({
        kind: 'command/quota-exceeded',
        values: [5],
      })
    })

    it('is nobody’s where it was not kept', async () => {
      await using world = await openWorld()
      const invokeId = await run(world, [await world.host()], 'a', { frequency: 'rate(5m)' })
      const { commandId } = await modify(world, invokeId, script('b'))
      expect((await invocation(world, invokeId)).commandId).toBe(commandId)
      expect((await world.parts.domain.commands.list(SCOPE, {}, PAGE)).totalCount).toBe(0)
    })

    it('keeps its command where nothing of it is other than before', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], {
        content: Buffer.from('{{a}}'),
        enableParameter: true,
        request: { frequency: 'rate(5m)', parameters: new Map([['a', '1']]) },
      })
      const { commandId } = await invocation(world, invokeId)
      for (const change of [
        {},
        { enableParameter: false },
        { enableParameter: true },
        { ...script('{{a}}'), enableParameter: false },
        { ...script('{{a}}'), enableParameter: true, parameters: new Map([['a', '1']]) },
        { frequency: 'rate(5m)' },
      ])
        expect(await modify(world, invokeId, change)).toEqual({ commandId })
      expect(await told(world, host)).toEqual(['1 1 rate(5m)'])
    })

    it('takes other values, and keeps those that it still has names for', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], {
        content: Buffer.from('{{a}}-{{b}}'),
        enableParameter: true,
        request: {
          frequency: 'rate(5m)',
          parameters: new Map([
            ['a', '1'],
            ['b', '2'],
          ]),
        },
      })
      expect(await told(world, host)).toEqual(['1 1-2 rate(5m)'])
      await modify(world, invokeId, { parameters: new Map([['A', '3']]) })
      expect(await told(world, host)).toEqual(['2 3- rate(5m)'])
      await modify(world, invokeId, script('{{a}}+{{c}}'))
      expect(await told(world, host)).toEqual(['3 3+ rate(5m)'])
      const values = { parameters: new Map([['a', '1']]), enableParameter: false }
      await expect(modify(world, invokeId, values)).rejects.toMatchObject({ kind: 'parameters/disabled' })
      await modify(world, invokeId, { ...script('{{a}}/{{c}}'), enableParameter: false })
      expect(await told(world, host)).toEqual(['4 {{a}}/{{c}} rate(5m)'])
      await expect(modify(world, invokeId, { parameters: new Map([['a', '1']]) })).rejects.toMatchObject({
        kind: 'parameters/disabled',
      })
    })
  })

  describe('what cannot be changed', () => {
    it.each(['2.2.3.541', '1.0', ''])('is run by an agent of version "%s"', async (version) => {
      await using world = await openWorld()
      const [old, young] = [await newInstance(world, 'Linux', version), await world.host()]
      const invokeId = await run(world, [old, young], 'a', { frequency: '0 0 * * * ?' })
      const added = await world.host()
      await expect(modify(world, invokeId, script('b'))).rejects.toMatchObject({ kind: 'invocation/agent-too-old' })
      // Instances may be added, whatever the agents are: nothing is told to the others.
      await modify(world, invokeId, { instanceIds: [added] })
      await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [old])
      await modify(world, invokeId, script('b'))
    })

    it('runs once, is over, or is not there', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const once = await world.run([host])
      await expect(modify(world, once, script('b'))).rejects.toMatchObject({ kind: 'invocation/not-repeating' })
      await expect(modify(world, 't-none', script('b'))).rejects.toMatchObject({ kind: 'invocation/not-found' })
      const over = await run(world, [host], 'a', { frequency: 'rate(5m)' })
      const stranger = { ...SCOPE, accountId: '2000000000000002' }
      await expect(world.parts.domain.invocations.modify(stranger, over, script('b'), undefined)).rejects.toMatchObject(
        { kind: 'invocation/not-found' },
      )
      await world.parts.domain.invocations.stop(SCOPE, CALLER, over, undefined)
      await expect(modify(world, over, script('b'))).rejects.toMatchObject({ kind: 'invocation/over' })
    })

    it('is a schedule that cannot be', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' })
      const reboot = await run(world, [host], 'a', { repeatMode: 'EveryReboot' })
      const wrong = { kind: 'frequency/not-possible' }
      await expect(modify(world, invokeId, { frequency: 'at(2020-01-01 00:00:00)' })).rejects.toMatchObject(wrong)
      await expect(modify(world, invokeId, { frequency: '*/20 * * * * ?' })).rejects.toMatchObject(wrong)
      await expect(modify(world, reboot, { frequency: 'rate(5m)' })).rejects.toMatchObject(wrong)
    })
  })

  it('changes that come at once come one after the other', async () => {
    await using world = await openWorld()
    const hosts = [await world.host(), await world.host()]
    const invokeId = await run(world, hosts.slice(0, 1), 'a', { frequency: 'rate(5m)' })
    await told(world, hosts[0] ?? '')
    const texts = Array.from({ length: 8 }, (_, index) => `b${index}`)
    await Promise.all(texts.map((text) => modify(world, invokeId, { ...script(text), instanceIds: hosts })))
    const { script: last, tasks } = await invocation(world, invokeId)
    expect(texts).toContain(last)
    expect(tasks).toHaveLength(2)
    for (const host of hosts) expect(await told(world, host)).toEqual([`9 ${last} rate(5m)`])
  })

  it('a change that another server wrote is what this one tells', async () => {
    await using world = await openWorld()
    const host = await world.host()
    const invokeId = await run(world, [host], 'old', { frequency: 'rate(5m)' })
    await told(world, host)
    await world.parts.stores.write(async (w) => {
      const content = Buffer.from('other')
      const change = {
        commandId: 'c-2',
        content,
        enableParameter: false,
        parameters: '{}',
        secrets: 'none' as const,
        frequency: 'rate(7m)',
      }
      await w.invocations.change(invokeId, { ...change, version: 2 }, world.now())
    })
    world.pass(2 * MINUTE)
    expect(await told(world, host)).toEqual(['2 other rate(7m)'])
  })

  it('with a ClientToken is made once', async () => {
    await using world = await openWorld()
    const host = await world.host()
    const invokeId = await run(world, [host], 'a', { frequency: 'rate(5m)' }, true)
    const repeat = { action: 'ModifyInvocationAttribute', clientToken: 'x', fingerprint: 'f' }
    const once = () => world.parts.domain.invocations.modify(SCOPE, invokeId, script('b'), repeat)
    const first = await once()
    await modify(world, invokeId, script('c'))
    expect(await once()).toEqual(first)
    expect(await invocation(world, invokeId)).toMatchObject({ script: 'c' })
  })
}
