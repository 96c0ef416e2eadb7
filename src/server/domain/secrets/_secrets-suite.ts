import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, SCRIPT, type World } from '../_support.js'
import { newInstance } from '../invocations/_run-options-support.js'
import type { AgentFeature, HandedOutTask } from '../invocations/agent-tasks.js'

const OURS: ReadonlySet<AgentFeature> = new Set(['launcher', 'termination-mode', 'container', 'secrets'])
const PAGE = { style: 'number', number: 1, size: 10 } as const
const SECRET = 'p4ss-w0rd & {{ACS::InstanceId}} ü'
const OTHER = 'another-value'
const REFUSED = 'keeps every script on its disk'

const textOf = (task: HandedOutTask | undefined): string => Buffer.from(task?.content ?? []).toString()

const set = (world: World, name: string, value: string) => world.parts.domain.secrets.create(SCOPE, name, value, '')

const runWith = (world: World, host: string, content: string, options: Parameters<World['run']>[1] = {}) =>
  world.run([host], { content: Buffer.from(content), enableParameter: true, ...options })

/** What a door does with a task that is not to be sent. */
const withhold = (world: World, host: string, task: HandedOutTask | undefined): Promise<void> => {
  const { param, why } = task?.refused ?? { param: '', why: '' }
  const taskId = task?.taskId ?? ''
  return world.parts.tasks.report(host, { kind: 'invalid', taskId, param, value: why, withheld: true })
}

const TABLES = [
  'secret_parameter',
  'handed_out_secret',
  'held_output',
  'audit',
  'command',
  'invocation',
  'script',
  'task',
  'task_output',
  'task_run',
]

/** Everything that the tables hold, bytes as they are. */
const stored = async ({ parts: { database } }: World): Promise<string> => {
  const texts: string[] = []
  for (const table of TABLES) {
    for (const row of await database.reader.all(`select * from ${table}`)) {
      for (const value of Object.values(row))
        texts.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))
    }
  }
  return texts.join('\n')
}

const rowsOf = async ({ parts: { database } }: World, table: string): Promise<number> =>
  (await database.reader.all(`select * from ${table}`)).length

