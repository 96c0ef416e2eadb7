import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeRuntime, startFakeDocker } from '../../src/agent/containers/_fake-runtimes.js'
import { type Agent, dockerOf, OwnAgent, type Permit } from './own-agent-support.js'
import { eventually, ServerProcess, VendorAgent } from './vendor-agent-support.js'

// How a script is started and ended, by an agent that knows how and by one that has to be helped: the same for both.

const vendor = process.env['OPENASSIST_VENDOR_AGENT']

interface Result {
  readonly InvocationStatus: string
  readonly Output: string
  readonly ExitCode?: number
  readonly ErrorCode: string
}

const CONTAINER = 'ab'.repeat(32)

const lives = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const AGENTS = [
  ['our agent', true, (dir: string, server: ServerProcess): Agent => new OwnAgent(dir, server)],
  [
    'the vendor’s agent',
    vendor !== undefined,
    (dir: string, server: ServerProcess): Agent => {
      const agent = new VendorAgent(vendor ?? '', dir, server, { DOCKER_HOST: `unix://${dockerOf(dir)}` })
      return {
        register: (permit) => agent.register(permit, 'options'),
        start: () => agent.start(),
        kill: () => agent.kill(),
      }
    },
  ],
] as const

describe.each(AGENTS)('%s', (_name, present, makeAgent) => {
  let dir: string
  let server: ServerProcess
  let agent: Agent
  let instanceId: string
  let docker: FakeRuntime

  beforeAll(async () => {
    if (!present) return
    dir = mkdtempSync(join(tmpdir(), 'openassist-run-options-'))
    server = await ServerProcess.start(join(dir, 'data'))
    const home = join(dir, 'agent')
    mkdirSync(home)
    docker = await startFakeDocker(dockerOf(home), [{ id: CONTAINER, name: 'web', state: 'running' }])
    agent = makeAgent(home, server)
    instanceId = await agent.register(await server.call<Permit>('CreateActivation', { InstanceCount: 1 }))
    agent.start()
    await eventually('the agent is online', 60_000, async () => {
      const answer = await server.call<{
        InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: { CloudAssistantStatus: string }[] }
      }>('DescribeCloudAssistantStatus', { 'InstanceId.1': instanceId })
      const [now] = answer.InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus
      return now?.CloudAssistantStatus === 'true' ? now : undefined
    })
  })

  afterAll(async () => {
    await agent?.kill()
    await server?.end('SIGTERM')
    await docker?.stop()
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  const run = async (script: string, options: Record<string, unknown> = {}): Promise<string> => {
    const { InvokeId } = await server.call<{ InvokeId: string }>('RunCommand', {
      Type: 'RunShellScript',
      CommandContent: script,
      'InstanceId.1': instanceId,
      ...options,
    })
    return InvokeId
  }

  const result = async (InvokeId: string): Promise<Result> => {
    const answer = await server.call<{ Invocation: { InvocationResults: { InvocationResult: Result[] } } }>(
      'DescribeInvocationResults',
      { InvokeId, ContentEncoding: 'PlainText' },
    )
    return answer.Invocation.InvocationResults.InvocationResult[0]!
  }

  const end = (InvokeId: string): Promise<Result> =>
    eventually(`${InvokeId} is over`, 30_000, async () => {
      const now = await result(InvokeId)
      return /Pending|Running|Stopping/.test(now.InvocationStatus) ? undefined : now
    })

  const PYTHONLIKE = 'sh -c \'echo "$0 started ${1##*.}"; exec sh "$1"\' tool "{{ACS::ScriptFileName|Ext(".py")}}"'
  const PIDS = 'sleep 600 & echo $!; setsid sh -c "echo \\$\\$; sleep 600" & echo $$; sleep 600'

  /** The processes that the script told of, when all of them run. */
  const pidsOf = (invokeId: string, amount: number): Promise<readonly number[]> =>
    eventually('the script tells its processes', 30_000, async () => {
      const lines = (await result(invokeId)).Output.split('\n').map(Number)
      const pids = lines.filter((pid) => pid > 0)
      return pids.length >= amount ? pids : undefined
    })

  const gone = (pids: readonly number[]): Promise<true> =>
    eventually('the processes are gone', 30_000, () => (pids.some(lives) ? undefined : true))

  it.skipIf(!present)('starts a script by its launcher, with its exit code, directory and both streams', async () => {
    const options = { Launcher: PYTHONLIKE, WorkingDir: '/usr', Timeout: 30 }
    const done = await end(await run('pwd; echo err >&2; exit 7', options))
    expect(done).toMatchObject({ InvocationStatus: 'Failed', ExitCode: 7, ErrorCode: 'ExitCodeNonzero' })
    expect(done.Output).toBe('tool started py\n/usr\nerr\n')
  })

  it.skipIf(!present)('fills parameters in under a launcher and for a tree', async () => {
    const options = {
      Launcher: 'sh {{ACS::ScriptFileName}}',
      TerminationMode: 'ProcessTree',
      EnableParameter: true,
      Parameters: JSON.stringify({ who: "O'Hara \\ 中" }),
    }
    const done = await end(await run(`cat <<'E'\n{{who}} {{ACS::InstanceId}} ä\nE`, options))
    expect(done).toMatchObject({ InvocationStatus: 'Success', ExitCode: 0 })
    expect(done.Output).toBe(`O'Hara \\ 中 ${instanceId} ä\n`)
  })

  it.skipIf(!present)('tells a built-in parameter that nobody knows, wrapped or not', async () => {
    const options = { TerminationMode: 'ProcessTree', EnableParameter: true }
    const done = await end(await run('echo {{ACS::Nothing}}', options))
    expect(done).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'InvalidSystemBuiltInParameter' })
  })

  it.skipIf(!present)('ends a launched script at a stop', async () => {
    const invokeId = await run('echo $$; sleep 600', { Launcher: 'sh {{ACS::ScriptFileName}}' })
    const [script = 0] = await pidsOf(invokeId, 1)
    await server.call('StopInvocation', { InvokeId: invokeId })
    expect(await end(invokeId)).toMatchObject({ InvocationStatus: 'Terminated' })
    await gone([script])
  })

  it.skipIf(!present).each(['stop', 'timeout'])('ends all that a script started at a %s', async (how) => {
    const invokeId = await run(PIDS, { TerminationMode: 'ProcessTree', Timeout: how === 'timeout' ? 10 : 60 })
    const pids = await pidsOf(invokeId, 3)
    expect(pids.every(lives)).toBe(true)
    if (how === 'stop') await server.call('StopInvocation', { InvokeId: invokeId })
    expect(await end(invokeId)).toMatchObject({ InvocationStatus: how === 'stop' ? 'Terminated' : 'Timeout' })
    await gone(pids)
  })

  it.skipIf(!present).each(['stop', 'timeout'])('ends the process of a script alone at a %s', async (how) => {
    const script = 'sleep 600 >/dev/null 2>&1 & echo $!; echo $$; wait'
    const invokeId = await run(script, { TerminationMode: 'Process', Timeout: how === 'timeout' ? 10 : 60 })
    const [child = 0, own = 0] = await pidsOf(invokeId, 2)
    if (how === 'stop') await server.call('StopInvocation', { InvokeId: invokeId })
    expect(await end(invokeId)).toMatchObject({ InvocationStatus: how === 'stop' ? 'Terminated' : 'Timeout' })
    await gone([own])
    expect(lives(child)).toBe(true)
    process.kill(child, 'SIGKILL')
  })

  it.skipIf(!present).each(['stop', 'timeout'])('ends a script that asked for nothing at a %s', async (how) => {
    const invokeId = await run('echo $$; sleep 600; echo over', how === 'timeout' ? { Timeout: 10 } : {})
    const pids = await pidsOf(invokeId, 1)
    expect(pids.every(lives)).toBe(true)
    if (how === 'stop') await server.call('StopInvocation', { InvokeId: invokeId })
    expect(await end(invokeId)).toMatchObject({ InvocationStatus: how === 'stop' ? 'Terminated' : 'Timeout' })
    await gone(pids)
  })

  it.skipIf(!present)('leaves alone what a script left behind when it ended by itself', async () => {
    const invokeId = await run('sleep 600 >/dev/null 2>&1 & echo $!', { TerminationMode: 'ProcessTree' })
    const done = await end(invokeId)
    expect(done).toMatchObject({ InvocationStatus: 'Success', ExitCode: 0 })
    const child = Number(done.Output)
    expect(lives(child)).toBe(true)
    process.kill(child, 'SIGKILL')
  })

  it.skipIf(!present || process.geteuid?.() !== 0)('runs a launched tree as another user', async () => {
    const options = { Username: 'daemon', Launcher: 'sh {{ACS::ScriptFileName}}', TerminationMode: 'ProcessTree' }
    const done = await end(await run('id -un; pwd; ls -ld "$0" | cut -c1-10', { ...options, WorkingDir: '/usr' }))
    expect(done).toMatchObject({ InvocationStatus: 'Success', Output: 'daemon\n/usr\n-rwx------\n' })
  })

  it.skipIf(!present)('runs a script in a container, whose user and folder do not count', async () => {
    const options = { ContainerId: `docker://${CONTAINER}`, ContainerName: 'web', WorkingDir: '/no/such/folder' }
    const done = await end(await run('echo out; echo err >&2; exit 7', { ...options, Username: 'nobody-here' }))
    expect(done).toMatchObject({ InvocationStatus: 'Failed', ExitCode: 7, ErrorCode: 'ExitCodeNonzero' })
    expect(new Set(done.Output.trim().split('\n'))).toEqual(new Set(['out', 'err']))
  })

  it.skipIf(!present)('tells that a container has another name', async () => {
    const done = await end(await run('true', { ContainerId: CONTAINER, ContainerName: 'other' }))
    // Upstream: the vendor's agent asks the next runtime then, and tells of that one.
    expect(done.InvocationStatus).toMatch(/Invalid|Error/)
    expect(done.ErrorCode).toMatch(/^Container/)
  })

  it.skipIf(!present)('leaves no file of a wrapper behind', async () => {
    await eventually('they are gone', 30_000, () => {
      const found = [...readdirSync(dir, { recursive: true }), ...readdirSync(tmpdir())]
      return found.some((name) => /\.sh\.[0-9A-Za-z]{10}(?:\/|$)/.test(String(name))) ? undefined : true
    })
  })
})
