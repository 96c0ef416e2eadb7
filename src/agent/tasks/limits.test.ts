import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { TaskEntry } from '../../protocol/messages/task-list.js'
import { createOpened, finalOf, runTask, scriptTask, startedAgent, until } from '../_support.js'
import { thisPlatform } from '../platform/this-platform.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const isRoot = process.geteuid?.() === 0

describe('a task that cannot be run on this host', () => {
  it('is refused with the documented code, one report each, and nothing was run', async () => {
    const { server } = await startedAgent(opened)
    const good = scriptTask('t-x', 'true')
    const change = (
      taskID: string,
      task: Partial<TaskEntry['task']>,
      repeat: TaskEntry['repeat'] = 'Once',
    ): TaskEntry => ({
      ...good,
      repeat,
      task: { ...good.task, taskID, ...task },
    })
    server.handOut(
      change('t-type', { type: 'RunPythonScript' }),
      change('t-bat', { type: 'RunBatScript' }),
      change('t-power', { type: 'RunPowerShellScript' }),
      change('t-base64', { commandContent: '%%%' }),
      change('t-folder', { workingDirectory: '/no/such/folder' }),
      change('t-file', { workingDirectory: '/etc/passwd' }),
      change('t-user', { username: 'no-such-user-here' }),
      change('t-shell', { username: '$(touch /tmp/owned);x' }),
      change('t-option', { username: '--help' }),
      change('t-root', { username: isRoot ? 'ROOT' : 'root' }),
      change('t-cron', { cron: '0 0 * * ?' }, 'Period'),
      change('t-zone', { cron: '0 0 12 * * ? Nowhere/Land' }, 'Period'),
      change('t-rate', { cron: 'rate(5)' }, 'Rate'),
      change('t-past', { cron: 'at(2020-01-01T00:00:00)' }, 'At'),
      change('t-store', {
        enableParameter: true,
        commandContent: Buffer.from('echo {{oos-secret:x}}').toString('base64'),
      }),
    )
    const endings: Record<string, unknown> = {}
    for (const id of [
      'type',
      'bat',
      'base64',
      'folder',
      'file',
      'user',
      'shell',
      'option',
      'root',
      'store',
      'cron',
      'zone',
      'rate',
      'past',
    ]) {
      const { endpoint, query } = await finalOf(server, `t-${id}`)
      expect(endpoint).toBe('taskInvalid')
      endings[id] = `${String(query['param'])} ${String(query['value'])}`
    }
    expect(endings).toEqual({
      type: 'TypeInvalid TypeInvalid_RunPythonScript',
      bat: 'TypeInvalid TypeInvalid_RunBatScript',
      base64: 'CommandContentInvalid illegal base64 data at input byte 0',
      folder: 'workingDirectory WorkingDirectoryNotExist: /no/such/folder',
      file: 'workingDirectory WorkingDirectoryNotExist: /etc/passwd',
      user: 'UsernameOrPasswordInvalid UserInvalid_no-such-user-here: no such user',
      shell: 'UsernameOrPasswordInvalid UserInvalid_$(touch /tmp/owned);x: not a user name',
      option: 'UsernameOrPasswordInvalid UserInvalid_--help: not a user name',
      root: isRoot
        ? 'UsernameOrPasswordInvalid UserInvalid_ROOT: no such user'
        : 'UsernameOrPasswordInvalid UserInvalid_root: the agent does not run as root',
      cron: 'cron InvalidCronExpression',
      zone: 'cron TimezoneInformationCorrupt',
      rate: 'cron InvalidRateExpression',
      past: 'cron AtExpressionExpired: its time was over before this agent had it',
      store: 'ParameterStoreNotAccessible This agent has no parameter store; its server resolves such references',
    })
    expect((await finalOf(server, 't-power')).query).toMatchObject({ errCode: '-10', start: 0, end: 0 })
    expect(server.of('taskRunning')).toHaveLength(0)
  })
})

