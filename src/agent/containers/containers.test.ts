import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createOpened,
  finalOf,
  registeredHost,
  runTask,
  scriptTask,
  startFakeServer,
  stopTask,
  until,
} from '../_support.js'
import { thisPlatform } from '../platform/this-platform.js'
import { startAgent } from '../start-agent.js'
import { type FakeContainer, type FakeRuntime, startFakeCri, startFakeDocker } from './_fake-runtimes.js'
import type { ContainerSocket } from './find-container.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const idOf = (letter: string): string => letter.repeat(64)
const CONTAINERS: readonly FakeContainer[] = [
  { id: idOf('a'), name: 'web', state: 'running' },
  { id: idOf('b'), name: 'web.old', state: 'exited' },
  { id: idOf('c'), name: 'twin', state: 'running' },
  { id: idOf('d'), name: 'twin', state: 'running' },
]

const agentWith = async (sockets: readonly ContainerSocket[]) => {
  const server = opened.add(await startFakeServer())
  const stateDir = await opened.folder()
  await registeredHost(server, stateDir)
  const host = opened.add(await startAgent({ stateDir, containerSockets: sockets }))
  await host.ready
  return server
}

const lives = (pid: number): boolean => thisPlatform().processMark(pid) !== undefined

const KINDS = [
  ['Docker', 'docker', startFakeDocker],
  ['containerd', 'containerd', startFakeCri],
] as const

describe.each(KINDS)('a container of %s', (_name, runtime, startFake) => {
  const started = async () => {
    const fake = opened.add(await startFake(join(await opened.folder(), 'runtime.sock'), CONTAINERS))
    return { fake, server: await agentWith([fake.socket]) }
  }

  it.each([
    ['by its id', { containerId: idOf('a') }],
    ['by its id and runtime', { containerId: `${runtime}://${idOf('a')}` }],
    ['by its name', { containerName: 'web' }],
    ['by both', { containerId: idOf('a'), containerName: 'web' }],
  ])('found %s runs a script: its output, its exit code', async (_how, container) => {
    const { server } = await started()
    const script = `echo "out ' $0"; echo err >&2; exit 7`
    const final = await runTask(server, scriptTask('t-1', script, container))
    expect(final.endpoint).toBe('taskFinish')
    expect(final.query).toMatchObject({ exitCode: 7 })
    const lines = server.outputOf('t-1').toString().trim().split('\n')
    expect(new Set(lines)).toEqual(new Set(["out ' /bin/sh", 'err']))
  })

  it('takes neither user nor folder of the host into account', async () => {
    const { server } = await started()
    const change = { containerName: 'web', username: 'no-such-user', workingDirectory: '/no/such/folder' }
    expect((await runTask(server, scriptTask('t-1', 'exit 3', change))).query).toMatchObject({ exitCode: 3 })
  })

  it('gives every byte of a lot of output, and what cannot be kept is counted', async () => {
    const { server } = await started()
    const final = await runTask(server, scriptTask('t-1', 'seq 1 50000', { containerName: 'web' }))
    const total = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`.length).reduce((sum, one) => sum + one)
    expect(server.outputOf('t-1').length + Number(final.query['dropped'])).toBe(total)
    expect(server.outputOf('t-1').toString()).toMatch(/49999\n50000\n$/)
  })

  it.each(['stop', 'timeout'])('ends the script with all that it started at a %s', async (how) => {
    const { server } = await started()
    const pids = join(await opened.folder(), 'pids')
    const script = `sleep 600 & setsid sleep 600 & jobs -p > ${pids}.part; echo $$ >> ${pids}.part; mv ${pids}.part ${pids}; wait`
    const timeoutSeconds = how === 'timeout' ? 2 : 60
    server.handOut(scriptTask('t-1', script, { containerName: 'web', timeoutSeconds }))
    const { readFile } = await import('node:fs/promises')
    const told = await until('the script', () => readFile(pids, 'utf8').catch(() => undefined))
    const found = told.trim().split('\n').map(Number)
    expect(found).toHaveLength(3)
    if (how === 'stop') {
      server.waiting.stop.push(stopTask('t-1'))
      server.kick('kick_vm')
    }
    expect((await finalOf(server, 't-1')).endpoint).toBe(how === 'stop' ? 'taskStopped' : 'taskTimeout')
    await until('all of it to be gone', () => !found.some(lives))
  })

  it.each([
    ['that is not there', { containerId: idOf('e') }, 'ContainerNotFound'],
    ['of a name that is not there', { containerName: 'we' }, 'ContainerNotFound'],
    ['that does not run', { containerId: idOf('b') }, 'ContainerStateAbnormal'],
    ['that does not run, by name', { containerName: 'web.old' }, 'ContainerStateAbnormal'],
    ['with another name', { containerId: idOf('a'), containerName: 'twin' }, 'ContainerNameAndIdNotMatch'],
    ['of a name that two have', { containerName: 'twin' }, 'ContainerNameDuplicated'],
    ['of a runtime that is not asked', { containerId: `cri-o://${idOf('a')}` }, 'UnsupportedContainerRuntime'],
    ['of no id', { containerId: 'docker://../../x' }, 'InvalidContainerId'],
    ['of no name', { containerName: '../x' }, 'InvalidContainerName'],
  ])('%s ends invalid', async (_what, container, code) => {
    const { server } = await started()
    const final = await runTask(server, scriptTask('t-1', 'true', container))
    expect(final.endpoint).toBe('taskInvalid')
    expect(final.query['param']).toBe(code)
    expect(String(final.query['value'])).toMatch(new RegExp(`^${code}: .+`))
  })

  it('whose runtime fails ends with what it said', async () => {
    const { fake, server } = await started()
    fake.failure = 'no space left: 100 %'
    const final = await runTask(server, scriptTask('t-1', 'true', { containerName: 'web' }))
    expect(final.endpoint).toBe('taskError')
    expect(final.query).toMatchObject({ errCode: 'ContainerRuntimeInternalError', errDesc: 'no space left: 100 %' })
  })

  it('whose runtime dies while the script runs ends as an error, with what was written', async () => {
    const { fake, server } = await started()
    const mark = join(await opened.folder(), 'runs')
    server.handOut(scriptTask('t-1', `touch ${mark}; exec sleep 600`, { containerName: 'web' }))
    const { stat } = await import('node:fs/promises')
    await until('the script', () => stat(mark).catch(() => undefined))
    await dropConnections(fake)
    const final = await finalOf(server, 't-1')
    expect(final.endpoint).toBe('taskError')
    expect(final.query['errCode']).toBe('ContainerRuntimeInternalError')
  })
})