/** The parameter store and what runs do with it, held by the whole server on one database. */
export const secretsSuite = (openWorld: () => Promise<World>): void => {
  describe('the parameter store', () => {
    it('keeps secrets by name, with their versions, and tells no value', async () => {
      await using world = await openWorld()
      const { secrets } = world.parts.domain
      await secrets.create({ ...SCOPE, actor: 'LTAI-one' }, 'db', SECRET, 'of the database')
      world.pass(60_000)
      const changed = await secrets.update({ ...SCOPE, actor: 'LTAI-two' }, 'db', OTHER, undefined)
      expect(changed).toEqual({
        secretId: expect.stringMatching(/^p-/),
        name: 'db',
        description: 'of the database',
        version: 2,
        createdAt: world.now() - 60_000,
        createdBy: 'LTAI-one',
        updatedAt: world.now(),
        updatedBy: 'LTAI-two',
      })
      expect(await secrets.get(SCOPE, 'db')).toEqual(changed)
      await set(world, 'key', 'v')
      const { items, totalCount } = await secrets.list(SCOPE, {}, PAGE)
      expect([items.map(({ name }) => name).toSorted(), totalCount]).toEqual([['db', 'key'], 2])
      expect((await secrets.list(SCOPE, { name: 'db' }, PAGE)).items).toEqual([changed])
      await secrets.remove(SCOPE, 'db')
      await expect(secrets.get(SCOPE, 'db')).rejects.toMatchObject({ kind: 'secret/not-found' })
      expect((await set(world, 'db', SECRET)).version).toBe(1)
    })

    it('tells what cannot be', async () => {
      await using world = await openWorld()
      const { secrets } = world.parts.domain
      await set(world, 'db', SECRET)
      const none = { kind: 'secret/not-found' }
      await expect(set(world, 'db', OTHER)).rejects.toMatchObject({ kind: 'secret/exists' })
      await expect(secrets.update(SCOPE, 'none', OTHER, undefined)).rejects.toMatchObject(none)
      await expect(secrets.remove(SCOPE, 'none')).rejects.toMatchObject(none)
      for (const scope of [
        { ...SCOPE, accountId: '2' },
        { ...SCOPE, regionId: 'cn-beijing' },
      ]) {
        await expect(secrets.get(scope, 'db')).rejects.toMatchObject(none)
        expect((await secrets.list(scope, {}, PAGE)).items).toEqual([])
      }
    })

    it('makes one of two that are made at once', async () => {
      await using world = await openWorld()
      const made = await Promise.allSettled([set(world, 'db', SECRET), set(world, 'db', OTHER)])
      expect(made.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      const { secrets } = world.parts.domain
      await Promise.all([secrets.update(SCOPE, 'db', 'a', undefined), secrets.update(SCOPE, 'db', 'b', undefined)])
      expect((await secrets.get(SCOPE, 'db')).version).toBe(3)
    })

    it('audits what was set and removed, without the value', async () => {
      await using world = await openWorld()
      const { secrets } = world.parts.domain
      await set(world, 'db', SECRET)
      await secrets.update(SCOPE, 'db', OTHER, undefined)
      await secrets.remove(SCOPE, 'db')
      const entries = await world.parts.database.reader.all('select action, subject, detail from audit order by seq')
      expect(entries.map((row) => [row['action'], row['subject'], row['detail']])).toEqual([
        ['CreateSecretParameter', 'db', '{"version":1}'],
        ['UpdateSecretParameter', 'db', '{"version":2}'],
        ['DeleteSecretParameter', 'db', '{"version":2}'],
      ])
    })
  })

  describe('a script that refers to secrets', () => {
    it.each([
      ['in the script', 'echo "{{oos-secret:db}}" {{ACS::InstanceId}}', undefined],
      ['by the other word, with blanks', 'echo "{{ oos : db }}" {{ ACS::InstanceId }}', undefined],
      ['in a value', 'echo "{{p}}" {{ACS::InstanceId}}', new Map([['p', '{{oos-secret:db}}']])],
      ['in a script and a value together', 'echo "{{oos-secret:{{p}}}}" {{ACS::InstanceId}}', new Map([['p', 'db']])],
    ])('%s has them when it is handed out, and is stored as it was', async (_where, script, parameters) => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const invokeId = await runWith(world, host, script, { request: { parameters } })
      const { run } = await world.handOut(host, { supports: OURS })
      expect(run.map(textOf)).toEqual([`echo "${SECRET}" ${host}`])
      expect(run).toMatchObject([{ secrets: [SECRET], enableParameter: false }])
      const { items } = await world.parts.domain.invocations.list(SCOPE, { invokeId }, PAGE)
      expect(Buffer.from(items[0]?.commandContent ?? []).toString()).toBe(script)
      expect(await stored(world)).not.toContain('p4ss')
    })

    it('has what a secret is at that moment, and hosts are audited', async () => {
      await using world = await openWorld()
      const [one, two] = [await world.host(), await world.host()]
      await set(world, 'db', SECRET)
      const invokeId = await world.run([one, two], { content: Buffer.from('{{oos:db}}'), enableParameter: true })
      expect(textOf((await world.handOut(one, { supports: OURS })).run[0])).toBe(SECRET)
      await world.parts.domain.secrets.update(SCOPE, 'db', OTHER, undefined)
      expect(textOf((await world.handOut(two, { supports: OURS })).run[0])).toBe(OTHER)
      const entries = await world.parts.database.reader.all(
        `select actor, subject, detail from audit where action = 'agent/take-secrets' order by seq`,
      )
      expect(entries.map((row) => [row['actor'], row['subject'], JSON.parse(String(row['detail']))])).toEqual([
        [one, invokeId, { amount: 1, secrets: 'db@1' }],
        [two, invokeId, { amount: 1, secrets: 'db@2' }],
      ])
    })

    it('is one of the command’s, too, which need not know them when it is kept', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const command = { ...SCRIPT, content: Buffer.from('{{oos-secret:db}} {{a}}'), enableParameter: true }
      const { commandId } = await world.parts.domain.commands.create(SCOPE, command, undefined)
      const invoke = () =>
        world.parts.domain.invocations.invoke(
          SCOPE,
          CALLER,
          commandId,
          { targets: { by: 'id', instanceIds: [host] }, username: '', resourceGroupId: '', tags: [] },
          undefined,
        )
      await expect(invoke()).rejects.toMatchObject({ kind: 'parameters/secret-not-valid' })
      await set(world, 'db', SECRET)
      await invoke()
      expect(textOf((await world.handOut(host, { supports: OURS })).run[0])).toBe(`${SECRET} `)
    })

    it.each([
      '{{oos-secret:none}}',
      '{{oos-secret:}}',
      '{{oos-secret:a b}}',
      '{{oos:db.x}}',
      '{{oos:\0}}',
      '{{oos:ä}}',
    ])('is refused with one that is not there: %s', async (content) => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      await expect(runWith(world, host, content)).rejects.toMatchObject({ kind: 'parameters/secret-not-valid' })
    })

    it('is refused with more of them than fifty', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const script = Array.from({ length: 51 }, (_, index) => `{{oos:s${index}}}`).join('')
      await expect(runWith(world, host, script)).rejects.toMatchObject({ kind: 'parameters/too-many' })
    })

    it('that its host may have already is not said to be refused when it is asked for again', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const once = await runWith(world, host, 'echo {{oos:db}}')
      const schedule = await runWith(world, host, 'echo {{oos:db}}', { request: { frequency: 'rate(1h)' } })
      expect((await world.handOut(host, { supports: OURS })).run).toHaveLength(2)
      await world.parts.domain.secrets.remove(SCOPE, 'db')
      world.pass(5_000)
      expect((await world.handOut(host, { supports: OURS })).run).toEqual([])
      await world.report(host, once, { kind: 'finish', output: 'done' })
      expect(await world.task(once, host)).toMatchObject({ status: 'Success' })
      expect(await world.task(schedule, host)).toMatchObject({ status: 'Scheduled' })
      // Another process has neither, and cannot get it.
      await world.beat(host, { pid: 2 })
      const { run } = await world.handOut(host, { reason: 'startup', supports: OURS })
      expect(run).toMatchObject([{ taskId: schedule, refused: { param: 'QueryParameterStoreFailed' } }])
    })

    it('is left as it is without parameters', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await runWith(world, host, '{{oos-secret:none}}', { enableParameter: false })
      expect(textOf((await world.handOut(host)).run[0])).toBe('{{oos-secret:none}}')
    })

    it('is refused where it is too long with them, at once and when they have grown since', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', 'x'.repeat(4_096))
      const refers = '{{oos:db}}'
      await expect(runWith(world, host, refers.repeat(5))).rejects.toMatchObject({ kind: 'command/content-too-long' })
      await set(world, 'short', 'x')
      const invokeId = await runWith(world, host, '{{oos:short}}'.repeat(5))
      await world.parts.domain.secrets.update(SCOPE, 'short', 'x'.repeat(4_096), undefined)
      const { run } = await world.handOut(host, { supports: OURS })
      await withhold(world, host, run[0])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid', errorCode: 'CommandNotApplicable' })
    })

    it('ends where one was removed meanwhile, and says which', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const invokeId = await runWith(world, host, 'echo {{oos-secret:db}}')
      await world.parts.domain.secrets.remove(SCOPE, 'db')
      const { run } = await world.handOut(host, { supports: OURS })
      expect(run.map(textOf)).toEqual(['echo {{oos-secret:db}}'])
      await withhold(world, host, run[0])
      expect(await world.task(invokeId, host)).toMatchObject({
        status: 'Invalid',
        errorCode: 'QueryParameterStoreFailed',
        errorInfo: expect.stringContaining('the secret db is not there any more'),
      })
    })

    it('ends with a built-in parameter that nobody knows, before a secret leaves', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const invokeId = await runWith(world, host, '{{oos:db}} {{ACS::Nothing}}')
      const { run } = await world.handOut(host, { supports: OURS })
      expect(textOf(run[0])).not.toContain('p4ss')
      await withhold(world, host, run[0])
      expect(await world.task(invokeId, host)).toMatchObject({ errorCode: 'InvalidSystemBuiltInParameter' })
    })

    it('is one of an invocation that is changed, too, and what went out before stays hidden', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { secrets, invocations } = world.parts.domain
      await set(world, 'db', SECRET)
      await set(world, 'other', OTHER)
      const request = { frequency: 'rate(1h)' }
      const invokeId = await runWith(world, host, 'echo "{{oos:db}}"', { request })
      await world.handOut(host, { supports: OURS })
      const modify = (content: string) =>
        invocations.modify(SCOPE, invokeId, { content: Buffer.from(content) }, undefined)
      await expect(modify('{{oos:none}}')).rejects.toMatchObject({ kind: 'parameters/secret-not-valid' })
      await modify('echo "{{oos:other}}"')
      expect((await world.handOut(host, { supports: OURS })).run).toMatchObject([{ secrets: [OTHER] }])
      await modify('echo plain')
      await secrets.remove(SCOPE, 'other')
      expect((await world.handOut(host, { supports: OURS })).run.map(textOf)).toEqual(['echo plain'])
      const startedAt = world.now()
      await world.report(host, invokeId, { kind: 'finish', startedAt, output: `${SECRET} ${OTHER}` })
      expect(Buffer.from((await world.task(invokeId, host)).output ?? []).toString()).toBe('*** ***')
    })

    it('does not become one where a host keeps scripts on its disk', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const invokeId = await runWith(world, host, 'echo plain', { request: { frequency: 'rate(1h)' } })
      await world.handOut(host)
      const change = { content: Buffer.from('{{oos:db}}') }
      await expect(world.parts.domain.invocations.modify(SCOPE, invokeId, change, undefined)).rejects.toMatchObject({
        kind: 'invocation/agent-keeps-scripts',
        detail: `That is so on ${host}.`,
      })
    })

    it('is checked by hosts without them', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      await runWith(world, host, 'echo {{oos:db}} {{ACS::InstanceId}}', { request: { repeatMode: 'DryRun' } })
      const { test } = await world.handOut(host)
      expect(test.map(textOf)).toEqual(['echo *** {{ACS::InstanceId}}'])
      expect(await rowsOf(world, 'handed_out_secret')).toBe(0)
    })
  })

  describe('an agent that keeps scripts on its disk', () => {
    it('is told none where its caller did not allow it, as soon as it is known', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const unknown = await runWith(world, host, 'echo {{oos:db}}')
      const { run } = await world.handOut(host)
      expect(textOf(run[0])).not.toContain('p4ss')
      await withhold(world, host, run[0])
      const known = await runWith(world, host, 'echo {{oos:db}}')
      for (const invokeId of [unknown, known])
        expect(await world.task(invokeId, host)).toMatchObject({
          status: 'Invalid',
          errorCode: 'CommandNotApplicable',
          errorInfo: expect.stringContaining(REFUSED),
        })
      expect((await world.handOut(host)).run).toEqual([])
    })

    it('is told them where it was allowed, and not what to hide', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      await world.handOut(host, { reason: 'startup' })
      await runWith(world, host, 'echo {{oos:db}}', { request: { allowSecretOnDisk: true } })
      const { run } = await world.handOut(host)
      expect(run.map(textOf)).toEqual([`echo ${SECRET}`])
      expect(run[0]).not.toHaveProperty('secrets')
      expect(run[0]?.refused).toBeUndefined()
    })

    it('that takes the place of ours between submission and hand-out is told none', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 1 })
      await set(world, 'db', SECRET)
      await world.handOut(host, { reason: 'startup', supports: OURS })
      const invokeId = await runWith(world, host, 'echo {{oos:db}}')
      await world.beat(host, { pid: 2 })
      const { run } = await world.handOut(host, { reason: 'startup' })
      await withhold(world, host, run[0])
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Invalid', errorCode: 'CommandNotApplicable' })
    })

    it('that ours took the place of does not stand in its way', async () => {
      await using world = await openWorld()
      const host = await world.host({ pid: 1 })
      await set(world, 'db', SECRET)
      await runWith(world, host, 'true', { enableParameter: false })
      await world.handOut(host, { reason: 'startup' })
      await world.beat(host, { pid: 2 })
      await runWith(world, host, 'echo {{oos:db}}')
      const { run } = await world.handOut(host, { supports: OURS })
      expect(run.map(textOf)).toContain(`echo ${SECRET}`)
    })

    it('is the only one on Windows', async () => {
      await using world = await openWorld()
      const host = await newInstance(world, 'Windows')
      await set(world, 'db', SECRET)
      const type = 'RunPowerShellScript'
      const refused = await runWith(world, host, 'echo {{oos:db}}', { type })
      expect((await world.task(refused, host)).errorInfo).toContain(REFUSED)
      await runWith(world, host, 'echo {{oos:db}}', { type, request: { allowSecretOnDisk: true } })
      expect((await world.handOut(host)).run.map(textOf)).toEqual([`echo ${SECRET}`])
    })

    it('is like any agent with containers, where a script is an argument', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const request = { containerName: 'web' }
      const refused = await runWith(world, host, 'echo {{oos:db}}', { request })
      expect(await world.task(refused, host)).toMatchObject({ status: 'Invalid', errorCode: 'CommandNotApplicable' })
      await runWith(world, host, 'echo {{oos:db}}', { request: { ...request, allowSecretOnDisk: true } })
      expect((await world.handOut(host, { supports: OURS })).run.map(textOf)).toEqual([`echo ${SECRET}`])
    })

    it('is not told them in a rollout either, whose turn for it comes later', async () => {
      await using world = await openWorld()
      const [ours, theirs] = [await world.host({ name: 'a' }), await world.host({ name: 'b' })]
      await set(world, 'db', SECRET)
      await world.handOut(theirs, { reason: 'startup' })
      const request = { rollout: { maxConcurrency: '1' } }
      const invokeId = await world.run([ours, theirs], {
        content: Buffer.from('echo {{oos:db}}'),
        enableParameter: true,
        request,
      })
      await world.parts.rollouts.settled()
      const { run } = await world.handOut(ours, { supports: OURS })
      expect(run.map(textOf)).toEqual([`echo ${SECRET}`])
      await world.report(ours, invokeId, { kind: 'finish', output: `it is ${SECRET}` })
      await world.parts.rollouts.settled()
      expect((await world.task(invokeId, theirs)).errorInfo).toContain(REFUSED)
      expect(await stored(world)).not.toContain('p4ss')
    })

    it('ends a schedule as a whole', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await set(world, 'db', SECRET)
      const invokeId = await runWith(world, host, '{{oos:db}}', { request: { frequency: 'rate(1h)' } })
      const { run } = await world.handOut(host)
      await withhold(world, host, run[0])
      expect(await world.task(invokeId, host)).toMatchObject({
        status: 'Invalid',
        errorCode: 'CommandNotApplicable',
        repeats: 0,
      })
      expect((await world.handOut(host, { reason: 'startup' })).run).toEqual([])
    })
  })

  describe('what a script with secrets writes', () => {
    const VALUE = 'tops3cret'

    const taken = async (world: World, options: Parameters<World['run']>[1] = {}) => {
      const host = await world.host()
      await set(world, 'db', VALUE)
      const invokeId = await runWith(world, host, 'echo {{oos:db}}', options)
      await world.handOut(host, { supports: OURS })
      return {
        host,
        invokeId,
        output: async () => Buffer.from((await world.task(invokeId, host)).output ?? []).toString(),
      }
    }

    it('is kept without them, also where one comes in two reports', async () => {
      await using world = await openWorld()
      const { host, invokeId, output } = await taken(world)
      await world.report(host, invokeId, { kind: 'running', output: '' })
      await world.report(host, invokeId, { kind: 'running', output: 'a tops3' })
      expect(await output()).toBe('a ')
      expect(await stored(world)).not.toContain('tops3')
      await world.report(host, invokeId, { kind: 'running', output: 'cret b tops' })
      expect(await output()).toBe('a *** b ')
      await world.report(host, invokeId, { kind: 'finish', output: ' tops3cret\ntop' })
      expect(await output()).toBe('a *** b tops ***\ntop')
      expect(await stored(world)).not.toContain(VALUE)
      expect(await rowsOf(world, 'held_output')).toBe(0)
    })

    it('is kept without them over a restart of the server, and when they were changed or removed', async () => {
      await using first = await openWorld()
      const { host, invokeId } = await taken(first)
      await first.report(host, invokeId, { kind: 'running', output: 'tops3' })
      await first.parts.domain.secrets.update(SCOPE, 'db', OTHER, undefined)
      await first.parts.domain.secrets.remove(SCOPE, 'db')
      await using world = await first.restart()
      await world.report(host, invokeId, { kind: 'finish', output: 'cret.' })
      expect(Buffer.from((await world.task(invokeId, host)).output ?? []).toString()).toBe('***.')
    })

    it('is kept without the beginning of one that was cut off', async () => {
      await using world = await openWorld()
      const { host, invokeId, output } = await taken(world)
      await world.report(host, invokeId, { kind: 'timeout', output: 'a tops3cre' })
      expect(await output()).toBe('a ***')
    })

    it('says nothing of them in errors', async () => {
      await using world = await openWorld()
      const { host, invokeId } = await taken(world)
      await world.report(host, invokeId, { kind: 'error', errCode: '-7', errDesc: `Failed: ${VALUE}: no such file` })
      expect((await world.task(invokeId, host)).errorInfo).toBe('Failed: ***: no such file')
    })

    it('is kept without them in each run, and what one held back is not of the next', async () => {
      await using world = await openWorld()
      const { host, invokeId, output } = await taken(world, { request: { frequency: 'rate(1h)' } })
      const start = world.now()
      await world.report(host, invokeId, { kind: 'running', startedAt: start, output: 'a tops3' })
      world.pass(3_600_000)
      await world.beat(host)
      await world.report(host, invokeId, { kind: 'running', startedAt: world.now(), output: 'cret.' })
      expect(await output()).toBe('cret.')
      await world.report(host, invokeId, { kind: 'finish', startedAt: world.now(), output: ' tops3cret' })
      expect(await output()).toBe('cret. ***')
      // The first run was given up when the second began; its real end comes late.
      await world.report(host, invokeId, { kind: 'finish', startedAt: start, output: 'late tops3cret' })
      expect(await stored(world)).not.toContain(VALUE)
    })
  })
}
