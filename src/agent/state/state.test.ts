import { spawn } from 'node:child_process'
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpened } from '../_support.js'
import { thisPlatform } from '../platform/this-platform.js'
import type { TaskResult } from '../tasks/result.js'
import { noteColdStart } from './boot-mark.js'
import { openKeptResults, taskIdOf } from './kept-results.js'
import { findLockHolder, StateInUse, takeLock } from './lock.js'
import { openSeenTasks } from './seen-tasks.js'
import { defaultStateDirectory, openStateDirectory } from './state-directory.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const DAY_MS = 24 * 3600 * 1000

describe('the lock of a state directory', () => {
  it('belongs to one, however many try at once', async () => {
    const folder = await opened.folder()
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(folder, thisPlatform())))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const entry of tries) if (entry.status === 'rejected') expect(entry.reason).toBeInstanceOf(StateInUse)
    expect((await findLockHolder(folder, thisPlatform()))?.pid).toBe(process.pid)
  })

  it('is free again when it is released, and leaves one small file', async () => {
    const folder = await opened.folder()
    for (let round = 0; round < 3; round++) await (await takeLock(folder, thisPlatform())).release()
    expect(await findLockHolder(folder, thisPlatform())).toBeUndefined()
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('of a process that died is free, also when another process has its id now', async () => {
    const folder = await opened.folder()
    const child = spawn('true')
    await new Promise((resolve) => child.on('exit', resolve))
    await writeFile(join(folder, 'lock.7'), JSON.stringify({ pid: child.pid, mark: 'boot:1' }))
    await (await takeLock(folder, thisPlatform())).release()
    await writeFile(
      join(folder, 'lock.9'),
      JSON.stringify({ pid: process.pid, mark: 'another start of the machine:1' }),
    )
    await (await takeLock(folder, thisPlatform())).release()
    expect(await readdir(folder)).toEqual(['lock.10'])
  })

  it('that is damaged counts as free', async () => {
    const folder = await opened.folder()
    await writeFile(join(folder, 'lock.1'), 'half a')
    await (await takeLock(folder, thisPlatform())).release()
  })
})