describe('a task', () => {
  it('is killed at its time limit with everything it started, and keeps what it wrote', async () => {
    const { server } = await startedAgent(opened)
    const script = 'echo before; sleep 600 & echo $!; setsid sleep 600 & echo $!; wait'
    const final = await runTask(server, scriptTask('t-limit', script, { timeoutSeconds: 1 }))
    expect(final.endpoint).toBe('taskTimeout')
    expect(final.query).toMatchObject({ exitCode: 1, dropped: 0 })
    expect(Number(final.query['end']) - Number(final.query['start'])).toBeGreaterThanOrEqual(1_000)
    const [before, ...pids] = server.outputOf('t-limit').toString().trimEnd().split('\n')
    expect(before).toBe('before')
    expect(pids).toHaveLength(2)
    await until('them to be gone', () => pids.every((pid) => thisPlatform().processMark(Number(pid)) === undefined))
  })

  it('that writes more than its quota keeps beginning and end, and counts what is missing', async () => {
    const { server } = await startedAgent(opened)
    const final = await runTask(
      server,
      scriptTask('t-big', 'seq 1 100000; sleep 1.2; echo end', { outputQuota: 20_000 }),
    )
    const all = Buffer.from(`${Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('')}end\n`)
    const kept = server.outputOf('t-big')
    const dropped = Number(final.query['dropped'])
    expect(kept.length + dropped).toBe(all.length)
    expect(kept.length).toBe(20_000)
    const head = server.of('taskRunning', 't-big').reduce((sum, { body }) => sum + body.length, 0)
    expect(head).toBeGreaterThan(0)
    expect(kept.subarray(0, head)).toEqual(all.subarray(0, head))
    expect(kept.subarray(head)).toEqual(all.subarray(all.length - (20_000 - head)))
  })

  it('may write bytes that are no text', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    await runTask(
      server,
      scriptTask('t-bin', `head -c 9000 /dev/urandom | tee ${folder}/bytes; sleep 1.2; printf '\\377'`),
    )
    const expected = Buffer.concat([await readFile(join(folder, 'bytes')), Buffer.from([0xff])])
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(digest(server.outputOf('t-bin'))).toBe(digest(expected))
  })

  it.runIf(isRoot)('runs as another user, in that user’s home, and leaves nothing in its way', async () => {
    const { server } = await startedAgent(opened)
    const before = await readdir(tmpdir())
    const script = 'id -un; id -gn; pwd; echo "$HOME $USER"; echo x > /dev/stdout; ls -ld "$0" | cut -d" " -f1,3'
    await runTask(server, scriptTask('t-daemon', script, { username: 'daemon', workingDirectory: '' }))
    expect(server.outputOf('t-daemon').toString()).toBe(
      'daemon\ndaemon\n/usr/sbin\n/usr/sbin daemon\nx\n-rwx------ daemon\n',
    )
    await until('the script to be gone', async () => {
      const added = (await readdir(tmpdir())).filter((name) => !before.includes(name))
      return !added.some((name) => name.startsWith('openassist-task-'))
    })
  })

  it.runIf(isRoot)('of a user without a home says so, unless it is told where to run', async () => {
    const { server } = await startedAgent(opened)
    const homeless = { username: 'nobody', workingDirectory: '' }
    const final = await runTask(server, scriptTask('t-homeless', 'pwd', homeless))
    expect(final.endpoint).toBe('taskInvalid')
    expect(final.query['param']).toBe('workingDirectory')
    expect(final.query['value']).toMatch(/^DefaultWorkingDirectoryNotAvailable: \//)
    await runTask(server, scriptTask('t-told', 'pwd', { ...homeless, workingDirectory: '/usr' }))
    expect(server.outputOf('t-told').toString()).toBe('/usr\n')
  })

  it.runIf(isRoot)('of another user that may not enter its folder fails, as it would by hand', async () => {
    const { server } = await startedAgent(opened)
    const folder = join(await opened.folder(), 'closed')
    await mkdir(folder, { mode: 0o700 })
    await runTask(
      server,
      scriptTask('t-closed', 'touch here; echo $?', { username: 'daemon', workingDirectory: folder }),
    )
    expect(server.outputOf('t-closed').toString()).toMatch(/[1-9]\d*\n$/)
    expect(await readdir(folder)).toEqual([])
  })

  it('may name the agent’s own user', async () => {
    const own = thisPlatform().ownUser()
    if (own.uid === 0) return
    const { server } = await startedAgent(opened)
    await runTask(server, scriptTask('t-own', 'id -u', { username: own.name }))
    expect(server.outputOf('t-own').toString()).toBe(`${own.uid}\n`)
  })

  it('sees none of what configures OpenAssist on this machine', async () => {
    process.env['OPENASSIST_TEST_SECRET'] = 'secret'
    try {
      const { server } = await startedAgent(opened)
      await runTask(server, scriptTask('t-env', 'env'))
      const names = server
        .outputOf('t-env')
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('OPENASSIST_'))
      expect(names.map((line) => line.split('=')[0])).toEqual(['OPENASSIST_TASK_TOKEN'])
      expect(server.outputOf('t-env').toString()).toMatch(/^HOME=/m)
    } finally {
      delete process.env['OPENASSIST_TEST_SECRET']
    }
  })
})
