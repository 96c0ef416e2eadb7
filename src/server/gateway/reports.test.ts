import { describe, expect, it } from 'vitest'
import { readFileReport, readReport } from './reports.js'

const bytes = Buffer.from([0x68, 0xc3])

describe('a report', () => {
  it.each([
    [
      'taskRunning',
      'taskId=t-1&invokeVersion=1&start=1000',
      { kind: 'running', taskId: 't-1', run: 1000, startedAt: 1500, output: bytes },
    ],
    [
      'taskFinish',
      'taskId=t-1&invokeVersion=1&start=1000&end=2000&exitCode=-1&dropped=7',
      {
        kind: 'finish',
        taskId: 't-1',
        run: 1000,
        startedAt: 1500,
        endedAt: 2500,
        exitCode: -1,
        dropped: 7,
        output: bytes,
      },
    ],
    [
      'taskTimeout',
      'taskId=t-1&start=1000&end=2000&exitCode=1&dropped=0',
      { kind: 'timeout', taskId: 't-1', run: 1000, startedAt: 1500, endedAt: 2500, dropped: 0, output: bytes },
    ],
    [
      'taskError',
      'taskId=t-1&start=0&end=0&exitCode=0&dropped=0&errCode=-9&errDesc=ScriptFileExisted%3A+x',
      {
        kind: 'error',
        taskId: 't-1',
        run: 0,
        startedAt: 0,
        endedAt: 0,
        exitCode: 0,
        dropped: 0,
        errCode: '-9',
        errDesc: 'ScriptFileExisted: x',
        output: bytes,
      },
    ],
    [
      'taskStopped',
      'taskId=t-1&start=0&end=0&exitcode=0&dropped=0&result=killed',
      { kind: 'stopped', taskId: 't-1', run: 0, startedAt: 0, endedAt: 0, dropped: 0, result: 'killed', output: bytes },
    ],
    ['taskInvalid', 'taskId=t-1&param=cron&value=bad', { kind: 'invalid', taskId: 't-1', param: 'cron', value: 'bad' }],
    ['taskVerified', 'taskId=t-1', { kind: 'verified', taskId: 't-1' }],
  ] as const)('%s comes in the domain’s words, with times on the server’s clock', (name, query, report) => {
    expect(readReport(name, query, bytes, 500)).toEqual({ ok: true, value: report })
  })

  it('keeps 0 as "it never ran", and a time within what can be told', () => {
    expect(readReport('taskRunning', 'taskId=t-1&start=0', bytes, 12_345)).toMatchObject({ value: { startedAt: 0 } })
    expect(readReport('taskRunning', 'taskId=t-1&start=5', bytes, -12_345)).toMatchObject({ value: { startedAt: 1 } })
    const late = readReport('taskRunning', 'taskId=t-1&start=8640000000000000', bytes, 300_000.5)
    expect(late).toMatchObject({ value: { startedAt: Date.parse('9999-12-30T00:00:00Z') } })
  })

  it('passes texts on cut to a length, between characters', () => {
    const value = `${'a'.repeat(1_023)}😀`
    const report = readReport('taskInvalid', `taskId=t-1&param=x&value=${encodeURIComponent(value)}`, bytes, 0)
    expect(report).toMatchObject({ value: { value: 'a'.repeat(1_023) } })
  })
})

describe('a report about a file', () => {
  it.each([
    [
      'taskFinish',
      'taskId=f-1&status=Success&taskType=sendfile&errorcode=0',
      { kind: 'finish', taskId: 'f-1', code: 0 },
    ],
    [
      'taskFinish',
      'taskId=f-1&status=Failed&taskType=sendfile&errorcode=4',
      { kind: 'finish', taskId: 'f-1', code: 4 },
    ],
    // A failure without its number is one.
    [
      'taskFinish',
      'taskId=f-1&status=Failed&taskType=sendfile&errorcode=0',
      { kind: 'finish', taskId: 'f-1', code: 255 },
    ],
    [
      'taskInvalid',
      'taskId=f-1&taskType=sendfile&param=FileExist&value=a&taskId=f-2&b=%',
      { kind: 'invalid', taskId: 'f-1', param: 'FileExist', value: 'a&taskId=f-2&b=%' },
    ],
    [
      'taskInvalid',
      'taskId=f-1&taskType=sendfile&param=EmptyFile&value=',
      { kind: 'invalid', taskId: 'f-1', param: 'EmptyFile', value: '' },
    ],
  ] as const)('%s %s', (name, query, report) => {
    expect(readFileReport(name, query)).toEqual({ ok: true, value: report })
  })

  it('is told from one about a script', () => {
    expect(readFileReport('taskFinish', 'taskId=t-1&start=1&end=2&exitCode=0&dropped=0')).toBeUndefined()
    expect(readFileReport('taskInvalid', 'taskId=t-1&param=cron&value=taskType%3Dsendfile')).toBeUndefined()
    expect(readFileReport('taskError', 'taskId=f-1&taskType=sendfile')).toBeUndefined()
  })

  it('without what it must tell is refused', () => {
    expect(readFileReport('taskFinish', 'taskId=f-1&taskType=sendfile')).toMatchObject({ ok: false })
    expect(readFileReport('taskInvalid', 'taskId=f-1&taskType=sendfile&value=x')).toMatchObject({ ok: false })
  })
})
