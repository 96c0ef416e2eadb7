import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, plainColours, startPeer } from '../_support.js'
import type { Output } from '../../command-line/terminal.js'
import { invocationTable, invocationText } from '../output/invocation-text.js'
import { withNames } from '../host-names.js'
import { getCommand } from './commands.js'
import { countHosts, getInvocation, hasFailed, invocationPages } from './invocations.js'
import { rerunCall } from './rerun.js'
import { resultPages } from './results.js'

const host = (InstanceId: string, InvocationStatus: string, other = {}) => ({ InstanceId, InvocationStatus, ...other })

const told = (other = {}) => ({
  InvokeId: 't-1',
  InvocationStatus: 'PartialFailed',
  CommandId: 'c-1',
  CommandName: 'name',
  CommandType: 'RunShellScript',
  CommandContent: Buffer.from('echo {{a}}\n').toString('base64'),
  Parameters: '{"a":"1"}',
  Username: 'bob',
  WorkingDir: '/srv',
  Timeout: 90,
  RepeatMode: 'Once',
  CreationTime: '2026-01-01T00:00:00Z',
  Tags: { Tag: [{ TagKey: 'team', TagValue: 'web' }] },
  InvokeInstances: {
    InvokeInstance: [
      host('mi-1', 'Success', { StartTime: '2026-01-01T00:00:00Z', FinishTime: '2026-01-01T00:01:05Z', ExitCode: 0 }),
      host('mi-2', 'Failed', { ErrorCode: 'ExitCodeNonzero', ErrorInfo: 'bad \u001b[2J', ExitCode: 3 }),
      host('mi-3', 'Aborted', { ErrorCode: 'ClientNotRunning', ErrorInfo: 'gone' }),
      host('mi-4', 'Terminated'),
      host('mi-5', 'Running'),
    ],
  },
  ...other,
})

const answer = (...invocations: readonly object[]) => ({
  TotalCount: 7,
  Invocations: { Invocation: invocations },
  NextToken: '',
})

const output = (columns: number, isTerminal = true): Output => ({
  write: () => undefined,
  isTerminal,
  columns,
  rows: 24,
  colours: plainColours,
})

const now = Date.parse('2026-01-01T00:10:00Z')

describe('an invocation of the history', () => {
  it('counts a host as failed when it failed, not when somebody stopped it', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, answer(told())))
    using api = apiOf(peer)
    const { hosts } = await getInvocation(api, 't-1')
    expect(hosts.filter(hasFailed).map(({ instanceId }) => instanceId)).toEqual(['mi-2', 'mi-3'])
    expect(countHosts(hosts)).toEqual({ total: 5, succeeded: 1, failed: 2, stopped: 1, unfinished: 1 })
    const all = ['Failed', 'Invalid', 'Aborted', 'Timeout', 'Error', 'Cancelled', 'Terminated', 'Success', 'Scheduled']
    expect(all.map((status) => hasFailed({ status }))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('fits into 80 columns in a list, and shows control characters', async () => {
    const wide = told({ CommandName: `x\u001b[2J${'y'.repeat(200)}`, InvokeId: `t-${'0'.repeat(23)}` })
    await using peer = await startPeer((_, response) => answerJson(response, answer(wide)))
    using api = apiOf(peer)
    for await (const { invocations, total } of invocationPages(api, {
      state: undefined,
      command: undefined,
      instanceId: undefined,
      tags: [],
    })) {
      const lines = invocationTable(invocations, now, output(80))
      expect(total).toBe(7)
      expect(lines.map((line) => line.length > 80)).toEqual([false, false])
      expect(lines[1]).toContain('x\\x1b[2J')
      // In a pipe nothing is cut.
      expect(invocationTable(invocations, now, output(80, false))[1]).toContain('y'.repeat(200))
    }
  })

  it('is told with every host and each error text once', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, answer(told())))
    using api = apiOf(peer)
    const text = invocationText(await getInvocation(api, 't-1'), now, output(80))
    expect(text).toContain('Asked for:  2026-01-01T00:00:00Z (10 min ago)\n')
    expect(text).toMatch(/^mi-1 +Success +0 +2026-01-01T00:00:00Z +1 min 5 s$/m)
    expect(text).toContain('mi-2: ExitCodeNonzero: bad \\x1b[2J\n')
    expect(text).toContain('5 hosts: 1 succeeded, 2 failed, 1 stopped, 1 not finished\n')
    expect(text).not.toContain('\u001b')
  })
})

