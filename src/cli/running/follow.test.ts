import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { RefusedCall } from '../call-failures.js'
import { fetchOutcomes, follow, type Progress } from './follow.js'
import { submit } from './submit.js'

const never = new AbortController().signal
const script = { content: Buffer.from('id\n'), type: 'RunShellScript' } as const
const details = {
  script,
  timeoutSeconds: 30,
  workingDir: undefined,
  username: undefined,
  windowsPasswordName: undefined,
  containerId: undefined,
  containerName: undefined,
  launcher: undefined,
  terminationMode: undefined,
  repeatMode: undefined,
  frequency: undefined,
  outputTo: undefined,
  name: undefined,
  description: undefined,
  keep: false,
  resourceGroup: undefined,
  tags: [],
  enableParameter: false,
  parameters: [],
  rollout: [],
}
const targets = (number: number) =>
  Array.from({ length: number }, (_, index) => ({ instanceId: `mi-${index}`, name: '' }))

const states = (statuses: Record<string, string>) => ({
  Invocations: {
    Invocation: [
      {
        InvokeInstances: {
          InvokeInstance: Object.entries(statuses).map(([InstanceId, InvocationStatus]) => ({
            InstanceId,
            InvocationStatus,
          })),
        },
      },
    ],
  },
})

/** The answer on an invocation that there is not. */
const none = { Invocations: { Invocation: [] } }

describe('submitting', () => {
  it('takes as many calls as hosts need, each with a token of its own so that none runs twice', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { InvokeId: `t-${peer.calls.length}` }))
    using api = apiOf(peer)
    const { submitted, refused } = await submit(api, targets(230), details, never, () => undefined)
    expect(refused).toEqual([])
    expect(submitted.map((one) => one.targets.length).toSorted((a, b) => b - a)).toEqual([100, 100, 30])
    expect(new Set(submitted.flatMap((one) => one.targets.map(({ instanceId }) => instanceId))).size).toBe(230)
    expect(new Set(peer.calls.map(({ parameters }) => parameters.get('ClientToken'))).size).toBe(3)
    const [first] = peer.calls
    expect(first?.parameters.get('CommandContent')).toBe(Buffer.from('id\n').toString('base64'))
    expect(first?.parameters.get('ContentEncoding')).toBe('Base64')
    expect(first?.parameters.get('Timeout')).toBe('30')
    expect(first?.parameters.has('Username')).toBe(false)
  })

  it('tells how the script is started and ended where it was said', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { InvokeId: 't' }))
    using api = apiOf(peer)
    const said = { ...details, launcher: 'sh {{ACS::ScriptFileName}}', terminationMode: 'ProcessTree' }
    await submit(api, targets(1), said, never, () => undefined)
    await submit(api, targets(1), details, never, () => undefined)
    const [first, second] = peer.calls.map(({ parameters }) => parameters)
    expect(first?.get('Launcher')).toBe('sh {{ACS::ScriptFileName}}')
    expect(first?.get('TerminationMode')).toBe('ProcessTree')
    expect(second?.has('Launcher')).toBe(false)
  })

  it('goes on when some calls are refused, and tells which', async () => {
    await using peer = await startPeer(({ parameters }, response) => {
      if (parameters.get('InstanceId.1') === 'mi-100') answerJson(response, { Code: 'No', Message: 'no' }, 403)
      else answerJson(response, { InvokeId: 't' })
    })
    using api = apiOf(peer)
    const { submitted, refused } = await submit(api, targets(300), details, never, () => undefined)
    expect(submitted).toHaveLength(2)
    expect(refused.map((one) => [one.targets[0]?.instanceId, one.failure.message])).toEqual([['mi-100', 'No: no']])
  })

  it('takes smaller calls where the server takes fewer hosts in one, each host once', async () => {
    await using peer = await startPeer(({ parameters }, response) => {
      if (parameters.has('InstanceId.21')) answerJson(response, { Code: 'InstanceIds.ExceedLimit' }, 403)
      else answerJson(response, { InvokeId: `t-${peer.calls.length}` })
    })
    using api = apiOf(peer)
    let accepted = 0
    const { submitted, refused } = await submit(api, targets(250), details, never, (some) => void (accepted += some))
    expect(refused).toEqual([])
    const ids = submitted.flatMap((one) => one.targets.map(({ instanceId }) => instanceId))
    expect(ids.toSorted()).toEqual(
      targets(250)
        .map(({ instanceId }) => instanceId)
        .toSorted(),
    )
    expect(accepted).toBe(250)
    expect(new Set(peer.calls.map(({ parameters }) => parameters.get('ClientToken'))).size).toBe(peer.calls.length)
  })

  it('cannot take smaller calls where hosts get their turns, and says what can be done', async () => {
    await using peer = await startPeer((_, response) =>
      answerJson(response, { Code: 'InstanceIds.ExceedLimit', Message: 'too many' }, 403),
    )
    using api = apiOf(peer)
    const inTurns = { ...details, rollout: [['MaxConcurrency', '1'] as const] }
    await expect(submit(api, targets(4), inTurns, never, () => undefined)).rejects.toMatchObject({
      code: 'InstanceIds.ExceedLimit',
      advice: [expect.stringContaining('choose fewer of them at a time, or leave the turns out')],
    })
    expect(peer.calls).toHaveLength(1)
    // One host alone is not too many because of that.
    await expect(submit(api, targets(1), details, never, () => undefined)).rejects.toMatchObject({ advice: [] })
  })

  it('fails with what the server said when nothing was accepted', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { Code: 'No', Message: 'no' }, 403))
    using api = apiOf(peer)
    await expect(submit(api, targets(3), details, never, () => undefined)).rejects.toBeInstanceOf(RefusedCall)
  })

  it('begins no further call once it is interrupted', async () => {
    const ending = new AbortController()
    await using peer = await startPeer((_, response) => {
      ending.abort()
      answerJson(response, { InvokeId: 't' })
    })
    using api = apiOf(peer)
    const { submitted } = await submit(api, targets(2000), details, ending.signal, () => undefined)
    expect(submitted.length).toBeGreaterThan(0)
    expect(submitted.length).toBeLessThan(20)
  })
})

