import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, ServerProcess, VendorAgent } from './vendor-agent-support.js'

// Files that are sent to the vendor's agent, unmodified: docs/vendor-agent.md.

const executable = process.env['OPENASSIST_VENDOR_AGENT']
const isRoot = process.geteuid?.() === 0

interface FileResult {
  readonly InvocationStatus: string
  readonly ErrorCode: string
  readonly StartTime: string
  readonly FinishTime: string
}

describe.skipIf(executable === undefined)('files to the vendor’s agent', () => {
  let dir: string
  let server: ServerProcess
  let agent: VendorAgent
  let instanceId: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'openassist-vendor-files-'))
    server = await ServerProcess.start(join(dir, 'data'))
    agent = new VendorAgent(executable ?? '', dir, server)
    const activation = await server.call<{ ActivationId: string; ActivationCode: string }>('CreateActivation', {
      InstanceCount: 1,
    })
    instanceId = await agent.register(activation, 'vendor-files')
    agent.start()
    await eventually('the agent is online', 60_000, async () => {
      const answer = await server.call<{
        InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: { CloudAssistantStatus: string }[] }
      }>('DescribeCloudAssistantStatus', { 'InstanceId.1': instanceId })
      const [now] = answer.InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus
      return now?.CloudAssistantStatus === 'true' ? true : undefined
    })
  })

  afterAll(async () => {
    await agent?.kill()
    await server?.end('SIGTERM')
    rmSync(dir, { recursive: true, force: true })
  })

  const sent = async (parameters: Record<string, unknown>): Promise<FileResult> => {
    const { InvokeId } = await server.call<{ InvokeId: string }>('SendFile', {
      Content: 'hello',
      ...parameters,
      'InstanceId.1': instanceId,
    })
    return eventually(`${InvokeId} is over`, 30_000, async () => {
      const answer = await server.call<{
        Invocations: { Invocation: { InvokeInstances: { InvokeInstance: FileResult[] } }[] }
      }>('DescribeSendFileResults', { InvokeId })
      const result = answer.Invocations.Invocation[0]?.InvokeInstances.InvokeInstance[0]
      return result !== undefined && !['Pending', 'Running'].includes(result.InvocationStatus) ? result : undefined
    })
  }

  it('arrive whole, with their mode, in a directory that is made for them', async () => {
    const TargetDir = join(dir, 'srv', 'deep')
    const bytes = Buffer.from([0, 1, 254, 255])
    const before = Date.now()
    const done = await sent({
      Name: 'b.bin',
      TargetDir,
      Content: bytes.toString('base64'),
      ContentType: 'Base64',
      FileMode: '0640',
    })
    expect(done).toMatchObject({ InvocationStatus: 'Success', ErrorCode: '' })
    expect(Date.parse(done.StartTime)).toBeGreaterThanOrEqual(before - 1_000)
    expect(Date.parse(done.FinishTime)).toBeGreaterThanOrEqual(Date.parse(done.StartTime))
    expect([...readFileSync(join(TargetDir, 'b.bin'))]).toEqual([...bytes])
    expect(statSync(join(TargetDir, 'b.bin')).mode & 0o7777).toBe(0o640)
  })

  it.runIf(isRoot)('get their owner and group', async () => {
    const file = { Name: 'owned', TargetDir: dir, FileOwner: 'daemon', FileGroup: 'bin' }
    expect(await sent(file)).toMatchObject({ InvocationStatus: 'Success' })
    const { uid, gid } = statSync(join(dir, 'owned'))
    expect([uid, gid]).toEqual([1, 2])
  })

  it.runIf(isRoot)('of root belong to it, also in the place of what was another’s', async () => {
    writeFileSync(join(dir, 'others'), 'before')
    chownSync(join(dir, 'others'), 1, 2)
    const file = { Name: 'others', TargetDir: dir, Overwrite: true }
    expect(await sent(file)).toMatchObject({ InvocationStatus: 'Success' })
    const { uid, gid } = statSync(join(dir, 'others'))
    expect([uid, gid]).toEqual([0, 0])
  })

  it('with a mode of which the agent would drop a part are refused', async () => {
    const refused = await sent({ Name: 'special', TargetDir: dir, FileMode: '4755' })
    expect(refused).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'FileAuthorityInvalid' })
    expect(existsSync(join(dir, 'special'))).toBe(false)
  })

  it('as large as there may be arrive too', async () => {
    const file = { Name: 'large', TargetDir: dir, Content: 'x'.repeat(24_576) }
    expect(await sent(file)).toMatchObject({ InvocationStatus: 'Success' })
    expect(statSync(join(dir, 'large')).size).toBe(24_576)
  })

  it('that are there already are refused, and replaced with Overwrite', async () => {
    const file = { Name: 'there', TargetDir: dir }
    writeFileSync(join(dir, 'there'), 'before')
    expect(await sent(file)).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'FileAlreadyExists' })
    expect(readFileSync(join(dir, 'there'), 'utf8')).toBe('before')
    expect(await sent({ ...file, Overwrite: true })).toMatchObject({ InvocationStatus: 'Success' })
    expect(readFileSync(join(dir, 'there'), 'utf8')).toBe('hello')
  })

  it.each(['a&taskId=f-2', 'a%2Fb', 'a?b', 'a+b'])('named %j are refused by their name', async (Name) => {
    writeFileSync(join(dir, Name), '')
    const refused = await sent({ Name, TargetDir: dir })
    expect(refused).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'FileAlreadyExists' })
  })

  // The report of a refusal carries the name as it is, which is then no request that a server can read.
  it('with a blank or more than ASCII in their name arrive', async () => {
    for (const Name of ['a b', 'ünï 名']) {
      expect(await sent({ Name, TargetDir: dir })).toMatchObject({ InvocationStatus: 'Success' })
      expect(readFileSync(join(dir, Name), 'utf8')).toBe('hello')
    }
  })

  it('of an owner or group that is not there, or in the place of a file, are not', async () => {
    const file = { Name: 'never', TargetDir: dir, Overwrite: true }
    const noOwner = await sent({ ...file, FileOwner: 'no-such-user' })
    expect(noOwner).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'UserGroupNotExists' })
    const noGroup = await sent({ ...file, FileGroup: 'no-such-group' })
    expect(noGroup).toMatchObject({ InvocationStatus: 'Invalid', ErrorCode: 'UserGroupNotExists' })
    writeFileSync(join(dir, 'plain'), '')
    const noFolder = await sent({ ...file, TargetDir: join(dir, 'plain') })
    expect(noFolder).toMatchObject({ InvocationStatus: 'Failed', ErrorCode: 'FilePathInvalid' })
    mkdirSync(join(dir, 'folder'))
    const noFile = await sent({ ...file, Name: 'folder' })
    expect(noFile).toMatchObject({ InvocationStatus: 'Failed', ErrorCode: 'FileCreateFail' })
  })

  it('more than one answer holds arrive all', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `many-${index}`)
    const all = await Promise.all(names.map((Name) => sent({ Name, TargetDir: dir })))
    expect(new Set(all.map((result) => result.InvocationStatus))).toEqual(new Set(['Success']))
  })

  it('that wait while the host is away arrive when it is back in time', async () => {
    await agent.kill()
    const waiting = sent({ Name: 'later', TargetDir: dir })
    agent.start()
    expect(await waiting).toMatchObject({ InvocationStatus: 'Success' })
  }, 90_000)
})
