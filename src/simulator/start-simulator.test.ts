import { createPrivateKey } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest'
import { type OpenAssist, startOpenAssist } from '../server/start-openassist.js'
import { type Client, createClient, numbered } from './_support.js'
import { type Simulator, type SimulatorOptions, startSimulator } from './start-simulator.js'

// A fleet against the real server, asked through the vendor's own client.

const LIMIT_MS = 20_000

let server: OpenAssist
let client: Client
const running: Simulator[] = []
let folder = ''

const simulate = async (options: Partial<SimulatorOptions> & { readonly agents: number }): Promise<Simulator> => {
  const { address, caPem } = server.agentServer
  const simulator = await startSimulator({ server: address, ca: caPem, permits: client.permits, ...options })
  running.push(simulator)
  return simulator
}

beforeAll(async () => {
  server = await startOpenAssist({ agent: false })
  client = createClient(server)
  folder = await mkdtemp(join(tmpdir(), 'openassist-test-'))
})
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.stop()
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('a simulated fleet', () => {
  it('registers, connects, and does what the API orders, on every host', async () => {
    const simulator = await simulate({
      agents: 20,
      output: ({ host, script }) => `${host} did ${script()}`,
      delayMs: 20,
    })
    await simulator.ready
    expect(simulator.counters).toMatchObject({ registered: 20, ready: 20, connected: 20, beats: 20, errors: 0 })
    const invokeId = await client.run(simulator.instanceIds)
    await simulator.until(({ finished }) => finished === 20, LIMIT_MS)
    const results = await client.results(invokeId)
    const outputs = new Map(results.map((result) => [result.InstanceId, result]))
    expect(results).toHaveLength(20)
    simulator.instanceIds.forEach((id, host) =>
      expect(outputs.get(id)).toMatchObject({
        InvocationStatus: 'Success',
        ExitCode: 0,
        Output: `${host} did echo real`,
      }),
    )
    expect(simulator.counters).toMatchObject({ taken: 20, started: 20, running: 0, lost: 0, errors: 0 })
  })

  it('takes files, and says that they are written', async () => {
    const simulator = await simulate({ agents: 3 })
    await simulator.ready
    const file = { Name: 'a.txt', TargetDir: '/srv', Content: 'text', ...numbered(simulator.instanceIds) }
    const { InvokeId } = await client.ask('SendFile', file)
    await simulator.until(({ finished }) => finished === 3, LIMIT_MS)
    const answer = await client.ask('DescribeSendFileResults', { InvokeId: String(InvokeId) })
    expect(answer['Invocations']).toMatchObject({ Invocation: [{ InvocationStatus: 'Success', VmCount: 3 }] })
    expect(simulator.counters).toMatchObject({ taken: 3, lost: 0, errors: 0 })
  })

  it('is live for the API, in the version it claims', async () => {
    const simulator = await simulate({ agents: 2, agentVersion: '2.2.3.600' })
    await simulator.ready
    const answer = await client.ask('DescribeCloudAssistantStatus', numbered(simulator.instanceIds))
    const set = answer['InstanceCloudAssistantStatusSet'] as { InstanceCloudAssistantStatus: object[] }
    expect(set.InstanceCloudAssistantStatus).toMatchObject(
      Array.from({ length: 2 }, () => ({ CloudAssistantStatus: 'true', CloudAssistantVersion: '2.2.3.600' })),
    )
  })

  it('fails as often as it was told', async () => {
    const always = await simulate({ agents: 3, failRate: 1 })
    const coded = await simulate({ agents: 3, exitCode: ({ host }) => host })
    await Promise.all([always.ready, coded.ready])
    const [first, second] = [await client.run(always.instanceIds), await client.run(coded.instanceIds)]
    await always.until(({ finished }) => finished === 3, LIMIT_MS)
    await coded.until(({ finished }) => finished === 3, LIMIT_MS)
    expect((await client.results(first)).map(({ ExitCode }) => ExitCode)).toEqual([1, 1, 1])
    expect(new Set((await client.results(second)).map(({ ExitCode }) => ExitCode))).toEqual(new Set([0, 1, 2]))
  })

  it('can be stopped in its work, and has time limits', async () => {
    const simulator = await simulate({ agents: 2, delayMs: 3_600_000 })
    await simulator.ready
    const stopped = await client.run(simulator.instanceIds)
    await simulator.until(({ started }) => started === 2, LIMIT_MS)
    await client.ask('StopInvocation', { InvokeId: stopped })
    await simulator.until(({ finished }) => finished === 2, LIMIT_MS)
    expect((await client.results(stopped)).map(({ InvocationStatus }) => InvocationStatus)).toEqual([
      'Terminated',
      'Terminated',
    ])
    const late = await client.run(simulator.instanceIds, { Timeout: 10 })
    await simulator.until(({ finished }) => finished === 4, LIMIT_MS * 2)
    expect((await client.results(late)).map(({ InvocationStatus }) => InvocationStatus)).toEqual(['Timeout', 'Timeout'])
  })

  it('keeps results to itself while it is told to', async () => {
    const simulator = await simulate({ agents: 5 })
    await simulator.ready
    simulator.hold()
    const invokeId = await client.run(simulator.instanceIds)
    await simulator.until(({ held }) => held === 5, LIMIT_MS)
    expect(new Set((await client.results(invokeId)).map(({ InvocationStatus }) => InvocationStatus))).toEqual(
      new Set(['Running']),
    )
    expect(simulator.counters.finished).toBe(0)
    simulator.release(100)
    await simulator.until(({ finished, held }) => finished === 5 && held === 0, LIMIT_MS)
  })

  it('can sign ahead: signatures that were made before are taken once each', async () => {
    const simulator = await simulate({ agents: 3 })
    await simulator.ready
    await simulator.signAhead(4)
    for (let round = 1; round <= 3; round++) {
      await client.run(simulator.instanceIds)
      await simulator.until(({ finished }) => finished === 3 * round, LIMIT_MS)
    }
    expect(simulator.counters.errors).toBe(0)
  })

  it('is the same fleet again with the file of its identities, and grows', async () => {
    const cacheFile = join(folder, 'identities')
    const before = await simulate({ agents: 3, cacheFile })
    await before.ready
    await before.stop()
    expect((await stat(cacheFile)).mode & 0o777).toBe(0o600)
    let asked = 0
    const after = await simulate({
      agents: 5,
      cacheFile,
      permits(hosts) {
        asked += hosts
        return client.permits(hosts)
      },
    })
    await after.ready
    expect(after.instanceIds.slice(0, 3)).toEqual(before.instanceIds)
    expect(asked).toBe(2)
    await after.stop()
    const kept: unknown = JSON.parse(await readFile(cacheFile, 'utf8'))
    expect(kept).toMatchObject({ hosts: after.instanceIds.map((id) => [id, expect.any(String), expect.any(Number)]) })
  })

  it('is hosts that it was given, without registering any', async () => {
    const cacheFile = join(folder, 'given')
    const before = await simulate({ agents: 2, cacheFile })
    await before.ready
    await before.stop()
    const kept = JSON.parse(await readFile(cacheFile, 'utf8')) as { keys: string[]; hosts: [string, string, number][] }
    const hosts = kept.hosts.map(([instanceId, machineId, key]) => ({
      instanceId,
      machineId,
      key: createPrivateKey(kept.keys[key] ?? ''),
    }))
    const given = await simulate({ agents: 2, hosts, permits: [] })
    await given.ready
    expect(given.instanceIds).toEqual(before.instanceIds)
    const stranger = hosts.map((host) => ({ ...host, instanceId: 'mi-hz00000000000000000000' }))
    await expect((await simulate({ agents: 1, hosts: stranger, permits: [] })).ready).rejects.toThrow(
      'host 0 is not known',
    )
  })

  it('does not overwrite a file that is none of its own', async () => {
    const cacheFile = join(folder, 'precious')
    await writeFile(cacheFile, 'precious')
    await expect(simulate({ agents: 1, cacheFile })).rejects.toThrow('holds no identities')
    expect(await readFile(cacheFile, 'utf8')).toBe('precious')
  })

  it('says why it cannot be: a wrong activation, a certificate that is not trusted, too few activations', async () => {
    const wrong = [{ activationId: 'none', activationCode: 'none', count: 10 }]
    await expect((await simulate({ agents: 2, permits: wrong })).ready).rejects.toMatchObject({ kind: 'refused' })
    const { address } = server.agentServer
    const trusting = await startSimulator({ server: address, agents: 1, permits: client.permits })
    running.push(trusting)
    await expect(trusting.ready).rejects.toMatchObject({ kind: 'untrusted' })
    const few = await simulate({ agents: 2, permits: await client.permits(1) })
    await expect(few.ready).rejects.toThrow('fewer than 2 hosts')
  })

  it('ends at once when its signal is aborted, even while it comes up', async () => {
    const ending = new AbortController()
    const simulator = await simulate({ agents: 50, connectRate: 5, signal: ending.signal })
    await simulator.until(({ connected }) => connected > 0, LIMIT_MS)
    ending.abort()
    await expect(simulator.ready).rejects.toThrow('stopped')
    await expect(simulator.until(() => false, LIMIT_MS)).rejects.toThrow('stopped')
  })
})
