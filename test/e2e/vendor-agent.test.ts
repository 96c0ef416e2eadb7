import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, ServerProcess, VendorAgent } from './vendor-agent-support.js'

// The vendor's agent, unmodified, against this server: docs/vendor-agent.md. The steps build on each other, as one agent
// lives through them.

const executable = process.env['OPENASSIST_VENDOR_AGENT']

if (executable === undefined) {
  process.stderr.write('skipped: the ring of the vendor’s agent; OPENASSIST_VENDOR_AGENT names its executable\n')
}

interface Status {
  readonly InstanceId: string
  readonly CloudAssistantStatus: string
  readonly CloudAssistantVersion: string
  readonly ActiveTaskCount: number
  readonly InvocationCount: number
  readonly LastHeartbeatTime: string
}

interface Result {
  readonly InvocationStatus: string
  readonly Output: string
  readonly ExitCode: number
  readonly ErrorCode: string
  readonly StartTime: string
  readonly FinishedTime: string
}

describe.skipIf(executable === undefined)('the vendor’s agent', () => {
  let dir: string
  let server: ServerProcess
  let agent: VendorAgent
  let instanceId: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'openassist-vendor-agent-'))
    server = await ServerProcess.start(join(dir, 'data'))
    agent = new VendorAgent(executable ?? '', dir, server)
  })

  afterAll(async () => {
    await agent?.kill()
    await server?.end('SIGTERM')
    rmSync(dir, { recursive: true, force: true })
  })

  const status = async (): Promise<Status> => {
    const answer = await server.call<{
      InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: Status[] }
    }>('DescribeCloudAssistantStatus', { 'InstanceId.1': instanceId })
    return answer.InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus[0]!
  }

  const run = async (script: string, how: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { InvokeId } = await server.call<{ InvokeId: string }>('RunCommand', {
      Type: 'RunShellScript',
      CommandContent: Buffer.from(script).toString('base64'),
      ContentEncoding: 'Base64',
      'InstanceId.1': instanceId,
      ...how,
    })
    return InvokeId
  }

  const results = async (InvokeId: string, how: Readonly<Record<string, string>> = {}): Promise<readonly Result[]> => {
    const answer = await server.call<{ Invocation: { InvocationResults: { InvocationResult: Result[] } } }>(
      'DescribeInvocationResults',
      { InvokeId, ContentEncoding: 'PlainText', ...how },
    )
    return answer.Invocation.InvocationResults.InvocationResult
  }

  const result = async (InvokeId: string): Promise<Result> => (await results(InvokeId))[0]!

  const whenRuns = (InvokeId: string, amount: number): Promise<readonly Result[]> =>
    eventually(`${InvokeId} ran ${amount} times`, 60_000, async () => {
      const runs = await results(InvokeId, { IncludeHistory: 'true' })
      const over = runs.filter(({ InvocationStatus }) => InvocationStatus === 'Success')
      return over.length >= amount ? over : undefined
    })

  const whenStatusIs = (InvokeId: string, wanted: string, limitMs: number): Promise<Result> =>
    eventually(`${InvokeId} is ${wanted}`, limitMs, async () => {
      const now = await result(InvokeId)
      return now.InvocationStatus === wanted ? now : undefined
    })

  const whenOutputHolds = (InvokeId: string, text: string): Promise<Result> =>
    eventually(`the output of ${InvokeId} holds ${text}`, 30_000, async () => {
      const now = await result(InvokeId)
      return now.Output.includes(text) ? now : undefined
    })

  it('registers, and appears as "true" with its version', async () => {
    const activation = await server.call<{ ActivationId: string; ActivationCode: string }>('CreateActivation', {
      InstanceCount: 1,
    })
    instanceId = await agent.register(activation, 'vendor-1')
    expect(instanceId).toMatch(/^mi-/)
    expect((await status()).CloudAssistantStatus).toBe('false')
    agent.start()
    // Reads of the metadata address may cost it 5 s each before its first heartbeat.
    const online = await eventually('the agent is online', 60_000, async () => {
      const now = await status()
      return now.CloudAssistantStatus === 'true' && now.CloudAssistantVersion !== '' ? now : undefined
    })
    expect(online.CloudAssistantVersion).toBe(agent.version)
    expect(Date.now() - Date.parse(online.LastHeartbeatTime)).toBeLessThan(120_000)
  })

  it('runs a command whose output, exit code and times come back', async () => {
    const before = Date.now()
    const done = await whenStatusIs(await run('echo hello; echo err >&2; exit 3'), 'Failed', 30_000)
    expect(done).toMatchObject({ Output: 'hello\nerr\n', ExitCode: 3, ErrorCode: 'ExitCodeNonzero' })
    expect(Date.parse(done.StartTime)).toBeGreaterThanOrEqual(before - 1_000)
    expect(Date.parse(done.FinishedTime)).toBeGreaterThanOrEqual(Date.parse(done.StartTime))
    expect(Date.parse(done.FinishedTime)).toBeLessThanOrEqual(Date.now() + 1_000)
    expect(await status()).toMatchObject({ InvocationCount: 1, ActiveTaskCount: 0 })
  })

  it('streams a long run while it runs, and is stopped in mid-run', async () => {
    const invokeId = await run('for i in $(seq 1 60); do echo line-$i; sleep 1; done')
    const running = await whenOutputHolds(invokeId, 'line-2')
    expect(running.InvocationStatus).toBe('Running')
    expect((await status()).ActiveTaskCount).toBe(1)
    await server.call('StopInvocation', { InvokeId: invokeId })
    const stopped = await whenStatusIs(invokeId, 'Terminated', 30_000)
    expect(stopped.Output).toContain('line-2')
    expect(stopped.Output).not.toContain('line-60')
    expect((await status()).ActiveTaskCount).toBe(0)
  })

  it('keeps a schedule: every run is in its history, a new process has it again, and it is stopped', async () => {
    const invokeId = await run('echo run of $$', { Frequency: '*/10 * * * * ?', Timeout: '10' })
    await whenStatusIs(invokeId, 'Scheduled', 30_000)
    const [second, first] = await whenRuns(invokeId, 2)
    expect(first?.Output).toMatch(/^run of \d+\n$/)
    expect(Date.parse(second?.StartTime ?? '') - Date.parse(first?.StartTime ?? '')).toBe(10_000)
    await agent.kill()
    agent.start()
    await eventually('the agent is back', 60_000, async () =>
      (await whenRuns(invokeId, 3)).length >= 3 ? true : undefined,
    )
    await server.call('StopInvocation', { InvokeId: invokeId })
    await whenStatusIs(invokeId, 'Terminated', 30_000)
    const { length } = await results(invokeId, { IncludeHistory: 'true' })
    // A minute's next tens would have brought another one.
    await run('sleep 11').then((other) => whenStatusIs(other, 'Success', 60_000))
    expect(await results(invokeId, { IncludeHistory: 'true' })).toHaveLength(length)
  })

  it('takes a changed schedule with its next fetch, and ends the run under way as it began', async () => {
    const script = `echo old; while [ ! -e ${dir}/go ]; do sleep 0.2; done; echo end`
    const invokeId = await run(script, { Frequency: '*/20 * * * * ?', Timeout: '20' })
    // It streams nothing of a schedule.
    await whenStatusIs(invokeId, 'Running', 60_000)
    const modify = (what: Record<string, string>): Promise<unknown> =>
      server.call('ModifyInvocationAttribute', { InvokeId: invokeId, ...what })
    await modify({ CommandContent: 'echo new', Frequency: '10/20 * * * * ?' })
    // Its next fetch brings nothing of it.
    await whenStatusIs(await run('true'), 'Success', 30_000)
    expect(await result(invokeId)).toMatchObject({ InvocationStatus: 'Running' })
    writeFileSync(join(dir, 'go'), '')
    const runs = await whenRuns(invokeId, 3)
    expect(runs.map(({ Output }) => Output).slice(-3)).toEqual(['new\n', 'new\n', 'old\nend\n'])
    // Where it only waits it is there at once: a file that the agent wrote for the version before stays what it is.
    await modify({ CommandContent: 'echo newer' })
    await whenOutputHolds(invokeId, 'newer')
    await server.call('StopInvocation', { InvokeId: invokeId })
    await whenStatusIs(invokeId, 'Terminated', 30_000)
  }, 180_000)

  it('runs at a time once, and only checks a dry run', async () => {
    const at = new Date(Date.now() + 5_000).toISOString().slice(0, 19).replace('T', ' ')
    const once = await run('echo now', { Frequency: `at(${at})`, Timeout: '10' })
    const dry = await run('echo never', { RepeatMode: 'DryRun' })
    const refused = await run('echo never', { RepeatMode: 'DryRun', WorkingDir: '/no/such/folder' })
    expect(await whenStatusIs(dry, 'Success', 30_000)).toMatchObject({ Output: '', StartTime: '' })
    expect(await whenStatusIs(refused, 'Invalid', 30_000)).toMatchObject({ ErrorCode: 'DirectoryNotExists' })
    expect(await whenStatusIs(once, 'Success', 60_000)).toMatchObject({ Output: 'now\n', ExitCode: 0 })
  })

  it('keeps its push channel and its running command through a restart of the server', async () => {
    const invokeId = await run('echo before; sleep 12; echo after')
    await whenOutputHolds(invokeId, 'before')
    await server.end('SIGKILL')
    await server.start()
    expect((await status()).CloudAssistantStatus).toBe('true')
    const done = await whenStatusIs(invokeId, 'Success', 60_000)
    expect(done).toMatchObject({ Output: 'before\nafter\n', ExitCode: 0 })
    // Only a kick makes this agent look for work: the channel is there again.
    await whenStatusIs(await run('true'), 'Success', 30_000)
  })

  it('ends its running command as ClientRestarted when it dies and comes back', async () => {
    const invokeId = await run('echo going; sleep 5')
    await whenOutputHolds(invokeId, 'going')
    await agent.kill()
    agent.start()
    const lost = await whenStatusIs(invokeId, 'Error', 60_000)
    expect(lost).toMatchObject({ ErrorCode: 'ClientRestarted' })
    await whenStatusIs(await run('true'), 'Success', 60_000)
  })

  it('logs no error about an endpoint of this server while the server is up', async () => {
    const whileDown = /connection refused|unexpected EOF|EOF"?$|connection reset/
    expect(agent.errorLines().filter((line) => !whileDown.test(line))).toEqual([])
  })

  it('turns "false" within 120 s after it was killed', async () => {
    await agent.kill()
    // 120 s, and what a look takes.
    await eventually('the agent is offline', 125_000, async () =>
      (await status()).CloudAssistantStatus === 'false' ? true : undefined,
    )
  }, 180_000)
})
