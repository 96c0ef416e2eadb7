import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parseUserAgent } from '../protocol/user-agent.js'
import {
  createOpened,
  type FakeServer,
  finalOf,
  finalsOf,
  runTask,
  scriptTask,
  startedAgent,
  stopTask,
  until,
} from './_support.js'
import { NotRegistered, startAgent } from './start-agent.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const start = () => startedAgent(opened)

const runScript = (server: FakeServer, ...task: Parameters<typeof scriptTask>) => runTask(server, scriptTask(...task))

/** Ends scripts that wait for this file. */
const letGo = (folder: string): Promise<void> => writeFile(join(folder, 'go'), '')

describe('an agent', () => {
  it('beats first, connects, asks for its tasks once, and says what it is', async () => {
    const { server, host: agent } = await start()
    const endpoints = server.received.map(({ endpoint }) => endpoint)
    expect(endpoints).toEqual(['register', 'heartBeat', 'taskList'])
    expect(agent.connected).toBe(true)
    const [beat] = server.of('heartBeat')
    expect(beat?.query).toMatchObject({ pid: process.pid, index: 0, seq_no: 0, virt_type: 'kvm', cold_start: true })
    expect(server.of('taskList')[0]?.query).toMatchObject({ reason: 'startup', cold_start: true })
    expect(parseUserAgent(beat?.userAgent)).toMatchObject({ osType: 'Linux', version: '2.2.3.600' })
  })

  it('answers kicks as the vendor does and fetches once for several of them', async () => {
    const { server } = await start()
    for (const kick of ['kick_vm noop', 'kick_vm', 'kick_vm task run t-1', 'kick_vm task stop t-1']) server.kick(kick)
    for (const kick of ['kick_vm agent', 'kick_vm foo bar', 'hello', 'kick_vm session start s-1']) server.kick(kick)
    await until('all answers', () => server.kickAnswers.length === 8)
    expect(server.kickAnswers.slice(0, 4).every((answer) => answer.startsWith('accept:'))).toBe(true)
    expect(server.kickAnswers.slice(4).every((answer) => answer.startsWith('unknow:'))).toBe(true)
    await until('a fetch', () => server.of('taskList').length >= 2)
    expect(server.of('taskList')[1]?.query).toMatchObject({ reason: 'kickoff' })
    expect(server.of('taskList').length).toBeLessThanOrEqual(3)
  })

  it('runs a script in its folder and reports output, exit code and times', async () => {
    const { server } = await start()
    const before = Date.now()
    const final = await runScript(server, 't-1', 'echo hello; echo err >&2; pwd; exit 3', { workingDirectory: '/usr' })
    expect(final.endpoint).toBe('taskFinish')
    expect(final.query).toMatchObject({ taskId: 't-1', invokeVersion: 1, exitCode: 3, dropped: 0 })
    expect(Number(final.query['start'])).toBeGreaterThanOrEqual(before)
    expect(Number(final.query['end'])).toBeGreaterThanOrEqual(Number(final.query['start']))
    expect(server.outputOf('t-1').toString()).toBe('hello\nerr\n/usr\n')
    expect(server.of('taskRunning', 't-1')[0]?.body).toHaveLength(0)
  })

  it('leaves nothing of a task on disk once its result was acknowledged', async () => {
    const { server, stateDir } = await start()
    await runScript(server, 't-1', 'echo secret')
    await until('an empty state', async () => {
      const left = await Promise.all(['tasks', 'results'].map((folder) => readdir(join(stateDir, folder))))
      return left.flat().length === 0
    })
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(stateDir, 'identity.json'))).mode & 0o777).toBe(0o600)
  })

  it('never runs a task a second time, however often it is handed out', async () => {
    const { server, stateDir } = await start()
    const folder = await opened.folder()
    const task = scriptTask('t-once', `echo run >> ${folder}/runs`)
    server.handOut(task, task)
    await finalOf(server, 't-once')
    server.handOut(task)
    await until('the second fetch', () => server.of('taskList').length >= 3)
    await runScript(server, 't-after', 'true')
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('run\n')
    expect(finalsOf(server, 't-once')).toHaveLength(1)
    expect(await readFile(join(stateDir, 'seen-tasks'), 'utf8')).toContain('t-once.iv1')
  })

  it('stops a running script when it is told to, and reports what it had written', async () => {
    const { server } = await start()
    server.handOut(scriptTask('t-long', 'echo begun; sleep 600'))
    await until('the start', () => server.of('taskRunning', 't-long').length > 0)
    server.waiting.stop.push(stopTask('t-long'))
    server.kick('kick_vm task stop t-long')
    const final = await finalOf(server, 't-long')
    expect(final.endpoint).toBe('taskStopped')
    expect(final.query).toMatchObject({ result: 'killed', dropped: 0 })
    expect(Number(final.query['start'])).toBeGreaterThan(0)
    expect(server.outputOf('t-long').toString()).toBe('begun\n')
  })

  it('says with zeros that it does not know a task it shall stop', async () => {
    const { server } = await start()
    server.waiting.stop.push(stopTask('t-unknown'))
    server.kick('kick_vm')
    expect((await finalOf(server, 't-unknown')).query).toMatchObject({
      start: 0,
      end: 0,
      exitcode: 0,
      result: 'killed',
    })
  })

  it('checks a test task without running it', async () => {
    const { server } = await start()
    const folder = await opened.folder()
    server.waiting.test.push(scriptTask('t-good', `touch ${folder}/ran`))
    server.waiting.test.push(scriptTask('t-bad', 'true', { workingDirectory: '/nowhere/at/all' }))
    server.kick('kick_vm')
    expect((await finalOf(server, 't-good')).endpoint).toBe('taskVerified')
    expect((await finalOf(server, 't-bad')).query).toMatchObject({
      param: 'workingDirectory',
      value: 'WorkingDirectoryNotExist: /nowhere/at/all',
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('runs ten tasks at once and the others after them, all to their end', async () => {
    const { server } = await start()
    const folder = await opened.folder()
    const script = `touch ${folder}/$$; while [ ! -e ${folder}/go ]; do sleep 0.05; done`
    const ids = Array.from({ length: 14 }, (_, index) => `t-many-${index}`)
    server.handOut(...ids.map((id) => scriptTask(id, script)))
    await until('ten starts', () => ids.filter((id) => server.of('taskRunning', id).length > 0).length === 10)
    await until('ten scripts', async () => (await readdir(folder)).length === 10)
    expect(ids.filter((id) => server.of('taskRunning', id).length > 0)).toHaveLength(10)
    await letGo(folder)
    const finals = await Promise.all(ids.map((id) => finalOf(server, id)))
    expect(finals.map(({ query }) => query['exitCode'])).toEqual(ids.map(() => 0))
  })

  it('streams output while the script runs, cut between characters', async () => {
    const { server } = await start()
    const folder = await opened.folder()
    const script = `printf 'ab\\344\\270'; while [ ! -e ${folder}/go ]; do sleep 0.05; done; printf '\\255cd'`
    server.handOut(scriptTask('t-utf8', script))
    const streamed = await until('an increment', () =>
      server.of('taskRunning', 't-utf8').find(({ body }) => body.length),
    )
    expect(streamed.body.toString()).toBe('ab')
    await letGo(folder)
    await finalOf(server, 't-utf8')
    expect(server.outputOf('t-utf8').toString()).toBe('ab中cd')
  })

  it('fills in built-in parameters', async () => {
    const { server, host: agent } = await start()
    await runScript(
      server,
      't-p',
      'echo {{ACS::InstanceId}} {{ ACS::RegionId }} {{ACS::CommandId}} {{ACS::InvokeId}}',
      {
        enableParameter: true,
        builtInParameters: new Map([['RegionId', 'cn-grün']]),
      },
    )
    expect(server.outputOf('t-p').toString()).toBe(`${agent.instanceId} cn-grün c-1 t-p\n`)
    const final = await runScript(server, 't-q', 'echo {{ACS::Bogus}}', { enableParameter: true })
    expect(final.query).toMatchObject({
      param: 'InvalidEnvironmentParameter',
      value: 'The environment parameter Bogus is invalid',
    })
  })

  it('kills what runs when it is stopped, and says so to its server', async () => {
    const { server, host: agent, stateDir } = await start()
    server.handOut(scriptTask('t-long', 'echo begun; sleep 600'))
    await until('its output', () => server.outputOf('t-long').length > 0)
    await agent.stop()
    const [final] = finalsOf(server, 't-long')
    expect(final?.endpoint).toBe('taskError')
    expect(final?.query['errDesc']).toContain('AgentStopped')
    const status = JSON.parse(await readFile(join(stateDir, 'status.json'), 'utf8'))
    expect(status).toMatchObject({ state: 'stopped', connected: false, tasksRunning: 0 })
  })

  it('does not start without a registration', async () => {
    const stateDir = await opened.folder()
    await expect(startAgent({ stateDir })).rejects.toThrow(NotRegistered)
    // And leaves the lock free for the next one.
    await expect(startAgent({ stateDir })).rejects.toThrow(NotRegistered)
  })

  it('is refused while another one works with the same state, and can be started after it', async () => {
    const { host: agent, stateDir } = await start()
    await expect(startAgent({ stateDir })).rejects.toThrow(/Another agent/)
    await agent.stop()
    const next = opened.add(await startAgent({ stateDir }))
    await next.ready
    expect(next.instanceId).toBe(agent.instanceId)
  })
})
