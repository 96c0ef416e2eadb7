import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toRunAsUser } from '../run-as-user.js'
import { toWireId } from '../wire-id.js'
import { type RunTask, runEntry, stopEntry } from './task-entry.js'
import { taskList } from './task-list.js'

const oneShot: RunTask = {
  taskId: toWireId('t-1')!,
  commandId: 'c-1',
  commandName: 'say hello',
  type: 'RunShellScript',
  content: Buffer.from('echo ä'),
  timeoutSeconds: 60,
  workingDirectory: '/srv',
  username: toRunAsUser('daemon', 'posix'),
  enableParameter: true,
  builtInParameters: new Map([['RegionId', 'cn-hangzhou']]),
  createdAt: 1795485700236,
  version: 1,
  outputQuota: 24_576,
}

interface WrittenEntry {
  readonly task: Record<string, unknown>
  readonly output: Record<string, unknown>
  readonly repeat: unknown
}

const written = (entries: { run?: RunTask[]; stop?: string[] }): { run: WrittenEntry[]; stop: WrittenEntry[] } =>
  JSON.parse(
    taskList.answer.encode({
      code: 200,
      instanceId: 'mi-1',
      run: (entries.run ?? []).map(runEntry),
      stop: (entries.stop ?? []).map((id) => stopEntry(toWireId(id)!)),
      test: [],
    }),
  ) as { run: WrittenEntry[]; stop: WrittenEntry[] }

describe('an entry of task/list', () => {
  it('has exactly the types that the agent decodes (trap 9)', () => {
    const entry = written({ run: [oneShot] }).run[0]!
    expect(entry.task).toEqual({
      type: 'RunShellScript',
      taskID: 't-1',
      commandId: 'c-1',
      commandName: 'say_hello',
      enableParameter: true,
      timeOut: '60',
      invokeVersion: 1,
      commandContent: 'ZWNobyDDpA==',
      workingDirectory: '/srv',
      args: '',
      cron: '',
      username: 'daemon',
      windowsPasswordName: '',
      creationTime: 1795485700236,
      builtInParameter: { RegionId: 'cn-hangzhou' },
    })
    expect(entry.output).toEqual({ interval: 1000, logQuota: 24576, skipEmpty: true, sendStart: true })
    expect(entry.repeat).toBe('Once')
  })

  it('keeps texts texts and numbers whole, whatever the numbers were', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double(), (timeoutSeconds, createdAt, outputQuota) => {
        const seconds = Math.min(Math.abs(timeoutSeconds) || 0, 1e8)
        const text = taskList.answer.encode({
          code: 200,
          instanceId: 'mi-1',
          run: [runEntry({ ...oneShot, timeoutSeconds: seconds, createdAt, outputQuota })],
          stop: [],
          test: [],
        })
        expect(text).toMatch(/"timeOut":"\d+"/)
        expect(text).toMatch(/"creationTime":\d+,/)
        expect(text).toMatch(/"logQuota":\d+,/)
      }),
    )
  })

  it('never carries a name that leaves its directory (trap 4)', () => {
    fc.assert(
      fc.property(fc.string(), (commandName) => {
        const { task } = runEntry({ ...oneShot, commandName })
        expect(task.commandName).toMatch(/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})?$/)
      }),
    )
    expect(runEntry({ ...oneShot, commandName: '../../etc/cron.d/x' }).task.commandName).toBe('_.._etc_cron.d_x')
  })

  it('stops a one-shot as one', () => {
    expect(written({ stop: ['t-9'] }).stop).toMatchObject([{ task: { taskID: 't-9' }, repeat: 'Once' }])
  })
})

describe('a name to run as', () => {
  it.each(['daemon', 'www-data', 'user.name', 'u_1', 'alice@corp'])('%s reaches an agent', (name) => {
    expect(toRunAsUser(name, 'posix')).toBe(name)
  })

  it.each(['', '-x', 'a b', 'a;id', '$(id)', '`id`', 'a|b', 'a\nb', 'a&b', "a'b", 'a"b', 'a>b', 'CORP\\x', 'ä'])(
    '%j never reaches a POSIX one (trap 4)',
    (name) => {
      expect(toRunAsUser(name, 'posix')).toBeUndefined()
    },
  )

  it('may have a domain on Windows', () => {
    expect(toRunAsUser('CORP\\alice', 'windows')).toBe('CORP\\alice')
    expect(toRunAsUser('CORP\\alice & calc', 'windows')).toBeUndefined()
  })
})
