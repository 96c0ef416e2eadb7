import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile as write } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fileEntry } from '../../protocol/messages/file-entry.js'
import type { FileEntry } from '../../protocol/messages/task-list.js'
import { toWireId } from '../../protocol/wire-id.js'
import {
  createOpened,
  type FakeServer,
  finalOf,
  finalsOf,
  registeredHost,
  startedAgent,
  startFakeServer,
} from '../_support.js'
import { thisPlatform } from '../platform/this-platform.js'
import { startAgent } from '../start-agent.js'
import { openStateDirectory } from '../state/state-directory.js'
import { stageTask } from '../state/staged-tasks.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const isRoot = process.geteuid?.() === 0
let count = 0

const file = (directory: string, change: Partial<FileEntry['task']> = {}): FileEntry => {
  const taskId = toWireId(`f-${++count}`)
  if (taskId === undefined) throw new Error('no id')
  const entry = fileEntry({
    taskId,
    name: 'a.txt',
    directory,
    content: Buffer.from('text'),
    contentType: 'PlainText',
    mode: '0644',
    owner: 'root',
    group: 'root',
    overwrite: false,
    timeoutSeconds: 60,
  })
  return { ...entry, task: { ...entry.task, ...change } }
}

/** Hands files out and waits for what the agent says of each, in a few words. */
const sent = async (server: FakeServer, ...files: readonly FileEntry[]): Promise<string[]> => {
  server.waiting.file.push(...files)
  server.kick('kick_vm')
  const said: string[] = []
  for (const { task } of files) {
    const { endpoint, query } = await finalOf(server, task.taskID)
    said.push(
      endpoint === 'taskFinish'
        ? `${String(query['status'])} ${String(query['errorcode'])}`
        : `${String(query['param'])} ${String(query['value'])}`,
    )
  }
  return said
}

