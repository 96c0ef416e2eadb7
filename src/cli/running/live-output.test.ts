import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, plainColours, startPeer } from '../_support.js'
import { outputText } from '../output/outcome-text.js'
import { openProgressLine } from '../output/progress-line.js'
import { follow } from './follow.js'
import { LiveOutput, withOutput } from './live-output.js'

const never = new AbortController().signal

const recorder = () => {
  const written: string[] = []
  return { written, output: { write: (text: string) => void written.push(text) } }
}

const whole = (output: string) =>
  outputText({
    instanceId: 'mi-1',
    name: '',
    invokeId: 't-1',
    status: 'Success',
    errorCode: '',
    errorInfo: '',
    output,
    dropped: 0,
    startTime: '',
    finishTime: '',
  })

describe('output as it comes', () => {
  it.each(['one\ntwo\n', 'no end', 'a\r\nb\r\nc\r', '日本 é 😀\n', 'x\u001b[2J\r\ty', ''])(
    'is at the end what would be written at once, wherever it was cut: %j',
    (text) => {
      const bytes = Buffer.from(text)
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const { written, output } = recorder()
        const live = new LiveOutput(output)
        live.show(bytes.subarray(0, cut))
        live.show(bytes.subarray(0, cut))
        expect(whole(text).startsWith(written.join(''))).toBe(true)
        expect(live.finish(whole(text))).toBe(true)
        expect(written.join('')).toBe(whole(text))
      }
    },
  )

  it('holds no character in halves, and comes in as many pieces as it was written in', () => {
    const { written, output } = recorder()
    const live = new LiveOutput(output)
    const bytes = Buffer.from('é\nü')
    for (let end = 1; end <= bytes.length; end += 1) live.show(bytes.subarray(0, end))
    expect(written).toEqual(['é', '\n', 'ü'])
  })

  it('that turned out to be another is written as a whole, and that is told', () => {
    const { written, output } = recorder()
    const live = new LiveOutput(output)
    live.show(Buffer.from('begun'))
    expect(live.finish('other\n')).toBe(false)
    expect(written.join('')).toBe('begun\nother\n')
  })

  it('is shown while the host still runs, without the progress that was there before', async () => {
    const looks = ['', 'one\n', 'one\ntwo\n']
    let look = 0
    await using peer = await startPeer((_, response) => {
      const output = looks[Math.min(look, looks.length - 1)] ?? ''
      const InvocationStatus = look < looks.length ? 'Running' : 'Success'
      look += 1
      const result = { InstanceId: 'mi-1', InvocationStatus, Output: Buffer.from(output).toString('base64') }
      answerJson(response, { Invocation: { InvocationResults: { InvocationResult: [result] } } })
    })
    using api = apiOf(peer)
    const { written, output } = recorder()
    const screen = { ...output, isTerminal: true, columns: 80, rows: 24, colours: plainColours }
    using line = openProgressLine(screen)
    const live = new LiveOutput(output, line)
    const submitted = [{ invokeId: 't-1', targets: [{ instanceId: 'mi-1', name: '' }] }]
    await follow(api, submitted, (progress) => line.showBeside(live, progress), never, withOutput(live))
    const bar = '\r\u001b[K[░░░░░░░░░░░░░░░░░░░░░░░░] 0 of 1 host done; 1 running'
    expect(written).toEqual([bar, '\r\u001b[K', 'one\n', 'two\n'])
  })

  it('ends when what it is of is removed', async () => {
    await using peer = await startPeer(({ action }, response) => {
      const look = peer.calls.filter((call) => call.action === action).length
      const InvocationResult = look === 1 ? [{ InstanceId: 'mi-1', InvocationStatus: 'Running', Output: 'b25l' }] : []
      answerJson(response, { Invocation: { InvocationResults: { InvocationResult } } })
    })
    using api = apiOf(peer)
    const { written, output } = recorder()
    const submitted = [{ invokeId: 't-1', targets: [{ instanceId: 'mi-1', name: '' }] }]
    const followed = follow(api, submitted, () => undefined, never, withOutput(new LiveOutput(output)))
    await expect(followed).rejects.toThrow('t-1 was removed meanwhile')
    expect(written).toEqual(['one'])
  })

  it('is not fetched again once no more of it is kept', async () => {
    await using peer = await startPeer(({ action }, response) => {
      const instance = {
        InstanceId: 'mi-1',
        InvocationStatus: action === 'DescribeInvocations' ? 'Success' : 'Running',
      }
      const InvocationResult = [{ ...instance, Output: Buffer.from('kept').toString('base64'), Dropped: 5 }]
      answerJson(response, {
        Invocation: { InvocationResults: { InvocationResult } },
        Invocations: { Invocation: [{ InvokeInstances: { InvokeInstance: [instance] } }] },
      })
    })
    using api = apiOf(peer)
    const { written, output } = recorder()
    const submitted = [{ invokeId: 't-1', targets: [{ instanceId: 'mi-1', name: '' }] }]
    await follow(api, submitted, () => undefined, never, withOutput(new LiveOutput(output)))
    expect(written).toEqual(['kept'])
    expect(peer.calls.map(({ action }) => action)).toEqual(['DescribeInvocationResults', 'DescribeInvocations'])
  })
})
