import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.js'

// One process per identity. Node has no file locks, so: the owner is the process named in the lock file with the
// highest number, if it lives. Whoever wants to own makes the next number, which only one can (`link` refuses an
// existing name), and looks again: when a higher number is there, somebody was quicker. Numbers never go down, as a
// released lock leaves its file; an owner removes only lower ones. A process that dies leaves nothing to clean: its
// mark (start of the process and of the machine) is found to be gone.

export interface StateLock {
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly mark: string
}

/** Another living process works with this state directory. */
export class StateInUse extends Error {
  override readonly name = 'StateInUse'

  constructor(folder: string, pid: number) {
    super(`Another agent, process ${pid}, works with ${folder}.`)
  }
}

type Marks = Pick<Platform, 'processMark'>

const LOCK_NAME = /^lock\.(\d{1,12})$/

/** @throws StateInUse */
export const takeLock = async (folder: string, platform: Marks): Promise<StateLock> => {
  const draft = join(folder, `.draft-${randomBytes(6).toString('hex')}`)
  const mark = platform.processMark(process.pid) ?? ''
  await writeFile(draft, JSON.stringify({ pid: process.pid, mark } satisfies LockHolder), { flag: 'wx', mode: 0o600 })
  try {
    for (;;) {
      const highest = (await lockNumbers(folder)).at(-1) ?? 0
      const holder = await findHolder(folder, platform, highest)
      if (holder !== undefined) throw new StateInUse(folder, holder.pid)
      const own = highest + 1
      try {
        await link(draft, lockPath(folder, own))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
        throw error
      }
      const numbers = await lockNumbers(folder)
      if (numbers.at(-1) !== own) {
        await unlink(lockPath(folder, own))
        continue
      }
      for (const number of numbers) {
        if (number < own) await unlink(lockPath(folder, number)).catch(() => undefined)
      }
      return { release: () => release(folder, own) }
    }
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

/** The process that works with this state directory, if one lives. */
export const findLockHolder = async (folder: string, platform: Marks): Promise<LockHolder | undefined> => {
  const highest = (await lockNumbers(folder).catch(() => [])).at(-1)
  return highest === undefined ? undefined : findHolder(folder, platform, highest)
}

const findHolder = async (folder: string, platform: Marks, number: number): Promise<LockHolder | undefined> => {
  let holder: Partial<LockHolder>
  try {
    holder = JSON.parse(await readFile(lockPath(folder, number), 'utf8')) as Partial<LockHolder>
  } catch {
    return undefined
  }
  if (typeof holder.pid !== 'number' || typeof holder.mark !== 'string') return undefined
  return platform.processMark(holder.pid) === holder.mark ? { pid: holder.pid, mark: holder.mark } : undefined
}

const release = async (folder: string, number: number): Promise<void> => {
  const draft = join(folder, `.draft-${randomBytes(6).toString('hex')}`)
  await writeFile(draft, JSON.stringify({ pid: 0, mark: 'released' }), { flag: 'wx', mode: 0o600 })
  await rename(draft, lockPath(folder, number))
}

const lockPath = (folder: string, number: number): string => join(folder, `lock.${number}`)

/** In ascending order. */
const lockNumbers = async (folder: string): Promise<number[]> => {
  const numbers: number[] = []
  for (const name of await readdir(folder)) {
    const match = LOCK_NAME.exec(name)
    if (match !== null) numbers.push(Number(match[1]))
  }
  return numbers.toSorted((a, b) => a - b)
}
