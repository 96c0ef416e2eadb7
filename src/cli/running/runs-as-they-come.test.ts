import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { withRuns } from './runs-as-they-come.js'

const never = new AbortController().signal
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`

interface Run {
  readonly host: string
  readonly start: number
  readonly status: string
}

/** A server with one schedule on two hosts, of which these runs began. */
const schedule = async (runs: readonly Run[]) => {
  const newestFirst = (host: string) =>
    runs.filter((run) => run.host === host).toSorted((left, right) => right.start - left.start)
  const shown = ({ host, start, status }: Run) => ({
    InvokeId: 't-1',
    InstanceId: host,
    InvocationStatus: status,
    StartTime: at(start),
    Output: Buffer.from(`${host} ${start}`).toString('base64'),
  })
  return await startPeer(({ action, parameters }, response) => {
    if (action === 'DescribeInvocations') {
      const InvokeInstance = ['mi-1', 'mi-2'].map((host) => {
        const [latest] = newestFirst(host)
        const isOpen = latest === undefined || latest.status === 'Running'
        return {
          InstanceId: host,
          InvocationStatus: isOpen ? (latest?.status ?? 'Pending') : 'Scheduled',
          StartTime: latest === undefined ? '' : at(latest.start),
        }
      })
      answerJson(response, { Invocations: { Invocation: [{ InvokeInstances: { InvokeInstance } }] } })
      return
    }
    const all = newestFirst(parameters.get('InstanceId') ?? '').map(shown)
    const from = Number(parameters.get('NextToken') ?? 0)
    const size = Number(parameters.get('MaxResults'))
    const NextToken = from + size < all.length ? String(from + size) : ''
    answerJson(response, {
      Invocation: { NextToken, InvocationResults: { InvocationResult: all.slice(from, from + size) } },
    })
  })
}

describe('the runs of a schedule', () => {
  it('are told once each, when they are over, and none that was over before', async () => {
    const runs: Run[] = [
      { host: 'mi-1', start: 1, status: 'Success' },
      { host: 'mi-1', start: 2, status: 'Running' },
    ]
    await using peer = await schedule(runs)
    using api = apiOf(peer)
    const told: string[] = []
    const statesOf = withRuns(({ output }) => told.push(output))
    const look = async () => {
      await statesOf(api, 't-1', never)
      return told.splice(0)
    }
    expect(await look()).toEqual([])
    runs[1] = { host: 'mi-1', start: 2, status: 'Failed' }
    runs.push({ host: 'mi-2', start: 2, status: 'Success' })
    expect((await look()).toSorted()).toEqual(['mi-1 2', 'mi-2 2'])
    const calls = peer.calls.length
    expect(await look()).toEqual([])
    expect(peer.calls.length).toBe(calls + 1)
    for (let start = 3; start < 30; start += 1) runs.push({ host: 'mi-1', start, status: 'Success' })
    expect(await look()).toEqual(Array.from({ length: 27 }, (_, index) => `mi-1 ${index + 3}`))
  })

  it('are no longer asked for once the schedule is removed', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { Invocations: { Invocation: [] } }))
    using api = apiOf(peer)
    expect(await withRuns(() => undefined)(api, 't-1', never)).toBeUndefined()
  })
})
