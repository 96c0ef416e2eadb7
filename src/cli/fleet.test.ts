import { stripVTControlCharacters } from 'node:util'
import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, plainColours, startPeer } from './_support.js'
import { type Host, type HostFilter, hostPages } from './fleet.js'
import { countLine, countStates, hostTable } from './output/host-table.js'
import type { Api } from './call-operation.js'

const collect = async (api: Api, filter: Partial<HostFilter> = {}): Promise<Host[]> => {
  const hosts: Host[] = []
  for await (const page of hostPages(api, { instanceIds: [], osType: undefined, ...filter })) hosts.push(...page)
  return hosts
}

const status = (instanceId: string, beats: boolean) => ({
  InstanceId: instanceId,
  OSType: 'Linux',
  CloudAssistantStatus: String(beats),
  CloudAssistantVersion: '2.2.3.578',
  InvocationCount: 1234,
  ActiveTaskCount: 1,
  LastInvokedTime: '',
  LastHeartbeatTime: '2026-11-24T04:00:00Z',
})

/** A fleet whose status is paged by two. */
const startFleet = (hosts: readonly { id: string; beats: boolean; connected?: boolean }[]) =>
  startPeer(({ action, parameters }, response) => {
    const asked = [...parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id)
    const chosen = asked.length === 0 ? hosts : hosts.filter(({ id }) => asked.includes(id))
    if (action === 'DescribeManagedInstances') {
      const known = chosen.filter(({ connected }) => connected !== undefined)
      const Instances = known.map(({ id, connected }) => ({
        InstanceId: id,
        InstanceName: `name of ${id}`,
        Connected: connected,
      }))
      answerJson(response, { Instances, NextToken: '' })
      return
    }
    const from = Number(parameters.get('NextToken') ?? '0')
    const page = asked.length > 0 ? chosen : chosen.slice(from, from + 2)
    answerJson(response, {
      InstanceCloudAssistantStatusSet: {
        InstanceCloudAssistantStatus: page.map(({ id, beats }) => status(id, beats)),
      },
      NextToken: asked.length === 0 && from + 2 < chosen.length ? String(from + 2) : '',
    })
  })

const fleet = [
  { id: 'mi-1', beats: true, connected: true },
  { id: 'mi-2', beats: true, connected: false },
  { id: 'mi-3', beats: false, connected: false },
  { id: 'i-4', beats: true },
  { id: 'i-5', beats: false },
] as const

describe('the state of a host', () => {
  it('is asked for in smaller calls where the server takes fewer ids in one', async () => {
    await using peer = await startPeer(({ action, parameters }, response) => {
      const asked = [...parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id)
      if (action === 'DescribeManagedInstances') answerJson(response, { Instances: [] })
      else if (asked.length > 20) answerJson(response, { Code: 'InstanceIds.ExceedLimit' }, 403)
      else {
        const InstanceCloudAssistantStatus = asked.map((id) => status(id, true))
        answerJson(response, { InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus } })
      }
    })
    using api = apiOf(peer)
    const instanceIds = Array.from({ length: 70 }, (_, index) => `mi-${index}`)
    expect((await collect(api, { instanceIds })).map(({ instanceId }) => instanceId)).toEqual(instanceIds)
  })

  it('follows from whether it beats and whether it is connected', async () => {
    await using peer = await startFleet(fleet)
    using api = apiOf(peer)
    expect((await collect(api)).map(({ instanceId, state }) => [instanceId, state])).toEqual([
      ['mi-1', 'live'],
      ['mi-2', 'unreachable'],
      ['mi-3', 'silent'],
      ['i-4', 'live'],
      ['i-5', 'silent'],
    ])
  })

  it('is read page by page, of any number of hosts', async () => {
    const many = Array.from({ length: 7 }, (_, index) => ({ id: `mi-${index}`, beats: true, connected: true }))
    await using peer = await startFleet(many)
    using api = apiOf(peer)
    expect((await collect(api)).map(({ instanceId }) => instanceId)).toEqual(many.map(({ id }) => id))
    expect(peer.calls.filter(({ action }) => action === 'DescribeCloudAssistantStatus')).toHaveLength(4)
  })

  it('is asked for in groups of fifty when ids are given', async () => {
    const many = Array.from({ length: 120 }, (_, index) => ({ id: `mi-${index}`, beats: true, connected: true }))
    await using peer = await startFleet(many)
    using api = apiOf(peer)
    expect(await collect(api, { instanceIds: many.map(({ id }) => id) })).toHaveLength(120)
    expect(peer.calls).toHaveLength(6)
    expect(Math.max(...peer.calls.map(({ parameters }) => parameters.size))).toBe(52)
  })

  it('does not go round in circles when a server gives the same token again', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { NextToken: 'again' }))
    using api = apiOf(peer)
    expect(await collect(api)).toEqual([])
  })
})

describe('the table of hosts', () => {
  it('has a line for each, its columns aligned, and nothing in it moves the cursor', () => {
    const host: Host = {
      instanceId: 'mi-1',
      name: '中文\u001b[2J',
      state: 'unreachable',
      osType: 'Linux',
      agentVersion: '0.1.0',
      lastHeartbeatTime: '2026-11-24T04:00:00Z',
      lastInvokedTime: '',
      invocationCount: 1234,
      activeTaskCount: 0,
    }
    const silent: Host = { ...host, instanceId: 'i-22', name: '', state: 'silent', lastHeartbeatTime: '' }
    expect(hostTable([host, silent], Date.parse('2026-11-24T04:03:59Z'), plainColours)).toEqual([
      'INSTANCE  NAME         STATE                        OS     VERSION  LAST HEARTBEAT  COMMANDS  RUNNING',
      'mi-1      中文\\x1b[2J  beats but cannot be reached  Linux  0.1.0    3 min ago          1,234        0',
      'i-22                   silent                       Linux  0.1.0    never              1,234        0',
    ])
    expect(countLine(countStates([host, silent, { ...host, state: 'live' }]))).toBe(
      '3 hosts: 1 live, 1 beats but cannot be reached, 1 silent',
    )
    expect(countLine(countStates([]))).toBe('no hosts')
  })

  it('leaves out columns where the screen is narrow, and never the last ones', () => {
    const hosts: Host[] = (['unreachable', 'live'] as const).map((state) => ({
      instanceId: 'mi-hz01k0ztpfq7qrkr0ez0bnp',
      name: 'a name that is longer than most',
      state,
      osType: 'Linux',
      agentVersion: '2.2.3.578',
      lastHeartbeatTime: '2026-11-24T04:00:00Z',
      lastInvokedTime: '',
      invocationCount: 1234,
      activeTaskCount: 0,
    }))
    const linesAt = (columns: number) =>
      hostTable(hosts, Date.parse('2026-11-24T04:03:59Z'), picocolors.createColors(true), columns).map(
        stripVTControlCharacters,
      )
    for (const columns of [160, 120, 100, 80]) {
      const lines = linesAt(columns)
      expect(lines.filter((line) => line.length > columns)).toEqual([])
      expect(lines[0]).toMatch(/ COMMANDS {2}RUNNING$/)
    }
    expect(linesAt(160)[1]).toContain('a name that is longer than most  beats but cannot be reached  Linux')
    expect(linesAt(80)[1]).toContain(' unreachable ')
  })
})
