import { describe, expect, it } from 'vitest'
import { CALLER, SCOPE, SCRIPT, type World } from '../_support.js'
import { newInstance } from './_run-options-support.js'
import type { AgentFeature, HandedOutTask } from './agent-tasks.js'

const PAGE = { style: 'number', number: 1, size: 10 } as const
const OURS: ReadonlySet<AgentFeature> = new Set(['launcher', 'termination-mode'])
const PYTHON = 'python3 -u {{ACS::ScriptFileName|Ext(".py")}}'

const fetched = async (
  world: World,
  host: string,
  supports?: ReadonlySet<AgentFeature>,
): Promise<readonly HandedOutTask[]> =>
  (await world.parts.tasks.fetch(host, { reason: 'kickoff', coldStart: undefined, supports })).run

const textOf = (task: HandedOutTask | undefined): string => Buffer.from(task?.content ?? []).toString()

/** Launcher and TerminationMode (api.md §5.5), held by the whole server on one database. */
export const runOptionsSuite = (openWorld: () => Promise<World>): void => {
  describe('a launcher and a termination mode', () => {
    it('go to an agent that supports them as they are', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { launcher: PYTHON, request: { terminationMode: 'ProcessTree' } })
      const [task] = await fetched(world, host, OURS)
      expect(task).toMatchObject({
        launch: { words: ['python3', '-u', '{{ACS::ScriptFileName}}'], extension: '.py' },
        terminationMode: 'ProcessTree',
      })
      expect(textOf(task)).toBe('true')
    })

    it('become a script around the script for one that does not', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { launcher: PYTHON, request: { terminationMode: 'ProcessTree' } })
      const [task] = await fetched(world, host)
      expect(task).not.toHaveProperty('launch')
      expect(task).not.toHaveProperty('terminationMode')
      expect(textOf(task)).toMatch(/^#!\/bin\/sh\n[\s\S]*exec 'python3' '-u' ''"\$openassist_file"''/)
    })

    it('are absent where nobody asked for them, for an agent that ends its scripts', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host])
      const [task] = await fetched(world, host, new Set<AgentFeature>(['launcher', 'termination-mode']))
      expect(textOf(task)).toBe('true')
      expect(task?.terminationMode).toBeUndefined()
    })

    it('that nobody asked for: the vendor’s agent gets a script that it can end, the same for each host', async () => {
      await using world = await openWorld()
      const [one, two] = [await world.host(), await world.host()]
      await world.run([one, two])
      const [[first], [second]] = [await fetched(world, one), await fetched(world, two)]
      expect(textOf(first)).toMatch(/^#!\/bin\/sh\n[\s\S]*exec "\$openassist_file"\n$/)
      expect(second?.content).toEqual(first?.content)
    })

    it.each(['RunBatScript', 'RunPowerShellScript'] as const)('of a %s leave the script as it is', async (type) => {
      await using world = await openWorld()
      const host = await newInstance(world, 'Windows', '2.2.3.578')
      await world.run([host], { type })
      expect(textOf((await fetched(world, host))[0])).toBe('true')
    })

    it('come from the command, unless the run has its own', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const { commandId } = await world.parts.domain.commands.create(SCOPE, { ...SCRIPT, launcher: PYTHON }, undefined)
      const request = {
        targets: { by: 'id', instanceIds: [host] },
        username: '',
        resourceGroupId: '',
        tags: [],
      } as const
      const invoke = (launcher?: string) =>
        world.parts.domain.invocations.invoke(SCOPE, CALLER, commandId, { ...request, launcher }, undefined)
      const own = (await invoke()).invokeId
      const other = (await invoke('perl {{ACS::ScriptFileName}}')).invokeId
      const tasks = await fetched(world, host, OURS)
      const programs = [own, other].map((id) => tasks.find((task) => task.taskId === id)?.launch?.words[0])
      expect(programs).toEqual(['python3', 'perl'])
      await world.parts.domain.commands.modify(SCOPE, commandId, { launcher: 'ruby {{ACS::ScriptFileName}}' })
      const { items } = await world.parts.domain.invocations.list(SCOPE, { invokeId: own }, PAGE)
      expect(items[0]?.launcher).toBe(PYTHON)
      const { items: results } = await world.parts.domain.invocations.results(SCOPE, { invokeId: other }, PAGE)
      expect(results).toMatchObject([{ launcher: 'perl {{ACS::ScriptFileName}}', terminationMode: '' }])
    })

    it.each(['python3', '"'])(
      'that cannot start a script (%s) is refused, by whatever way it comes',
      async (launcher) => {
        await using world = await openWorld()
        const host = await world.host()
        const { commands } = world.parts.domain
        const { commandId } = await commands.create(SCOPE, SCRIPT, undefined)
        const fault = { kind: 'command/launcher-malformed' }
        await expect(commands.create(SCOPE, { ...SCRIPT, launcher }, undefined)).rejects.toMatchObject(fault)
        await expect(commands.modify(SCOPE, commandId, { launcher })).rejects.toMatchObject(fault)
        await expect(world.run([host], { launcher })).rejects.toMatchObject(fault)
        await expect(world.run([host], { request: { launcher } })).rejects.toMatchObject(fault)
      },
    )
  })

  describe('parameters within a script around the script', () => {
    const wrapped = async (world: World, content: string): Promise<HandedOutTask | undefined> => {
      const host = await world.host({ name: 'a-name' })
      await world.run([host], {
        content: Buffer.from(content),
        enableParameter: true,
        request: { parameters: new Map([['who', "O'Hara"]]), terminationMode: 'ProcessTree' },
      })
      return (await fetched(world, host))[0]
    }

    it('are filled in before', async () => {
      await using world = await openWorld()
      const task = await wrapped(world, 'echo "{{who}} {{ACS::InstanceName}} {{ ACS::RegionId }}"')
      expect(textOf(task)).toContain('echo "O\\0047Hara a-name cn-hangzhou"')
      expect(task?.enableParameter).toBe(false)
    })

    it('that nobody knows are refused, and nothing is wrapped', async () => {
      await using world = await openWorld()
      const task = await wrapped(world, 'echo {{who}} {{ACS::Nothing}}')
      expect(task).toMatchObject({ refused: { param: 'InvalidEnvironmentParameter' } })
    })
  })

  describe('a container', () => {
    const request = { containerId: 'docker://abc', containerName: 'web', username: 'alice', workingDir: '/srv' }
    const sent = { containerId: 'docker://abc', containerName: 'web', username: '', workingDir: '' }

    it.each([
      ['the vendor’s agent', undefined],
      ['ours', new Set<AgentFeature>(['launcher', 'termination-mode', 'container'])],
    ])('goes to %s, without user and folder, which do not count there', async (_agent, supports) => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { request })
      expect(await fetched(world, host, supports)).toMatchObject([sent])
      const { items } = await world.parts.domain.invocations.results(SCOPE, { invokeId }, PAGE)
      expect(items).toMatchObject([{ containerId: 'docker://abc', containerName: 'web', username: 'alice' }])
    })

    it('ends Invalid for the vendor’s agent where the default TerminationMode is written out', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { request: { ...request, terminationMode: 'Process' } })
      const [task] = await fetched(world, host)
      expect(task?.refused).toEqual({
        param: 'CommandNotApplicable',
        why: 'the agent of the host ends no processes in containers',
      })
    })

    it.each(['timeout', 'stopped'] as const)('that the vendor’s agent says is over by a %s may go on', async (kind) => {
      await using world = await openWorld()
      const [vendors, ours] = [await world.host(), await world.host()]
      const invokeId = await world.run([vendors, ours], { request })
      await fetched(world, vendors)
      await fetched(world, ours, new Set<AgentFeature>(['container']))
      for (const host of [vendors, ours]) {
        await world.report(host, invokeId, { kind: 'running' })
        if (kind === 'stopped') await world.parts.domain.invocations.stop(SCOPE, CALLER, invokeId, [host])
        await world.report(host, invokeId, { kind })
      }
      const info = 'the agent of the host ends no processes in containers: it may go on'
      expect((await world.task(invokeId, vendors)).errorInfo).toContain(info)
      expect((await world.task(invokeId, ours)).errorInfo).not.toContain(info)
    })

    it('whose run of a schedule the vendor’s agent says is over may go on, too', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { request: { ...request, frequency: 'rate(5m)' } })
      await fetched(world, host)
      world.pass(5 * 60_000)
      await world.beat(host)
      await world.report(host, invokeId, { kind: 'running', startedAt: world.now() })
      await world.report(host, invokeId, { kind: 'timeout', startedAt: world.now() })
      expect((await world.task(invokeId, host)).errorInfo).toContain('it may go on')
    })

    it('goes to ours the same where the default TerminationMode is written out', async () => {
      await using world = await openWorld()
      const host = await world.host()
      const invokeId = await world.run([host], { request: { ...request, terminationMode: 'Process' } })
      const [task] = await fetched(world, host, new Set<AgentFeature>(['launcher', 'termination-mode', 'container']))
      expect(task).toMatchObject(sent)
      expect(task?.terminationMode).toBeUndefined()
      expect(Buffer.from(task?.content ?? []).toString()).toBe('true')
      expect(await world.task(invokeId, host)).toMatchObject({ status: 'Pending', terminationMode: 'Process' })
    })

    it('is refused for an agent that says what it supports, and not this', async () => {
      await using world = await openWorld()
      const host = await world.host()
      await world.run([host], { request })
      const [task] = await fetched(world, host, new Set<AgentFeature>(['launcher']))
      expect(task?.refused?.why).toMatch(/runs no scripts in containers/)
    })

    it.each([
      ['Windows', 'RunPowerShellScript', {}, 'containers are for shell scripts on Linux only'],
      ['FreeBSD', 'RunShellScript', {}, 'containers are for shell scripts on Linux only'],
      ['Linux', 'RunShellScript', { launcher: PYTHON }, 'Launcher does not start scripts in containers'],
      [
        'Linux',
        'RunShellScript',
        { terminationMode: 'ProcessTree' },
        'TerminationMode=ProcessTree does not count in containers',
      ],
    ] as const)('on %s with %s and %j ends Invalid, and says why', async (osType, type, options, why) => {
      await using world = await openWorld()
      const host = await newInstance(world, osType, '2.2.3.578')
      const invokeId = await world.run([host], { type, request: { containerName: 'web', ...options } })
      expect(await world.task(invokeId, host)).toMatchObject({
        status: 'Invalid',
        errorCode: 'CommandNotApplicable',
        errorInfo: `the command is not applicable: ${why}`,
      })
    })
  })

  describe('on Windows', () => {
    const CASES = [
      ['a launcher', { launcher: PYTHON, mode: undefined }, 'Launcher is for shell scripts only on this server'],
      [
        'a tree',
        { launcher: '', mode: 'ProcessTree' },
        'TerminationMode=ProcessTree is for shell scripts only on this server',
      ],
    ] as const

    it.each(CASES)('%s ends Invalid, and says why', async (_what, { launcher, mode }, why) => {
      await using world = await openWorld()
      const host = await newInstance(world, 'Windows')
      const type = 'RunPowerShellScript'
      const invokeId = await world.run([host], { type, launcher, request: { terminationMode: mode } })
      expect(await world.task(invokeId, host)).toMatchObject({
        status: 'Invalid',
        errorCode: 'CommandNotApplicable',
        errorInfo: `the command is not applicable: ${why}`,
      })
      expect(await fetched(world, host)).toEqual([])
    })

    // Upstream: another user than System needs the name of a stored password (api.md §5.5).
    const USERS = [
      ['RunPowerShellScript', 'alice', 'secret', { username: 'alice', windowsPasswordName: 'secret' }],
      ['RunBatScript', 'CORP\\alice', 'secret', { username: 'CORP\\alice', windowsPasswordName: 'secret' }],
      ['RunPowerShellScript', '', 'secret', { username: '', windowsPasswordName: '' }],
      ['RunPowerShellScript', 'System', 'secret', { username: '', windowsPasswordName: '' }],
      ['RunPowerShellScript', 'SYSTEM', undefined, { username: '', windowsPasswordName: '' }],
      ['RunPowerShellScript', 'alice', undefined, 'user/password-missing'],
      ['RunPowerShellScript', 'alice', '', 'user/password-missing'],
      ['RunShellScript', 'alice', 'secret', { username: 'alice', windowsPasswordName: '' }],
      ['RunShellScript', 'root', undefined, { username: '', windowsPasswordName: '' }],
      // Names of Linux are what they are: these are other users, or nobody.
      ['RunShellScript', 'ROOT', undefined, { username: 'ROOT', windowsPasswordName: '' }],
      ['RunShellScript', 'System', undefined, { username: 'System', windowsPasswordName: '' }],
      ['RunPowerShellScript', 'root', undefined, 'user/password-missing'],
    ] as const

    it.each(USERS)('a %s as "%s" with the password %s', async (type, username, windowsPasswordName, expected) => {
      await using world = await openWorld()
      const host = await newInstance(world, type === 'RunShellScript' ? 'Linux' : 'Windows')
      const running = world.run([host], { type, request: { username, windowsPasswordName } })
      if (typeof expected === 'string') return expect(running).rejects.toMatchObject({ kind: expected })
      await running
      expect(await fetched(world, host)).toMatchObject([expected])
    })

    it('root goes by name to our agent, which may run as another', async () => {
      await using world = await openWorld()
      const host = await newInstance(world, 'Linux')
      await world.run([host], { request: { username: 'root' } })
      expect(await fetched(world, host, new Set(['launcher']))).toMatchObject([{ username: 'root' }])
    })

    it('the end of the process is what its agent does', async () => {
      await using world = await openWorld()
      const host = await newInstance(world, 'Windows')
      await world.run([host], { type: 'RunBatScript', request: { terminationMode: 'Process' } })
      const [task] = await fetched(world, host)
      expect(task).not.toHaveProperty('terminationMode')
      expect(textOf(task)).toBe('true')
    })
  })
}