const dropConnections = async (fake: FakeRuntime): Promise<void> => {
  fake.failure = 'gone'
  await fake.stop()
}

describe('runtimes', () => {
  const folderSocket = async (): Promise<ContainerSocket> => ({
    runtime: 'docker',
    kind: 'docker',
    path: join(await opened.folder(), 'nobody.sock'),
  })

  it('that are not there are said to be', async () => {
    const server = await agentWith([await folderSocket(), { ...(await folderSocket()), kind: 'cri' }])
    const final = await runTask(server, scriptTask('t-1', 'true', { containerName: 'web' }))
    expect(final.query).toMatchObject({ param: 'ContainerConnectFailed' })
  })

  it('are asked in order: the one that has the container runs the script', async () => {
    const cri = opened.add(await startFakeCri(join(await opened.folder(), 'runtime.sock'), CONTAINERS))
    const docker = opened.add(await startFakeDocker(join(await opened.folder(), 'docker.sock'), []))
    const server = await agentWith([docker.socket, await folderSocket(), cri.socket])
    const final = await runTask(server, scriptTask('t-1', 'echo here', { containerName: 'web' }))
    expect(final.endpoint).toBe('taskFinish')
    expect(server.outputOf('t-1').toString()).toBe('here\n')
  })

  it('that answer nonsense end no agent', async () => {
    const { createServer } = await import('node:net')
    const path = join(await opened.folder(), 'nonsense.sock')
    const peer = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.resume()
      socket.end(randomBytes(1_000))
    })
    await new Promise<void>((resolve) => peer.listen(path, resolve))
    opened.add({ stop: () => new Promise((resolve) => peer.close(resolve)) })
    for (const kind of ['docker', 'cri'] as const) {
      const server = await agentWith([{ runtime: 'docker', kind, path }])
      const final = await runTask(server, scriptTask('t-1', 'true', { containerName: 'web' }))
      expect(['taskInvalid', 'taskError']).toContain(final.endpoint)
    }
  })
})
