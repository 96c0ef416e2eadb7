import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeServer, finalOf, finalsOf, scriptTask, startFakeServer, until } from '../../src/agent/_support.js'
import { type SpawnDetails, type Started, Workplace } from './_cli-support.js'

// Our agent as a process of its own, and a server on a real socket that does what a test says.

let place: Workplace
let server: FakeServer
beforeEach(async () => {
  place = new Workplace()
  server = await startFakeServer()
  writeFileSync(join(place.folder, 'ca.pem'), server.ca)
})
afterEach(async () => {
  await place[Symbol.asyncDispose]()
  await server.stop()
})

const register = async (details: SpawnDetails = {}): Promise<void> => {
  const words = ['agent', 'register', '--server', server.address, '--ca-file', 'ca.pem', '--state-dir', 'state']
  const ended = await place.run([...words, '--activation-id', 'a'], {
    ...details,
    env: { OPENASSIST_ACTIVATION_CODE: 'c' },
  })
  expect(ended).toMatchObject({ code: 0 })
}

/** Runs the agent until it has asked for its tasks and is connected. */
const runAgent = async (details: SpawnDetails = {}): Promise<Started> => {
  const before = server.of('taskList').length
  const agent = place.openassist(['agent', 'run', '--state-dir', 'state'], details)
  await until('the agent', () => {
    if (agent.child.exitCode !== null) throw new Error(agent.err())
    return server.sockets.size > 0 && server.of('taskList').length > before
  })
  return agent
}

const kill9 = async (agent: Started): Promise<void> => {
  agent.child.kill('SIGKILL')
  await agent.ended
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('the agent’s process', () => {
  it('killed between the end of a script and the answer to its report delivers it when it is started again', async () => {
    await register()
    const first = await runAgent()
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? 'drop' : undefined)
    const runs = join(place.folder, 'runs')
    const task = scriptTask('t-1', `echo run >> '${runs}'; echo kept; exit 4`)
    server.handOut(task)
    await finalOf(server, 't-1')
    await kill9(first)
    const before = server.received.length
    server.answer = () => undefined
    // Handed out once more, as a server does for a lost answer.
    server.waiting.run.push(task)
    await runAgent()
    const after = server.received.slice(before)
    expect(after[0]).toMatchObject({ endpoint: 'taskFinish', query: { taskId: 't-1', exitCode: 4 } })
    expect(after[0]?.body.toString()).toBe('kept\n')
    expect(after.map(({ endpoint }) => endpoint)).toEqual(['taskFinish', 'heartBeat', 'taskList'])
    server.handOut(scriptTask('t-2', 'true'))
    await finalOf(server, 't-2')
    expect(readFileSync(runs, 'utf8')).toBe('run\n')
  })

  it('killed while a script runs ends its children at the next start, and never runs it again', async () => {
    await register()
    const first = await runAgent()
    const file = join(place.folder, 'pid')
    const task = scriptTask('t-1', `echo run >> '${file}.runs'; setsid sleep 600 & echo $! > '${file}'; sleep 600`)
    server.handOut(task)
    const pid = await until('its child', () => existsSync(file) && Number(readFileSync(file, 'utf8')))
    await kill9(first)
    expect(isAlive(pid)).toBe(true)
    server.waiting.run.push(task)
    const second = await runAgent()
    await until('the child to be gone', () => !isAlive(pid))
    expect(second.err()).toMatch(/t-1 was at work when the agent ended: \d processes of it were killed, it is not run/)
    server.handOut(scriptTask('t-2', 'true'))
    await finalOf(server, 't-2')
    expect(readFileSync(`${file}.runs`, 'utf8')).toBe('run\n')
    expect(finalsOf(server, 't-1')).toEqual([])
    // A task's folder is cleaned behind its last report, not before it.
    await until(
      'the folders of both tasks to be gone',
      () => readdirSync(join(place.folder, 'state', 'tasks')).length === 0,
    )
  })

  it('ends when it is told to, with what it runs, and says so', async () => {
    await register()
    const agent = await runAgent()
    const file = join(place.folder, 'pid')
    server.handOut(scriptTask('t-1', `sleep 600 & echo $! > '${file}'; echo begun; wait`))
    const pid = await until('its child', () => existsSync(file) && Number(readFileSync(file, 'utf8')))
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toMatchObject({ code: 0, out: '' })
    expect(isAlive(pid)).toBe(false)
    expect(finalsOf(server, 't-1')).toMatchObject([{ endpoint: 'taskError' }])
    expect(server.outputOf('t-1').toString()).toBe('begun\n')
    expect(agent.err()).not.toContain('sleep 600')
  })

  it('is one per identity', async () => {
    await register()
    const first = await runAgent()
    expect(await place.run(['agent', 'status', '--state-dir', 'state'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('running and connected'),
    })
    const second = await place.run(['agent', 'run', '--state-dir', 'state'])
    expect(second.code).toBe(1)
    expect(second.err).toContain(`Another agent, process ${first.child.pid}, works with`)
    await kill9(first)
    expect((await place.run(['agent', 'status', '--state-dir', 'state'])).code).toBe(1)
    await runAgent()
  })

  it('is told how to register a host that is not', async () => {
    const { code, err } = await place.run(['agent', 'run', '--state-dir', 'state'])
    expect(code).toBe(1)
    expect(err).toContain('openassist agent register')
  })

  it('idles under 60 MB', async () => {
    await register()
    const agent = await runAgent()
    server.handOut(scriptTask('t-1', 'seq 1 100000'))
    await finalOf(server, 't-1')
    await kill9(agent)
    const idle = await runAgent()
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${idle.child.pid}/status`, 'utf8'))?.[1]
    expect(Number(resident)).toBeGreaterThan(10_000)
    // The budget is Node 20's; a later Node alone is some 8 MB larger once TLS is loaded.
    const [major = 0] = process.versions.node.split('.').map(Number)
    expect((Number(resident) * 1024) / 1e6).toBeLessThan(major === 20 ? 60 : 68)
  })

  it.runIf(process.geteuid?.() === 0)('works for an ordinary user, as that user', async () => {
    const uid = 65_534
    chmodSync(join(place.folder, 'ca.pem'), 0o644)
    mkdirSync(join(place.folder, 'open'), { mode: 0o777 })
    chmodSync(join(place.folder, 'open'), 0o777)
    await register({ uid })
    await runAgent({ uid })
    server.handOut(
      scriptTask('t-own', `id -u; touch '${join(place.folder, 'open', 'mine')}' && echo made`),
      scriptTask('t-other', 'id -u', { username: 'daemon' }),
    )
    await finalOf(server, 't-own')
    expect(server.outputOf('t-own').toString()).toBe(`${uid}\nmade\n`)
    expect(await finalOf(server, 't-other')).toMatchObject({
      endpoint: 'taskInvalid',
      query: { param: 'UsernameOrPasswordInvalid', value: 'UserInvalid_daemon: the agent does not run as root' },
    })
  })
})
