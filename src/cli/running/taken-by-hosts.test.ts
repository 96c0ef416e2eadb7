import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, plainColours, startPeer } from '../_support.js'
import { openProgressLine } from '../output/progress-line.js'
import { tellWhoTook } from './taken-by-hosts.js'

const never = new AbortController().signal
const silent = { write: () => undefined, isTerminal: false, columns: 80, rows: 24, colours: plainColours }

/** What is told of a schedule whose hosts are in these states at one look after the other. */
const told = async (looks: readonly (readonly string[])[], signal = never) => {
  let look = 0
  let err = ''
  await using peer = await startPeer(({ action }, response) => {
    const states = looks[Math.min(look, looks.length - 1)] ?? []
    const hosts = states.map((InvocationStatus, index) => ({
      InstanceId: `mi-${index}`,
      InvocationStatus,
      ...(InvocationStatus === 'Aborted' ? { ErrorCode: 'ClientNeedUpgrade', ErrorInfo: 'too old' } : {}),
    }))
    if (action === 'DescribeInvocations') {
      look += 1
      answerJson(response, { Invocations: { Invocation: [{ InvokeInstances: { InvokeInstance: hosts } }] } })
    } else answerJson(response, { Invocation: { InvocationResults: { InvocationResult: hosts } } })
  })
  using api = apiOf(peer)
  const targets = (looks[0] ?? []).map((_, index) => ({ instanceId: `mi-${index}`, name: '' }))
  using line = openProgressLine(silent)
  const terminal = { stderr: { ...silent, write: (text: string) => void (err += text) } }
  const isTaken = await tellWhoTook(api, [{ invokeId: 't-1', targets }], terminal, line, signal)
  return { isTaken, err }
}

describe('a schedule', () => {
  it('is looked at until every host took it or refused it', async () => {
    expect(
      await told([
        ['Pending', 'Pending'],
        ['Scheduled', 'Pending'],
        ['Scheduled', 'Running'],
      ]),
    ).toEqual({
      isTaken: true,
      err: 'Taken by 2 of 2 hosts.\n',
    })
  })

  it('says which hosts refused it, and why', async () => {
    const { isTaken, err } = await told([['Aborted', 'Scheduled', 'Aborted']])
    expect(isTaken).toBe(true)
    expect(err).toBe('2 hosts: Aborted, ClientNeedUpgrade: too old\n  mi-0, mi-2\nTaken by 1 of 3 hosts.\n')
  })

  it('that no host took is none', async () => {
    expect((await told([['Aborted', 'Invalid']])).isTaken).toBe(false)
  })

  it('that some host has not asked for when nobody looks any longer may be taken later', async () => {
    expect(await told([['Aborted', 'Pending']], AbortSignal.abort())).toMatchObject({
      isTaken: true,
      err: expect.stringContaining('Taken by 0 of 2 hosts; 1 not asked for it yet.'),
    })
  })

  it('that was submitted stays so where nobody may look', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { Code: 'Forbidden.RAM' }, 403))
    using api = apiOf(peer)
    let err = ''
    const stderr = { ...silent, write: (text: string) => void (err += text) }
    using line = openProgressLine(stderr)
    const submitted = [{ invokeId: 't-1', targets: [{ instanceId: 'mi-1', name: '' }] }]
    expect(await tellWhoTook(api, submitted, { stderr }, line, never)).toBe(true)
    expect(err).toContain('Which hosts took it is not known: Forbidden.RAM')
  })
})
