import { describe, expect, it } from 'vitest'
import { SCRIPT_FILE } from '../../protocol/agent-features.js'
import { messages } from '../../protocol/messages/index.js'
import type { HandedOutTask } from '../domain/invocations/agent-tasks.js'
import { writeHandOut } from './hand-out.js'

const task: HandedOutTask = {
  taskId: 't-1',
  commandId: 'c-1',
  commandName: 'deploy it/now',
  type: 'RunShellScript',
  content: Buffer.from('id'),
  timeoutSeconds: 60,
  workingDir: '',
  username: '',
  windowsPasswordName: '',
  containerId: '',
  containerName: '',
  enableParameter: false,
  builtInParameters: new Map(),
  createdAt: 1795485700236,
  version: 1,
  outputQuota: 24_576,
  repeat: { kind: 'Once', cron: '' },
}

const stop = (taskId: string) => ({ taskId, version: 1, repeat: { kind: 'Once', cron: '' } as const })

const read = (text: string) => {
  const answer = messages.taskList.answer.decode(text)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

describe('a hand-out', () => {
  it('is written as the agent reads it', () => {
    const { text, withheld } = writeHandOut('mi-1', { run: [task], test: [], stop: [stop('t-2')] }, 'posix')
    const answer = read(text)
    expect(answer).toMatchObject({ code: 200, instanceId: 'mi-1' })
    expect(answer.run[0]?.task).toMatchObject({ taskID: 't-1', timeOut: '60', commandName: 'deploy_it_now', cron: '' })
    expect(answer.stop[0]?.task.taskID).toBe('t-2')
    expect(withheld).toEqual([])
  })

  it('has the words of a launcher and what is to be ended only where the task has them', () => {
    const launch = { words: ['python3', '-u', SCRIPT_FILE], extension: '.py' }
    const handOut = { run: [{ ...task, launch, terminationMode: 'Process' as const }, task], test: [], stop: [] }
    const { text } = writeHandOut('mi-1', handOut, 'posix')
    const [with_, without] = (JSON.parse(text) as { run: { task: Record<string, unknown> }[] }).run
    expect(with_?.task).toMatchObject({
      launcher: ['python3', '-u', '{{ACS::ScriptFileName}}'],
      scriptExtension: '.py',
      terminationMode: 'Process',
    })
    for (const name of ['launcher', 'scriptExtension', 'terminationMode'])
      expect(without?.task).not.toHaveProperty(name)
    expect(read(text).run[0]?.task).toMatchObject({ launcher: launch.words, terminationMode: 'Process' })
  })

  it('names the container of a task that has one, and withholds one that its agent cannot run there', () => {
    const contained = { ...task, containerId: 'docker://abc', containerName: 'web' }
    const { text } = writeHandOut('mi-1', { run: [contained, task], test: [], stop: [] }, 'posix')
    const [one, other] = (JSON.parse(text) as { run: { task: Record<string, unknown> }[] }).run
    expect(one?.task).toMatchObject({ containerId: 'docker://abc', containerName: 'web' })
    expect(other?.task).not.toHaveProperty('containerId')
    const refused = {
      run: [{ ...contained, refused: { param: 'CommandNotApplicable', why: 'it cannot' } }],
      test: [],
      stop: [],
    }
    expect(writeHandOut('mi-1', refused, 'posix').withheld).toEqual([
      { taskId: 't-1', param: 'CommandNotApplicable', value: 'it cannot' },
    ])
  })

  it('withholds a name that a root shell would run, and says so as the agent would (trap 4)', () => {
    const { text, withheld } = writeHandOut(
      'mi-1',
      {
        run: [
          { ...task, username: 'x;reboot' },
          { ...task, taskId: 't-3', username: 'daemon' },
        ],
        test: [],
        stop: [],
      },
      'posix',
    )
    expect(read(text).run.map((entry) => entry.task.taskID)).toEqual(['t-3'])
    expect(text).not.toContain('reboot')
    expect(withheld).toMatchObject([{ taskId: 't-1', param: 'UsernameOrPasswordInvalid' }])
  })

  it('withholds an id that is a path (trap 4)', () => {
    const { text, withheld } = writeHandOut(
      'mi-1',
      { run: [{ ...task, taskId: '../t' }], test: [], stop: [stop('../t')] },
      'posix',
    )
    expect(read(text)).toMatchObject({ run: [], test: [], stop: [] })
    expect(withheld).toHaveLength(1)
  })

  it('says of what repeats how, also where it is stopped: as another kind it would go on (agent-protocol.md §6.5)', () => {
    const repeat = { kind: 'Rate', cron: 'rate(60s)' } as const
    const handOut = {
      run: [{ ...task, repeat }],
      test: [{ ...task, taskId: 't-4' }],
      stop: [{ taskId: 't-2', version: 1, repeat }],
    }
    const answer = read(writeHandOut('mi-1', handOut, 'posix').text)
    expect(answer.run[0]).toMatchObject({ repeat: 'Rate', task: { cron: 'rate(60s)', creationTime: task.createdAt } })
    expect(answer.stop[0]).toMatchObject({ repeat: 'Rate', task: { taskID: 't-2' } })
    expect(answer.test[0]).toMatchObject({ repeat: 'Once', task: { taskID: 't-4', cron: '' } })
  })

  it('takes a domain in front of a name on Windows only', () => {
    const handOut = { run: [{ ...task, username: 'CORP\\alice' }], test: [], stop: [] }
    expect(writeHandOut('mi-1', handOut, 'windows').withheld).toHaveLength(0)
    expect(writeHandOut('mi-1', handOut, 'posix').withheld).toHaveLength(1)
  })

  it('names the password of a user of Windows, never the password', () => {
    const run = [{ ...task, username: 'alice', windowsPasswordName: 'axtSecretPassword' }]
    const { text } = writeHandOut('mi-1', { run, test: [], stop: [] }, 'windows')
    expect(read(text).run[0]?.task).toMatchObject({ username: 'alice', windowsPasswordName: 'axtSecretPassword' })
  })
})

describe('a file in a hand-out', () => {
  const file = {
    taskId: 'f-1',
    name: 'a.txt',
    targetDir: '/srv',
    content: Buffer.from('text'),
    contentType: 'PlainText',
    owner: 'app',
    group: 'app',
    mode: '04755',
    overwrite: true,
    timeoutSeconds: 60,
  } as const

  it('is written as the agent reads it', () => {
    const { text } = writeHandOut('mi-1', { run: [], test: [], stop: [] }, 'posix', [file])
    const task = { taskID: 'f-1', name: 'a.txt', destination: '/srv', mode: '4755', owner: 'app', group: 'app' }
    expect(read(text).file).toMatchObject([{ task: { ...task, overwrite: true, content: 'dGV4dA==' } }])
  })

  it('has no owner and no group on Windows, and is not named where there is none', () => {
    const { text } = writeHandOut('mi-1', { run: [], test: [], stop: [] }, 'windows', [file])
    expect(read(text).file).toMatchObject([{ task: { owner: '', group: '' } }])
    expect(writeHandOut('mi-1', { run: [task], test: [], stop: [] }, 'posix').text).not.toContain('"file"')
  })
})
