import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpened, finalOf, runTask, scriptTask, startedAgent, stopTask, until } from '../_support.js'
import { SCRIPT_FILE } from '../../protocol/agent-features.js'
import { thisPlatform } from '../platform/this-platform.js'

// How a script is started and ended where the task says so; only a server that was told `supports` sends these.

const isRoot = process.geteuid?.() === 0
const opened = createOpened()
afterEach(() => opened.closeAll())

describe('an agent', () => {
  it('says with each fetch what it supports', async () => {
    const { server } = await startedAgent(opened)
    await runTask(server, scriptTask('t-1', 'true'))
    const fetches = server.of('taskList')
    expect(fetches.length).toBeGreaterThanOrEqual(2)
    for (const { query } of fetches) expect(query['supports']).toBe('launcher,termination-mode,container,secrets')
  })
})

describe('a task with a launcher', () => {
  const launcher = ['env', 'FROM=launcher', 'sh', SCRIPT_FILE]

  it('is started by it, as a file that ends as asked', async () => {
    const { server } = await startedAgent(opened)
    const script = 'echo "$FROM ${0##*.}"; exit 5'
    const final = await runTask(server, scriptTask('t-1', script, { launcher, scriptExtension: '.py' }))
    expect(final.query).toMatchObject({ exitCode: 5 })
    expect(server.outputOf('t-1').toString()).toBe('launcher py\n')
  })

  it.each([
    ['nothing', []],
    ['an empty word', ['', 'a']],
  ])('that is %s ends invalid', async (_what, words) => {
    const { server } = await startedAgent(opened)
    const final = await runTask(server, scriptTask('t-1', 'true', { launcher: words }))
    expect(final.endpoint).toBe('taskInvalid')
    expect(final.query).toMatchObject({ param: 'LauncherInvalid' })
  })

  it.runIf(isRoot)('runs as another user, and leaves nothing in its way', async () => {
    const { server } = await startedAgent(opened)
    const before = await readdir(tmpdir())
    const change = { launcher, scriptExtension: '.py', username: 'daemon', workingDirectory: '' }
    await runTask(server, scriptTask('t-1', 'id -un; pwd', change))
    expect(server.outputOf('t-1').toString()).toBe('daemon\n/usr/sbin\n')
    await until('the script to be gone', async () => {
      const added = (await readdir(tmpdir())).filter((name) => !before.includes(name))
      return !added.some((name) => name.startsWith('openassist-task-'))
    })
  })
})

describe('a task whose process alone is to end', () => {
  const script = 'sleep 600 >/dev/null 2>&1 & echo $! $$; wait'
  const lives = (pid: number | undefined): boolean => thisPlatform().processMark(Number(pid)) !== undefined

  it.each(['stop', 'timeout'] as const)('leaves what it started at a %s', async (how) => {
    const { server } = await startedAgent(opened)
    const timeoutSeconds = how === 'timeout' ? 1 : 60
    server.handOut(scriptTask('t-1', script, { terminationMode: 'Process', timeoutSeconds }))
    if (how === 'stop') {
      await until('its output', () => server.outputOf('t-1').length > 0)
      server.waiting.stop.push(stopTask('t-1'))
      server.kick('kick_vm')
    }
    const final = await finalOf(server, 't-1')
    expect(final.endpoint).toBe(how === 'stop' ? 'taskStopped' : 'taskTimeout')
    const [child, own] = server.outputOf('t-1').toString().trim().split(' ').map(Number)
    await until('the script to be gone', () => !lives(own))
    expect(lives(child)).toBe(true)
    process.kill(Number(child), 'SIGKILL')
  })

  it('takes all with it where the tree is to end', async () => {
    const { server } = await startedAgent(opened)
    server.handOut(scriptTask('t-1', script, { terminationMode: 'ProcessTree', timeoutSeconds: 1 }))
    await finalOf(server, 't-1')
    const pids = server.outputOf('t-1').toString().trim().split(' ').map(Number)
    await until('them to be gone', () => pids.every((pid) => !lives(pid)))
  })
})
