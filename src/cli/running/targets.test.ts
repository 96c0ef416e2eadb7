import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { findTargets } from './targets.js'

const hosts = [
  { id: 'mi-live', status: 'true', connected: true },
  { id: 'mi-unreachable', status: 'true', connected: false },
  { id: 'mi-silent', status: 'false', connected: false },
]

const fleet = () =>
  startPeer(({ action }, response) => {
    if (action === 'DescribeInstances') {
      const Instance = hosts.map(({ id }) => ({ InstanceId: id, InstanceName: '', OSType: 'linux', Status: 'Running' }))
      answerJson(response, { Instances: { Instance } })
    } else if (action === 'DescribeManagedInstances') {
      answerJson(response, { Instances: hosts.map(({ id, connected }) => ({ InstanceId: id, Connected: connected })) })
    } else {
      const statuses = hosts.map(({ id, status }) => ({ InstanceId: id, CloudAssistantStatus: status }))
      answerJson(response, { InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: statuses } })
    }
  })

describe('hosts that are chosen', () => {
  it.each([
    [false, ['mi-live', 'mi-unreachable', 'mi-silent'], 0],
    [true, ['mi-live'], 2],
  ])('with --live-only %s', async (liveOnly, ids, silent) => {
    await using peer = await fleet()
    using api = apiOf(peer)
    const choice = { instanceIds: [], tags: [], all: true, liveOnly }
    const { targets, skipped } = await findTargets(api, choice, 'RunShellScript')
    expect(targets.map(({ instanceId }) => instanceId)).toEqual(ids)
    expect(skipped).toEqual({ otherSystem: 0, silent })
  })
})
