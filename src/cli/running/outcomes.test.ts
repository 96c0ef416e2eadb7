import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { plainColours } from '../_support.js'
import type { Output } from '../../command-line/terminal.js'
import { groupsText, summary } from '../output/outcome-text.js'
import { writeOutcomes } from '../output/outcomes-report.js'
import { exitStatusOf, groupOutcomes, isFinal, type Outcome } from './outcomes.js'

const outcome = (instanceId: string, other: Partial<Outcome> = {}): Outcome => ({
  instanceId,
  name: '',
  invokeId: 't-1',
  status: 'Success',
  errorCode: '',
  errorInfo: '',
  exitCode: 0,
  output: 'same\n',
  dropped: 0,
  startTime: '',
  finishTime: '',
  ...other,
})

const recorder = (): Output & { written: string } => ({
  written: '',
  write(text) {
    this.written += text
  },
  isTerminal: false,
  columns: 80,
  rows: 24,
  colours: plainColours,
})
const terminal = { env: {}, cwd: '/', stdin: Object.assign(new PassThrough(), { isTTY: false }) }

describe('answers of many hosts', () => {
  it('are shown once for hosts that answered the same, the largest group first', () => {
    const outcomes = [
      outcome('mi-1', { output: 'other' }),
      outcome('mi-2'),
      outcome('mi-3', { name: 'web-3' }),
      outcome('mi-4', { status: 'Failed', exitCode: 2, output: 'same\n' }),
      outcome('mi-5', {
        status: 'Aborted',
        errorCode: 'ClientNotRunning',
        errorInfo: 'the agent is not running',
        output: '',
      }),
    ]
    expect(groupsText(groupOutcomes(outcomes), 80, plainColours)).toBe(`2 hosts: Success
  mi-2, mi-3 (web-3)
same

1 host: Success
  mi-1
other

1 host: Failed, exit code 2
  mi-4
same

1 host: Aborted, ClientNotRunning: the agent is not running
  mi-5
  (no output)
`)
    expect(summary(outcomes)).toBe('5 hosts: 3 succeeded, 2 did not succeed')
  })

  it('count runs and hosts, each id once, where hosts answered several times', () => {
    const runs = ['mi-1', 'mi-2', 'mi-1', 'mi-2', 'mi-1'].map((instanceId) => outcome(instanceId))
    expect(groupsText(groupOutcomes(runs), 80, plainColours)).toBe(
      '5 runs on 2 hosts: Success\n  mi-1 (3 runs), mi-2 (2 runs)\nsame\n',
    )
    expect(summary(runs)).toBe('5 runs on 2 hosts: 5 succeeded')
    const several = [1, 2, 3, 4, 5].map((at) => outcome('mi-1', { invokeId: `t-${at}` }))
    expect(groupsText(groupOutcomes(several), 80, plainColours, { invocations: true })).toBe(
      '5 runs on 1 host: Success\n  mi-1 (5 runs; t-1, t-2, t-3 and 2 more)\nsame\n',
    )
  })

  it('tell when they were where that is what tells runs apart', () => {
    const startTime = '2026-01-01T00:00:00Z'
    const text = (other: Partial<Outcome>) =>
      groupsText(groupOutcomes([outcome('mi-1', other)]), 80, plainColours, { times: true })
    expect(text({ startTime, finishTime: '2026-01-01T00:01:05Z' })).toContain(`  began ${startTime}, took 1 min 5 s\n`)
    expect(text({ startTime })).toContain(`  began ${startTime}\n`)
    expect(text({})).toBe('1 host: Success\n  mi-1\nsame\n')
  })

  it('of a single host are alone on stdout, what is said of them is not', () => {
    const [stdout, stderr] = [recorder(), recorder()]
    writeOutcomes([], [outcome('mi-1', { dropped: 84_318 })], { ...terminal, stdout, stderr })
    expect(stdout.written).toBe('same\n')
    expect(stderr.written).toBe('(84,318 bytes of output not kept)\n')
  })

  it('differ when some output was not kept, and that is said', () => {
    const groups = groupOutcomes([outcome('mi-1'), outcome('mi-2', { dropped: 4096 })])
    expect(groups).toHaveLength(2)
    expect(groupsText(groups.slice(1), 80, plainColours)).toContain('same\n(4,096 bytes of output not kept)\n')
  })

  it('do not control the terminal, in the output, the name or the error', () => {
    const hostile = outcome('mi-\u001b[2J', {
      name: '\u202eevil',
      status: 'Error',
      errorInfo: 'a\u009b31m\nb',
      output: 'x\r\n\u001b]0;t\u0007\ty\rz',
    })
    expect(groupsText(groupOutcomes([hostile]), 80, plainColours)).toBe(
      '1 host: Error, a\\x9b31m\\nb\n  mi-\\x1b[2J (\\u202eevil)\nx\n\\x1b]0;t\\x07\ty\\rz\n',
    )
  })

  it('name twenty hosts of those where all went well, and all of the others', () => {
    const many = Array.from({ length: 25 }, (_, index) => outcome(`mi-${index}`))
    expect(groupsText(groupOutcomes(many), 400, plainColours)).toContain('mi-19 and 5 more\n')
    const failed = many.map((one) => ({ ...one, status: 'Failed', exitCode: 1 }))
    expect(groupsText(groupOutcomes(failed), 400, plainColours)).toContain('mi-24\n')
  })
})

describe('the exit status of a run', () => {
  it('tells apart success, failure, and hosts that nothing was heard of', () => {
    const success = outcome('a')
    const failed = outcome('b', { status: 'Failed' })
    const aborted = outcome('c', { status: 'Aborted' })
    const late = outcome('d', { status: 'Timeout' })
    expect(exitStatusOf([success, success], false)).toBe(0)
    expect(exitStatusOf([success, failed], false)).toBe(1)
    expect(exitStatusOf([success, aborted], false)).toBe(1)
    expect(exitStatusOf([aborted, late], false)).toBe(3)
    expect(exitStatusOf([aborted, failed], false)).toBe(1)
    expect(exitStatusOf([success], true)).toBe(1)
  })

  it('is that of hosts that were not reached where a halt left the others out', () => {
    const away = outcome('a', { status: 'Aborted', errorCode: 'ClientNotRunning' })
    const errorInfo = '5 hosts failed, and it halts at 5'
    const leftOut = outcome('b', { status: 'Cancelled', errorInfo })
    const leftOutOfFile = outcome('c', { status: 'Aborted', errorCode: 'RolloutEnded', errorInfo })
    expect(exitStatusOf([away, leftOut], false)).toBe(3)
    expect(exitStatusOf([away, leftOutOfFile], false)).toBe(3)
    expect(exitStatusOf([away, outcome('d', { status: 'Failed' }), leftOut], false)).toBe(1)
    // Somebody stopped it, or called it off.
    expect(exitStatusOf([away, outcome('e', { status: 'Cancelled' })], false)).toBe(1)
    expect(exitStatusOf([leftOut], false)).toBe(1)
  })

  it('never counts a state that is not known yet as an end', () => {
    expect(['', 'Pending', 'Scheduled', 'Running', 'Stopping'].filter(isFinal)).toEqual([])
    const final = ['Success', 'Failed', 'Error', 'Timeout', 'Invalid', 'Aborted', 'Cancelled', 'Terminated']
    expect(final.every(isFinal)).toBe(true)
    expect(exitStatusOf([outcome('a', { status: '' })], false)).toBe(1)
  })
})