describe('running the same again', () => {
  const callOf = async (invocation: object, kept: boolean) => {
    await using peer = await startPeer(({ action }, response) =>
      answerJson(
        response,
        action === 'DescribeCommands'
          ? { Commands: { Command: kept ? [{ CommandId: 'c-1' }] : [] } }
          : answer(invocation),
      ),
    )
    using api = apiOf(peer)
    const { action, parameters } = await rerunCall(api, await getInvocation(api, 't-1'), [['MaxConcurrency', '1']])
    return { action, parameters: Object.fromEntries(parameters) }
  }

  it('is the same script with everything that it was given', async () => {
    expect(
      await callOf(told({ Launcher: 'sh {{ACS::ScriptFileName}}', TerminationMode: 'ProcessTree' }), false),
    ).toEqual({
      action: 'RunCommand',
      parameters: {
        Type: 'RunShellScript',
        ContentEncoding: 'Base64',
        CommandContent: Buffer.from('echo {{a}}\n').toString('base64'),
        Name: 'name',
        RerunOf: 't-1',
        Timeout: '90',
        WorkingDir: '/srv',
        Username: 'bob',
        Launcher: 'sh {{ACS::ScriptFileName}}',
        TerminationMode: 'ProcessTree',
        Parameters: '{"a":"1"}',
        'Tag.1.Key': 'team',
        'Tag.1.Value': 'web',
        MaxConcurrency: '1',
      },
    })
  })

  it('is the script to the byte, also one that is no UTF-8', async () => {
    const CommandContent = Buffer.from([0x65, 0x63, 0x68, 0x6f, 0x20, 0xe9, 0x0a]).toString('base64')
    const { parameters } = await callOf(told({ CommandContent }), false)
    expect(parameters['CommandContent']).toBe(CommandContent)
  })

  it('is a kept command by its id', async () => {
    const { action, parameters } = await callOf(told(), true)
    expect(action).toBe('InvokeCommand')
    expect(parameters).toMatchObject({ CommandId: 'c-1', Parameters: '{"a":"1"}', Timeout: '90' })
    expect(parameters).not.toHaveProperty('CommandContent')
    expect(parameters).not.toHaveProperty('RepeatMode')
  })

  it('is a dry run where the first was one', async () => {
    expect((await callOf(told({ RepeatMode: 'DryRun' }), false)).parameters).toMatchObject({ RepeatMode: 'DryRun' })
    expect((await callOf(told({ RepeatMode: 'Period' }), false)).parameters).not.toHaveProperty('RepeatMode')
  })

  it('leaves to the server what its answers do not tell, however the script looks', async () => {
    const CommandContent = Buffer.from('echo {{ ACS::InstanceId }} {{oos-secret:a}}').toString('base64')
    const { parameters } = await callOf(told({ Parameters: '{}', CommandContent }), false)
    expect(parameters).toMatchObject({ RerunOf: 't-1' })
    expect(parameters).not.toHaveProperty('EnableParameter')
    expect(parameters).not.toHaveProperty('Parameters')
  })
})

describe('a command that is named', () => {
  const own = (CommandId: string, Name = 'deploy') => ({ CommandId, Name, CreationTime: '2026-01-01T00:00:00Z' })
  const called = async (commands: readonly ReturnType<typeof own>[], idOrName: string) => {
    await using peer = await startPeer(({ parameters }, response) => {
      const id = parameters.get('CommandId')
      const isPublic = parameters.has('Provider')
      const found = id === undefined ? commands : commands.filter(({ CommandId }) => CommandId === id)
      answerJson(response, { Commands: { Command: isPublic ? [own('c-oa', 'OpenAssist-Disk')] : found } })
    })
    using api = apiOf(peer)
    return (await getCommand(api, idOrName)).commandId
  }

  it.each([
    ['c-1', 'c-1'],
    ['deploy', 'c-1'],
    ['OpenAssist-Disk', 'c-oa'],
  ])('by %s is %s', async (idOrName, id) => {
    expect(await called([own('c-1'), own('c-2', 'deploy-all')], idOrName)).toBe(id)
  })

  it('as several are is asked for by its id', async () => {
    await expect(called([own('c-1'), own('c-2')], 'deploy')).rejects.toMatchObject({
      message: 'several commands have the name deploy: give the id of one.',
      advice: ['c-1, made 2026-01-01T00:00:00Z', 'c-2, made 2026-01-01T00:00:00Z'],
    })
    await expect(called([], 'deploy')).rejects.toThrow('there is no command deploy.')
  })
})

describe('results', () => {
  const filter = {
    invokeId: undefined,
    instanceId: 'mi-1',
    commandId: 'c-1',
    state: undefined,
    tags: [{ name: 'a', value: 'b' }],
    history: false,
  }
  const states = ['Failed', 'Aborted', 'Success']
  const peerWithResults = () =>
    startPeer((_, response) =>
      answerJson(response, {
        Invocation: {
          TotalCount: states.length,
          InvocationResults: {
            InvocationResult: states.map((InvocationStatus) => ({
              InvokeId: 't-1',
              InstanceId: 'mi-1',
              InvocationStatus,
            })),
          },
        },
      }),
    )

  it.each([
    [undefined, undefined, states],
    ['Failed', 'Failed', ['Failed']],
    ['Aborted', undefined, ['Aborted']],
    ['Cancelled', undefined, []],
    ['Stopped', 'Stopped', states],
  ] as const)('in the state %s are asked for as %s, and told are %j', async (state, asked, told) => {
    await using peer = await peerWithResults()
    using api = apiOf(peer)
    for await (const { outcomes, read } of resultPages(api, { ...filter, state })) {
      expect(outcomes.map(({ status }) => status)).toEqual(told)
      expect(read).toBe(3)
    }
    const parameters = Object.fromEntries(peer.calls[0]?.parameters ?? [])
    expect(parameters).toMatchObject({ InstanceId: 'mi-1', CommandId: 'c-1', 'Tag.1.Key': 'a', 'Tag.1.Value': 'b' })
    expect(parameters['InvokeRecordStatus']).toBe(asked)
  })
})

describe('names of hosts', () => {
  const hosts = [
    { instanceId: 'mi-1', name: '' },
    { instanceId: 'mi-2', name: 'known' },
    { instanceId: 'mi-3', name: '' },
  ]

  it('are looked up where they are not known', async () => {
    const Instance = [{ InstanceId: 'mi-1', InstanceName: 'web-1' }]
    await using peer = await startPeer((_, response) => answerJson(response, { Instances: { Instance } }))
    using api = apiOf(peer)
    expect((await withNames(api, hosts)).map(({ name }) => name)).toEqual(['web-1', 'known', ''])
    expect(peer.calls.map(({ parameters }) => parameters.get('InstanceIds'))).toEqual(['["mi-1","mi-3"]'])
  })

  it('are left out for who may not see hosts', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { Code: 'Forbidden.RAM' }, 403))
    using api = apiOf(peer)
    expect(await withNames(api, hosts)).toEqual(hosts)
  })
})
