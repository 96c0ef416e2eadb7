import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { follow, type Progress } from '../running/follow.js'
import { fetchFileOutcomes, sendFile, statesOfSend } from './send-file.js'

const never = new AbortController().signal
const details = {
  name: 'a.txt',
  content: Uint8Array.from([0, 255]),
  directory: '/srv',
  mode: '0600',
  owner: undefined,
  group: undefined,
  overwrite: true,
  timeoutSeconds: undefined,
  description: undefined,
  resourceGroup: undefined,
  tags: [],
  rollout: [],
}
const targets = (number: number) =>
  Array.from({ length: number }, (_, index) => ({ instanceId: `mi-${index}`, name: '' }))

describe('sending', () => {
  it('takes as many calls as hosts need, each with a token of its own so that none is written twice', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { InvokeId: `f-${peer.calls.length}` }))
    using api = apiOf(peer)
    const { submitted, refused } = await sendFile(api, targets(120), details, never, () => undefined)
    expect(refused).toEqual([])
    expect(submitted.map((one) => one.targets.length).toSorted((a, b) => b - a)).toEqual([50, 50, 20])
    expect(new Set(peer.calls.map(({ parameters }) => parameters.get('ClientToken'))).size).toBe(3)
    const parameters = peer.calls[0]?.parameters
    expect(peer.calls[0]?.action).toBe('SendFile')
    expect([parameters?.get('Content'), parameters?.get('ContentType')]).toEqual(['AP8=', 'Base64'])
    expect([parameters?.get('FileMode'), parameters?.get('Overwrite')]).toEqual(['0600', 'true'])
    expect(parameters?.has('FileOwner')).toBe(false)
  })

  it('is followed until every host is final, and told host by host in the order of the targets', async () => {
    let asked = 0
    await using peer = await startPeer((_, response) => {
      asked += 1
      const status = asked === 1 ? 'Running' : 'Invalid'
      const instances = [
        { InstanceId: 'mi-1', InvocationStatus: status, ErrorCode: 'FileAlreadyExists', ErrorInfo: 'there' },
        { InstanceId: 'mi-0', InvocationStatus: 'Success', ErrorCode: '', ErrorInfo: '' },
      ]
      answerJson(response, { Invocations: { Invocation: [{ InvokeInstances: { InvokeInstance: instances } }] } })
    })
    using api = apiOf(peer)
    const submitted = [{ invokeId: 'f-1', targets: targets(2) }]
    const told: Progress[] = []
    await follow(api, submitted, (progress) => told.push(progress), never, statesOfSend)
    expect(told.map(({ running, succeeded, failed }) => [running, succeeded, failed])).toEqual([
      [1, 1, 0],
      [0, 1, 1],
    ])
    expect(await fetchFileOutcomes(api, submitted)).toMatchObject([
      { instanceId: 'mi-0', status: 'Success', invokeId: 'f-1' },
      { instanceId: 'mi-1', status: 'Invalid', errorCode: 'FileAlreadyExists', errorInfo: 'there' },
    ])
    expect(new Set(peer.calls.map(({ action }) => action))).toEqual(new Set(['DescribeSendFileResults']))
  })

  it('is over with a failure once it is removed', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { Invocations: { Invocation: [] } }))
    using api = apiOf(peer)
    const submitted = [{ invokeId: 'f-1', targets: targets(2) }]
    await expect(follow(api, submitted, () => undefined, never, statesOfSend)).rejects.toThrow(
      'f-1 was removed meanwhile',
    )
    await expect(fetchFileOutcomes(api, submitted)).rejects.toThrow('f-1 was removed meanwhile')
  })
})
