import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createOpened,
  finalOf,
  finalsOf,
  makeCertificates,
  registeredHost,
  scriptTask,
  startedAgent,
  startFakeServer,
  stopTask,
  until,
} from '../_support.js'
import { startAgent } from '../start-agent.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

describe('a result', () => {
  it('is posted again until the server takes it, whatever it answered before', async () => {
    const { server, stateDir } = await startedAgent(opened)
    const answers = ['drop', { status: 500 }, { status: 401 }] as const
    let tries = 0
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? answers[tries++] : undefined)
    server.handOut(scriptTask('t-1', 'echo kept'))
    await until('the fourth try', () => tries >= 4)
    expect(
      finalsOf(server, 't-1')
        .map(({ body }) => body.toString())
        .at(-1),
    ).toBe('kept\n')
    await until('it to leave the disk', async () => (await readdir(join(stateDir, 'results'))).length === 0)
  })

  it('counts as taken with status 400, as for the vendor’s agent', async () => {
    const { server, stateDir } = await startedAgent(opened)
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? { status: 400 } : undefined)
    server.handOut(scriptTask('t-1', 'true'))
    await finalOf(server, 't-1')
    await until('it to leave the disk', async () => (await readdir(join(stateDir, 'results'))).length === 0)
    expect(finalsOf(server, 't-1')).toHaveLength(1)
  })

  it('that was not taken is delivered by the next process before its first heartbeat', async () => {
    const { server, stateDir, host } = await startedAgent(opened)
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? { status: 503 } : undefined)
    server.handOut(scriptTask('t-1', 'echo one'), scriptTask('t-2', 'echo two'))
    await finalOf(server, 't-1')
    await finalOf(server, 't-2')
    await until('the tasks to be cleaned', async () => (await readdir(join(stateDir, 'tasks'))).length === 0)
    // The disk as it is while the first process waits to try again: what a process that is killed leaves.
    const copy = join(await opened.folder(), 'state')
    await cp(stateDir, copy, { recursive: true, filter: (path) => !/\/(?:lock\.|\.draft-)/.test(path) })
    await host.stop()
    const before = server.received.length
    server.answer = () => undefined
    const next = opened.add(await startAgent({ stateDir: copy }))
    await next.ready
    const after = server.received.slice(before).map(({ endpoint }) => endpoint)
    expect(after.slice(0, 2)).toEqual(['taskFinish', 'taskFinish'])
    expect(after.indexOf('heartBeat')).toBeGreaterThan(1)
    expect(after.indexOf('taskList')).toBeGreaterThan(after.indexOf('heartBeat'))
    expect(await readdir(join(copy, 'results'))).toEqual([])
  })

  it('that a server refuses for ever does not keep the agent from its work', async () => {
    const { server, stateDir, host } = await startedAgent(opened)
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? { status: 500 } : undefined)
    server.handOut(scriptTask('t-1', 'true'))
    await finalOf(server, 't-1')
    await host.stop()
    const next = opened.add(await startAgent({ stateDir }))
    await next.ready
    expect(next.connected).toBe(true)
    expect(await readdir(join(stateDir, 'results'))).toHaveLength(1)
  })

  it('of a task that ended by itself is not overtaken by a stop', async () => {
    const { server } = await startedAgent(opened)
    let isTaking = false
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' && !isTaking ? 'drop' : undefined)
    server.handOut(scriptTask('t-1', 'exit 5'))
    await finalOf(server, 't-1')
    isTaking = true
    server.waiting.stop.push(stopTask('t-1'))
    server.kick('kick_vm task stop t-1')
    await until('the fetch', () => server.of('taskList').length >= 3)
    await until('the result to be taken', () => finalsOf(server, 't-1').length >= 2)
    expect(new Set(finalsOf(server, 't-1').map(({ endpoint }) => endpoint))).toEqual(new Set(['taskFinish']))
  })
})

describe('output', () => {
  it('that could not be posted while the script ran is posted later, not lost', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    let dropped = 0
    server.answer = ({ endpoint, body }) =>
      endpoint === 'taskRunning' && body.length > 0 && dropped++ < 2 ? 'drop' : undefined
    server.handOut(
      scriptTask('t-1', `echo first; while [ $(ls ${folder} | wc -l) = 0 ]; do sleep 0.05; done; echo last`),
    )
    await until('two failures', () => dropped >= 2)
    const taken = () => server.of('taskRunning', 't-1').filter(({ body }) => body.length > 0)
    await until('a success', () => taken().length >= 3)
    await cp('/dev/null', join(folder, 'go'))
    const final = await finalOf(server, 't-1')
    expect(final.body.toString()).toBe('last\n')
    expect(taken().at(-1)?.body.toString()).toBe('first\n')
    expect(final.query['dropped']).toBe(0)
  })
})

describe('a server that went away', () => {
  it('is found again when it is back, and gets what happened meanwhile', async () => {
    const certificates = makeCertificates()
    const first = await startFakeServer(0, certificates)
    const stateDir = await opened.folder()
    await registeredHost(first, stateDir)
    const agent = opened.add(await startAgent({ stateDir }))
    await agent.ready
    const folder = await opened.folder()
    first.handOut(scriptTask('t-1', `echo begun; while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo done`))
    await until('the start', () => first.of('taskRunning', 't-1').length > 0)
    const port = Number(first.address.split(':')[1])
    await first.stop()
    await until('the loss to be seen', () => !agent.connected)
    await cp('/dev/null', join(folder, 'go'))
    await until('the result to be kept', async () => (await readdir(join(stateDir, 'results'))).length === 1)
    const second = opened.add(await startFakeServer(port, certificates, first.hosts))
    await until('the way back', () => agent.connected)
    const final = await finalOf(second, 't-1')
    expect(final.endpoint).toBe('taskFinish')
    expect(Buffer.concat([first.outputOf('t-1'), second.outputOf('t-1')]).toString()).toBe('begun\ndone\n')
  })
})
