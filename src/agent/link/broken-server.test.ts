import { afterEach, describe, expect, it } from 'vitest'
import { createOpened, finalOf, runTask, scriptTask, startedAgent, type Started, until } from '../_support.js'
import { createLog } from '../log.js'
import { startAgent } from '../start-agent.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

/** The agent still does its work. */
const expectAlive = async ({ server }: Started, taskId: string): Promise<void> => {
  server.answer = () => undefined
  await until('a connection', () => server.sockets.size === 1)
  await runTask(server, scriptTask(taskId, 'echo alive'))
  expect(server.outputOf(taskId).toString()).toBe('alive\n')
}

const entry = (change: Record<string, unknown>) => {
  const good = scriptTask('t-good', 'true')
  return { ...good, task: { ...good.task, ...change } }
}

/** Answers to a fetch of which nothing may be taken. */
const BAD_ANSWERS: Readonly<Record<string, string>> = {
  'no JSON': '<html>busy</html>',
  nothing: '',
  'another shape': '[1, 2, 3]',
  'a wrong type': '{"code":"200"}',
  'runs that are no list': '{"code":200,"run":{"task":{}}}',
  'a task without an id': JSON.stringify({ code: 200, run: [entry({ taskID: '' })] }),
  'an id that is a path': JSON.stringify({ code: 200, run: [entry({ taskID: '../../../tmp/owned' })] }),
  'a number for a text': JSON.stringify({ code: 200, run: [entry({ timeOut: 60 })] }),
  'a version that is no integer': '{"code":200,"run":[{"task":{"taskID":"t-1","invokeVersion":1e400}}]}',
  'deep nesting': `{"code":200,"run":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  'more than an answer may hold': `{"code":200,"pad":"${'x'.repeat(33 * 1024 * 1024)}"}`,
}

describe('a broken or hostile server', () => {
  // Some at a time: each agent waits two seconds before it asks again, and all at once are much for a busy machine.
  const names = Object.keys(BAD_ANSWERS)
  const some = [names.slice(0, 4), names.slice(4, 8), names.slice(8)]
  it.each(some.map((group) => ({ group, named: group.join(', ') })))(
    'cannot make the agent run or lose anything by an answer to a fetch: $named',
    async ({ group }) => {
      const survive = async (body: string): Promise<void> => {
        const started = await startedAgent(opened)
        const { server } = started
        let given = 0
        server.answer = ({ endpoint }) => (endpoint === 'taskList' && given++ === 0 ? { body } : undefined)
        server.kick('kick_vm')
        // It asks again, as for a lost answer.
        await until('the fetch after a bad answer', () => server.of('taskList').length >= 3)
        expect(server.of('taskRunning')).toHaveLength(0)
        await expectAlive(started, 't-after')
      }
      await Promise.all(group.map((name) => survive(BAD_ANSWERS[name] ?? '')))
    },
  )

  it('may ask for absurd limits of output', async () => {
    const started = await startedAgent(opened)
    const { server } = started
    const good = scriptTask('t-1', 'seq 1 10000')
    server.handOut({
      ...good,
      output: { interval: 0, logQuota: Number.MAX_SAFE_INTEGER, skipEmpty: false, sendStart: true },
    })
    await finalOf(server, 't-1')
    expect(server.outputOf('t-1').toString().split('\n')).toHaveLength(10_001)
    await expectAlive(started, 't-after')
  })

  it('may beat time as it likes: the next heartbeat is never far from a minute away', async () => {
    const started = await startedAgent(opened)
    const { server, host, stateDir } = started
    await host.stop()
    for (const body of ['{"code":200,"nextInterval":0}', '{"code":200,"nextInterval":"soon"}', 'no JSON at all']) {
      server.answer = ({ endpoint }) => (endpoint === 'heartBeat' ? { body } : undefined)
      const before = server.of('heartBeat').length
      const next = await startAgent({ stateDir })
      await next.ready
      await next.stop()
      expect(server.of('heartBeat').length - before).toBe(1)
    }
  })

  it('cannot flood it with kicks, or with frames that are too large', async () => {
    const started = await startedAgent(opened)
    const { server } = started
    for (let index = 0; index < 1_000; index++) server.kick(`kick_vm task run t-${index}`)
    await until('the answers', () => server.kickAnswers.length === 1_000)
    expect(server.of('taskList').length).toBeLessThan(100)
    // More than it may have to say at once: it closes, and comes back.
    for (let index = 0; index < 20_000; index++) server.kick('kick_vm noop')
    await expectAlive(started, 't-between')
    for (const socket of server.sockets) socket.send(Buffer.alloc(1_000_000, 0x61))
    await until('the connection to be closed', () => server.sockets.size === 0)
    await expectAlive(started, 't-after')
  })

  it('may close every connection at once, for a while', async () => {
    const started = await startedAgent(opened)
    const { server } = started
    server.acceptsSockets = false
    for (const socket of server.sockets) socket.terminate()
    await until('refused handshakes', () => server.refused >= 2)
    server.acceptsSockets = true
    await expectAlive(started, 't-after')
  })

  it('cannot write lines of its own into the log', () => {
    const lines: string[] = []
    createLog('info', (line) => lines.push(line)).info('status 200\nforged \u001b[2J\u202e')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/status 200\\u\{a\}forged \\u\{1b\}\[2J\\u\{202e\}\n$/)
  })
})
