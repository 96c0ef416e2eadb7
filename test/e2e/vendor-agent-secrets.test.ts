import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import RPCClient from '@alicloud/pop-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, ServerProcess, VendorAgent } from './vendor-agent-support.js'

// Secrets and the vendor's agent, unmodified, which keeps every script on its disk: docs/secrets.md.

const executable = process.env['OPENASSIST_VENDOR_AGENT']

const SECRET = 'Tr0ub4dor&3-s3cret'

interface Result {
  readonly InvocationStatus: string
  readonly Output: string
  readonly ErrorCode: string
  readonly ErrorInfo: string
}

/** Files below a folder that hold the secret. */
const holding = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => readFileSync(join(folder, name), 'latin1').includes(SECRET))

describe.skipIf(executable === undefined)('a secret and the vendor’s agent', () => {
  let dir: string
  let data: string
  let server: ServerProcess
  let agent: VendorAgent
  let instanceId: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'openassist-vendor-agent-'))
    data = join(dir, 'data')
    server = await ServerProcess.start(data)
    agent = new VendorAgent(executable ?? '', dir, server)
    const permit = await server.call<{ ActivationId: string; ActivationCode: string }>('CreateActivation', {
      InstanceCount: 1,
    })
    instanceId = await agent.register(permit, 'secrets')
    const { accessKeyId = '', accessKeySecret = '' } = JSON.parse(
      readFileSync(join(data, 'first-access-key'), 'utf8'),
    ) as Record<string, string>
    const { endpoint } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { endpoint: string }
    const secrets = new RPCClient({ accessKeyId, accessKeySecret, endpoint, apiVersion: '2019-06-01' })
    const secret = { RegionId: 'cn-hangzhou', Name: 'db', Value: SECRET }
    await secrets.request('CreateSecretParameter', secret, { method: 'POST' })
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
    rmSync(dir, { recursive: true, force: true })
  })

  const ended = async (script: string, options: Record<string, unknown> = {}): Promise<Result> => {
    const { InvokeId } = await server.call<{ InvokeId: string }>('RunCommand', {
      Type: 'RunShellScript',
      CommandContent: script,
      EnableParameter: true,
      'InstanceId.1': instanceId,
      ...options,
    })
    return eventually(`${InvokeId} is over`, 60_000, async () => {
      const answer = await server.call<{ Invocation: { InvocationResults: { InvocationResult: Result[] } } }>(
        'DescribeInvocationResults',
        { InvokeId, ContentEncoding: 'PlainText' },
      )
      const [now] = answer.Invocation.InvocationResults.InvocationResult
      return now === undefined || /Pending|Running/.test(now.InvocationStatus) ? undefined : now
    })
  }

  it('does not go to it, and the answer says why', async () => {
    for (const options of [{}, { TerminationMode: 'ProcessTree' }]) {
      const refused = await ended('echo {{oos-secret:db}}', options)
      expect(refused).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'CommandNotApplicable' })
      expect(refused.ErrorInfo).toContain('AllowSecretOnDisk')
    }
    expect(holding(dir)).toEqual([])
  })

  it('goes to it where that is allowed, and is hidden in what comes back', async () => {
    const script = 'printf "%s" "{{oos-secret:db}}" | wc -c; echo "it is {{oos-secret:db}} of {{ACS::InstanceId}}"'
    const allowed = { AllowSecretOnDisk: true }
    for (const options of [
      allowed,
      { ...allowed, TerminationMode: 'ProcessTree', Launcher: 'sh {{ACS::ScriptFileName}}' },
    ])
      expect(await ended(script, options)).toMatchObject({
        InvocationStatus: 'Success',
        Output: `18\nit is *** of ${instanceId}\n`,
      })
    // Written with a pause in it, so that it comes in two reports.
    const slow = await ended(`s='{{oos:db}}'; printf %s "\${s%s3cret}"; sleep 2.5; echo s3cret.`, allowed)
    expect(slow).toMatchObject({ InvocationStatus: 'Success', Output: '***.\n' })
    // What the allowance is about: the agent's own folder has it now. The server's has not.
    expect(holding(dir).some((name) => name.startsWith('assist/'))).toBe(true)
    expect(holding(data)).toEqual([])
  })

  it('is not needed where a script is only checked', async () => {
    const checked = await ended('echo {{oos-secret:db}}', { AllowSecretOnDisk: true, RepeatMode: 'DryRun' })
    expect(checked).toMatchObject({ InvocationStatus: 'Success', ErrorCode: '' })
  })
})
