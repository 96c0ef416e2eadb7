import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Agent, OwnAgent, type Permit } from './own-agent-support.js'
import { eventually, ServerProcess, VendorAgent } from './vendor-agent-support.js'

// Hosts that get their turns, through a kill of the server, with both agents: docs/adr/0016-rollouts.md.

const vendor = process.env['OPENASSIST_VENDOR_AGENT']

const AGENTS = [
  ['our agent', true, (dir: string, server: ServerProcess): Agent => new OwnAgent(dir, server)],
  [
    'the vendor’s agent',
    vendor !== undefined,
    (dir: string, server: ServerProcess): Agent => {
      const agent = new VendorAgent(vendor ?? '', dir, server)
      return {
        register: (permit) => agent.register(permit, 'rollouts'),
        start: () => agent.start(),
        kill: () => agent.kill(),
      }
    },
  ],
] as const

describe.each(AGENTS)('%s', (_name, present, makeAgent) => {
  let dir: string
  let server: ServerProcess
  const agents: Agent[] = []
  const ids: string[] = []

  const isOnline = (instanceId: string): Promise<unknown> =>
    eventually(`${instanceId} is online`, 60_000, async () => {
      const answer = await server.call<{
        InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: { CloudAssistantStatus: string }[] }
      }>('DescribeCloudAssistantStatus', { 'InstanceId.1': instanceId })
      const [now] = answer.InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus
      return now?.CloudAssistantStatus === 'true' ? now : undefined
    })

  beforeAll(async () => {
    if (!present) return
    dir = mkdtempSync(join(tmpdir(), 'openassist-rollouts-'))
    server = await ServerProcess.start(join(dir, 'data'))
    const permit = await server.call<Permit>('CreateActivation', { InstanceCount: 3 })
    for (const name of ['a', 'b', 'c']) {
      const home = join(dir, name)
      mkdirSync(home)
      const agent = makeAgent(home, server)
      ids.push(await agent.register(permit))
      agents.push(agent)
    }
    // The third is away.
    for (const agent of agents.slice(0, 2)) agent.start()
    for (const id of ids.slice(0, 2)) await isOnline(id)
  })

  afterAll(async () => {
    for (const agent of agents) await agent.kill()
    await server?.end('SIGTERM')
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  const run = async (script: string, hosts: readonly string[], options: Record<string, unknown>): Promise<string> => {
    const named = Object.fromEntries(hosts.map((id, index) => [`InstanceId.${index + 1}`, id]))
    const parameters = { Type: 'RunShellScript', CommandContent: script, EnableParameter: true, ...named, ...options }
    return (await server.call<{ InvokeId: string }>('RunCommand', parameters)).InvokeId
  }

  const stands = (InvokeId: string, what: Readonly<Record<string, unknown>>): Promise<unknown> =>
    eventually(`${InvokeId} ${JSON.stringify(what)}`, 60_000, async () => {
      const answer = await server.call<{ Rollouts: { Rollout: Record<string, unknown>[] } }>('DescribeRollouts', {
        'InvokeId.1': InvokeId,
      })
      const [rollout = {}] = answer.Rollouts.Rollout
      return Object.entries(what).every(([name, value]) => rollout[name] === value) ? rollout : undefined
    })

  const lines = (name: string): string[] =>
    existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8').trimEnd().split('\n') : []

  it.skipIf(!present)('is one host at a time, through a kill of the server', async () => {
    const script = `echo "begin {{ACS::InstanceId}}" >> ${dir}/log; sleep 2; echo "end {{ACS::InstanceId}}" >> ${dir}/log`
    const [a = '', b = ''] = ids
    const id = await run(script, [b, a], { MaxConcurrency: '1' })
    await eventually('the first host began', 60_000, () => (lines('log').length > 0 ? true : undefined))
    await server.end('SIGKILL')
    await server.start()
    await stands(id, { Status: 'Finished', Succeeded: 2 })
    expect(lines('log')).toEqual([`begin ${b}`, `end ${b}`, `begin ${a}`, `end ${a}`])
  })

  it.skipIf(!present)(
    'waits for a host that is away, through a kill of the server, and runs when it is back',
    async () => {
      const [, , c = ''] = ids
      const id = await run(`echo {{ACS::InstanceId}} >> ${dir}/back`, ids, { OfflineTimeout: '600' })
      await stands(id, { Succeeded: 2, Queued: 1 })
      await server.end('SIGKILL')
      await server.start()
      await stands(id, { Succeeded: 2, Queued: 1 })
      agents[2]?.start()
      await stands(id, { Status: 'Finished', Succeeded: 3 })
      expect(lines('back').filter((line) => line === c)).toEqual([c])
    },
  )

  it.skipIf(!present)('leaves the others out after a failure', async () => {
    const id = await run(`echo {{ACS::InstanceId}} >> ${dir}/halt; exit 3`, ids, {
      MaxConcurrency: '1',
      StopAfterFailures: '1',
    })
    await stands(id, { Status: 'Halted', Failed: 1, Stopped: 2 })
    expect(lines('halt')).toEqual(ids.slice(0, 1))
  })
})