describe('the list of seen tasks', () => {
  it('tells what is new, over restarts too', async () => {
    const path = join(await opened.folder(), 'seen')
    const first = await openSeenTasks(path, 1_000)
    expect([...(await first.add(['t-1.iv1', 't-2.iv1'], 1_000))]).toEqual(['t-1.iv1', 't-2.iv1'])
    expect([...(await first.add(['t-2.iv1', 't-3.iv1', 't-3.iv1'], 1_000))]).toEqual(['t-3.iv1'])
    await first.close()
    const second = await openSeenTasks(path, 2_000)
    expect([...(await second.add(['t-1.iv1', 't-3.iv1', 't-3.iv2'], 2_000))]).toEqual(['t-3.iv2'])
    await second.close()
  })

  it('is durable line by line: a torn end spoils nothing before or after it', async () => {
    const path = join(await opened.folder(), 'seen')
    const first = await openSeenTasks(path, 1_000)
    await first.add(['t-1.iv1'], 1_000)
    await first.close()
    await appendFile(path, '\n1000 t-to')
    const second = await openSeenTasks(path, 1_000)
    expect((await second.add(['t-1.iv1'], 1_000)).size).toBe(0)
    await second.add(['t-2.iv1'], 1_000)
    await second.close()
    const third = await openSeenTasks(path, 1_000)
    expect((await third.add(['t-1.iv1', 't-2.iv1'], 1_000)).size).toBe(0)
    await third.close()
  })

  it('forgets what is older than a month, and the oldest beyond its bound, on disk too', async () => {
    const path = join(await opened.folder(), 'seen')
    const first = await openSeenTasks(path, 0, 10)
    await first.add(['t-old.iv1'], 0)
    for (let number = 0; number < 50; number++) await first.add([`t-${number}.iv1`], DAY_MS)
    await first.close()
    expect((await readFile(path, 'utf8')).split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(20)
    const second = await openSeenTasks(path, DAY_MS, 10)
    expect((await second.add(['t-49.iv1'], DAY_MS)).size).toBe(0)
    expect((await second.add(['t-0.iv1'], DAY_MS)).size).toBe(1)
    await second.close()
    const third = await openSeenTasks(path, 33 * DAY_MS, 10)
    expect((await third.add(['t-49.iv1'], 33 * DAY_MS)).size).toBe(1)
    await third.close()
  })
})

describe('kept results', () => {
  const result = (taskId: string, output: Uint8Array): TaskResult => ({
    task: { taskId, invokeVersion: 1 },
    end: { kind: 'finish', startedAt: 1, endedAt: 2, exitCode: 0, dropped: 0 },
    output,
  })

  it('come back byte by byte, the oldest first', async () => {
    const folder = await opened.folder()
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const first = await openKeptResults(folder, () => undefined)
    await first.keep(result('t-1', bytes), 1_000)
    await first.keep(result('t-2', new Uint8Array()), 1_000)
    const second = await openKeptResults(folder, () => undefined)
    expect(second.list().map(taskIdOf)).toEqual(['t-1', 't-2'])
    const [name = ''] = second.list()
    expect(await second.load(name)).toEqual(result('t-1', bytes))
    expect(second.keptAt(name)).toBe(1_000)
    await second.remove(name)
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('that are damaged are not delivered', async () => {
    const folder = await opened.folder()
    const kept = await openKeptResults(folder, () => undefined)
    const name = await kept.keep(result('t-1', Buffer.from('output')), 1_000)
    await writeFile(join(folder, name), (await readFile(join(folder, name))).subarray(0, -2))
    expect(await kept.load(name)).toBeUndefined()
    await writeFile(join(folder, name), 'nonsense')
    expect(await kept.load(name)).toBeUndefined()
  })

  it('are bounded: the oldest go, and somebody is told', async () => {
    const folder = await opened.folder()
    const dropped: string[] = []
    const kept = await openKeptResults(folder, (name) => dropped.push(taskIdOf(name)), { count: 3, bytes: 10_000 })
    for (const id of ['t-1', 't-2', 't-3', 't-4']) await kept.keep(result(id, Buffer.alloc(10)), 1_000)
    await kept.keep(result('t-5', Buffer.alloc(9_800)), 1_000)
    expect(dropped).toEqual(['t-1', 't-2', 't-3', 't-4'])
    expect(kept.list().map(taskIdOf)).toEqual(['t-5'])
    expect(await readdir(folder)).toHaveLength(1)
  })
})

describe('a state directory', () => {
  it('is for its owner alone', async () => {
    const path = join(await opened.folder(), 'a', 'b')
    await openStateDirectory(path)
    await chmod(path, 0o755)
    await openStateDirectory(path)
    for (const folder of [path, join(path, 'tasks'), join(path, 'results')]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    }
  })

  it('is refused where other things lie, whose mode it would change', async () => {
    const path = join(await opened.folder(), 'shared')
    await mkdir(path, { mode: 0o755 })
    await writeFile(join(path, 'letters'), '')
    await expect(openStateDirectory(path)).rejects.toThrow(/letters/)
    expect((await stat(path)).mode & 0o777).toBe(0o755)
  })

  it('lies where its user may write', () => {
    expect(defaultStateDirectory({ isRoot: true, home: '/root' })).toBe('/var/lib/openassist-agent')
    expect(defaultStateDirectory({ isRoot: false, home: '/home/ann' })).toBe('/home/ann/.local/state/openassist-agent')
  })

  it('tells the first start since the machine booted', async () => {
    const folder = await opened.folder()
    expect(await noteColdStart(folder, 'boot-1')).toBe(true)
    expect(await noteColdStart(folder, 'boot-1')).toBe(false)
    expect(await noteColdStart(folder, 'boot-2')).toBe(true)
  })
})