describe('a file', () => {
  it('is written whole, with its mode, in a directory that is made for it', async () => {
    const { server } = await startedAgent(opened)
    const folder = join(await opened.folder(), 'deep', 'down')
    const content = Buffer.from([0, 1, 255]).toString('base64')
    const good = fileEntry({ ...withContent([0, 1, 255]), directory: folder, mode: '04750' })
    expect(good.task.content).toBe(content)
    expect(await sent(server, good)).toEqual(['Success 0'])
    expect([...(await readFile(join(folder, 'a.txt')))]).toEqual([0, 1, 255])
    expect((await stat(join(folder, 'a.txt'))).mode & 0o7777).toBe(0o4750)
    expect((await stat(folder)).mode & 0o777).toBe(0o755)
    expect(await readdir(folder)).toEqual(['a.txt'])
  })

  it('that is there already is refused, and replaced with Overwrite', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    await write(join(folder, 'a.txt'), 'before')
    await chmod(join(folder, 'a.txt'), 0o600)
    expect(await sent(server, file(folder))).toEqual(['FileExist a.txt'])
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('before')
    expect(await sent(server, file(folder, { overwrite: true }))).toEqual(['Success 0'])
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('text')
    expect((await stat(join(folder, 'a.txt'))).mode & 0o777).toBe(0o644)
    expect(await readdir(folder)).toEqual(['a.txt'])
  })

  it('never goes through a link that lies in its place', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    await write(join(folder, 'precious'), 'before')
    await symlink(join(folder, 'precious'), join(folder, 'a.txt'))
    await symlink(join(folder, 'nowhere'), join(folder, 'b.txt'))
    expect(await sent(server, file(folder, { name: 'b.txt' }))).toEqual(['FileExist b.txt'])
    expect(await sent(server, file(folder, { overwrite: true }))).toEqual(['Success 0'])
    expect(await readFile(join(folder, 'precious'), 'utf8')).toBe('before')
    expect((await lstat(join(folder, 'a.txt'))).isFile()).toBe(true)
    expect((await readdir(folder)).toSorted()).toEqual(['a.txt', 'b.txt', 'precious'])
  })

  it('is refused with the words of the vendor’s agent, and nothing of it stays', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    await write(join(folder, 'plain'), '')
    await mkdir(join(folder, 'taken'))
    const owner = isRoot ? 'no-such-user-here' : 'no-such-user'
    const said = await sent(
      server,
      file(folder, { name: '' }),
      file(folder, { name: '../a.txt' }),
      file(folder, { name: '..' }),
      file(folder, { content: '' }),
      file(folder, { content: '%%%' }),
      file(folder, { signature: 'wrong' }),
      file(folder, { mode: '0999' }),
      file(folder, { mode: '44' }),
      file(folder, { owner }),
      file(folder, { owner: '$(id)' }),
      file(folder, { owner: 'root', group: 'no-such-group' }),
      file('relative'),
      file(join(folder, 'plain')),
      file(join(folder, 'plain', 'below')),
      file(folder, { name: 'taken' }),
      file(folder, { name: 'taken', overwrite: true }),
      file(folder, { name: 'x'.repeat(256) }),
      file(folder, { name: '水'.repeat(255) }),
      file(folder, { name: '水'.repeat(86), overwrite: true }),
      file(folder, { name: '水'.repeat(85) }),
    )
    expect(said).toEqual([
      'FileNameInvalid ',
      'FileNameInvalid ../a.txt',
      'FileNameInvalid ..',
      'EmptyFile ',
      'InvalidFileContent ',
      'InvalidSignature wrong',
      'InvalidFileMode 0999',
      'InvalidFileMode 44',
      `FileOwnerNotExist ${owner}`,
      'FileOwnerNotExist $(id)',
      'FileGroupNotExist no-such-group',
      'Failed 4',
      'Failed 4',
      'Failed 4',
      'FileExist taken',
      'Failed 1',
      `FileNameInvalid ${'x'.repeat(256)}`,
      `FileNameInvalid ${'水'.repeat(255)}`,
      `FileNameInvalid ${'水'.repeat(86)}`,
      'Success 0',
    ])
    expect((await readdir(folder)).toSorted()).toEqual(['plain', 'taken', '水'.repeat(85)])
  })

  it.runIf(process.platform === 'linux')(
    'for where no directory can be made fails, and the next one comes',
    async () => {
      const { server } = await startedAgent(opened)
      const folder = await opened.folder()
      await symlink(join(folder, 'nowhere'), join(folder, 'dangling'))
      const said = await sent(
        server,
        file('/proc/nope'),
        file('/proc/1/nope/deep/down'),
        file(join(folder, 'dangling')),
        file(join(folder, 'dangling', 'below')),
        file(join(folder, 'deep')),
      )
      expect(said).toEqual(['Failed 4', 'Failed 4', 'Failed 4', 'Failed 4', 'Success 0'])
      expect((await readdir(folder)).toSorted()).toEqual(['dangling', 'deep'])
    },
  )

  it.runIf(isRoot)('gets its owner and its group, and keeps the bits of its mode', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    const change = { owner: 'daemon', group: 'bin', mode: '6711' }
    expect(await sent(server, file(folder, change))).toEqual(['Success 0'])
    const platform = thisPlatform()
    const { uid, gid, mode } = await stat(join(folder, 'a.txt'))
    expect(uid).toBe(await platform.findAccount('user', 'daemon'))
    expect(gid).toBe(await platform.findAccount('group', 'bin'))
    expect(mode & 0o7777).toBe(0o6711)
    const given = await stat(folder)
    expect([given.uid, given.gid]).toEqual([0, 0])
  })

  it('that is handed out again is not written again', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    const once = file(folder)
    const later = file(folder, { name: 'b.txt' })
    await sent(server, once)
    expect(await sent(server, once, later)).toEqual(['Success 0', 'Success 0'])
    expect(finalsOf(server, once.task.taskID)).toHaveLength(1)
  })

  it('has a report that waits for a server which is away', async () => {
    const { server } = await startedAgent(opened)
    const folder = await opened.folder()
    const one = file(folder)
    let refusals = 0
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' && refusals++ < 2 ? { status: 503 } : undefined)
    server.waiting.file.push(one)
    server.kick('kick_vm')
    await expect.poll(() => finalsOf(server, one.task.taskID).length, { timeout: 50_000 }).toBe(3)
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('text')
  })
})

describe('an agent that died while it wrote', () => {
  it('takes the draft away when it starts again', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    await registeredHost(server, stateDir)
    const folder = await opened.folder()
    const draft = join(folder, '.openassist-0123456789abcdef')
    await write(draft, 'half')
    const { tasks } = await openStateDirectory(stateDir)
    const record = {
      taskId: 'f-left',
      invokeVersion: 0,
      token: 'none',
      outsideFolder: undefined,
      scriptName: '',
      draft,
    }
    await stageTask(tasks, 'f-left.iv0', record)
    await opened.add(await startAgent({ stateDir })).ready
    expect(await readdir(folder)).toEqual([])
    expect(await readdir(tasks)).toEqual([])
  })
})

const withContent = (bytes: readonly number[]) => {
  const taskId = toWireId(`f-${++count}`)
  if (taskId === undefined) throw new Error('no id')
  return {
    taskId,
    name: 'a.txt',
    content: Uint8Array.from(bytes),
    contentType: 'Base64',
    owner: 'root',
    group: 'root',
    overwrite: false,
    timeoutSeconds: 60,
  }
}