describe('following', () => {
  const submitted = [{ invokeId: 't-1', targets: targets(3) }]

  it('ends when every host is final, and tells how far it is on the way', async () => {
    const answers = [
      states({}),
      states({ 'mi-0': 'Pending', 'mi-1': 'Running', 'mi-2': 'Success' }),
      states({ 'mi-0': 'Aborted', 'mi-1': 'Failed', 'mi-2': 'Success' }),
    ]
    await using peer = await startPeer((_, response) => answerJson(response, answers[peer.calls.length - 1]))
    using api = apiOf(peer)
    const seen: Progress[] = []
    await follow(api, submitted, (progress) => seen.push(progress), never)
    const trouble = ''
    expect(seen).toEqual([
      { total: 3, waiting: 3, running: 0, succeeded: 0, failed: 0, trouble },
      { total: 3, waiting: 1, running: 1, succeeded: 1, failed: 0, trouble },
      { total: 3, waiting: 0, running: 0, succeeded: 1, failed: 2, trouble },
    ])
  })

  it('bears a server that is away for a while', async () => {
    await using peer = await startPeer((_, response) => {
      if (peer.calls.length === 1) response.writeHead(502).end('')
      else answerJson(response, states({ 'mi-0': 'Success', 'mi-1': 'Success', 'mi-2': 'Success' }))
    })
    using api = apiOf(peer)
    const seen: Progress[] = []
    await follow(api, submitted, (progress) => seen.push(progress), never)
    expect(seen.map(({ trouble }) => trouble !== '')).toEqual([true, false])
  })

  it.each([
    ['before the first look', [none]],
    ['later', [states({ 'mi-0': 'Running' }), none]],
  ])('fails when it is removed %s, and says what else there is', async (_, answers) => {
    await using peer = await startPeer(({ parameters }, response) => {
      const isRemoved = parameters.get('InvokeId') === 't-1'
      answerJson(response, isRemoved ? (answers.shift() ?? none) : states({ 'mi-9': 'Running' }))
    })
    using api = apiOf(peer)
    const both = [...submitted, { invokeId: 't-2', targets: [{ instanceId: 'mi-9', name: '' }] }]
    await expect(follow(api, both, () => undefined, never)).rejects.toMatchObject({
      message: 't-1 was removed meanwhile: it was over, and how it ended is no longer kept.',
      exitCode: 1,
      advice: expect.arrayContaining(['The others: openassist invocations watch t-2']),
    })
  })

  it('fails when it is removed before its outcomes were fetched, or while they were', async () => {
    await using peer = await startPeer(({ action }, response) => {
      const InvocationResult = [{ InstanceId: 'mi-0', InvocationStatus: 'Success' }]
      answerJson(
        response,
        action === 'DescribeInvocations' ? none : { Invocation: { InvocationResults: { InvocationResult } } },
      )
    })
    using api = apiOf(peer)
    await expect(fetchOutcomes(api, submitted)).rejects.toThrow('t-1 was removed meanwhile')
  })

  it('ends at once when it is interrupted', async () => {
    const ending = new AbortController()
    await using peer = await startPeer((_, response) => {
      answerJson(response, states({ 'mi-0': 'Running' }))
    })
    using api = apiOf(peer)
    await follow(api, submitted, () => ending.abort(), ending.signal)
    expect(peer.calls).toHaveLength(1)
  })

  it('fetches the outcomes of all pages in the order of the targets', async () => {
    await using peer = await startPeer(({ parameters }, response) => {
      const isFirst = !parameters.has('NextToken')
      const ids = isFirst ? ['mi-2', 'mi-1'] : ['mi-0']
      const InvocationResult = ids.map((InstanceId) => ({
        InstanceId,
        InvocationStatus: 'Failed',
        ErrorCode: 'ExitCodeNonzero',
        ExitCode: 7,
        Output: Buffer.from(`from ${InstanceId}\n`).toString('base64'),
        Dropped: 3,
      }))
      const NextToken = isFirst ? 'more' : ''
      answerJson(response, { Invocation: { InvocationResults: { InvocationResult }, NextToken } })
    })
    using api = apiOf(peer)
    const outcomes = await fetchOutcomes(api, [...submitted, { invokeId: 't-2', targets: [] }])
    expect(outcomes.map(({ instanceId, output }) => [instanceId, output])).toEqual([
      ['mi-0', 'from mi-0\n'],
      ['mi-1', 'from mi-1\n'],
      ['mi-2', 'from mi-2\n'],
    ])
    expect(outcomes[0]).toMatchObject({ status: 'Failed', exitCode: 7, dropped: 3, errorCode: 'ExitCodeNonzero' })
  })
})
