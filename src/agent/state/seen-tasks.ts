import { open, readFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder, writeDurably } from './write-durably.js'

// At most once: an id that was handed to this host is written down before anything is done with it, and never worked on
// again. One line per task: `<ms> <key>`. A line that a power cut left half written is skipped.

export interface SeenTasks {
  /**
   * Marks tasks as seen, durably before it resolves.
   * @returns the keys that were not seen before
   */
  add(keys: readonly string[], now: number): Promise<ReadonlySet<string>>
  close(): Promise<void>
}

/** A server keeps invocations for 30 days (api.md §8.1). */
const KEEP_MS = 31 * 24 * 3600 * 1000

const LINE = /^(\d{1,16}) (\S{1,200})$/

/**
 * @param most ids that are remembered; beyond that the oldest are forgotten. A server offers a task again within a
 *   minute (design §5), so this bounds memory without a risk.
 */
export const openSeenTasks = async (path: string, now: number, most = 20_000): Promise<SeenTasks> => {
  const seen = new Map<string, number>()
  let lines = 0
  for (const line of (await readFile(path, 'utf8').catch(missingIsEmpty)).split('\n')) {
    const match = LINE.exec(line)
    if (match === null) continue
    lines++
    seen.set(match[2] ?? '', Number(match[1]))
  }

  const prune = (at: number): void => {
    for (const [key, seenAt] of seen) {
      if (seen.size <= most && at - seenAt < KEEP_MS) continue
      seen.delete(key)
    }
  }

  const rewrite = async (at: number): Promise<FileHandle> => {
    prune(at)
    await writeDurably(path, [...seen].map(([key, seenAt]) => `${seenAt} ${key}\n`).join(''))
    lines = seen.size
    return open(path, 'a', 0o600)
  }

  let file = await rewrite(now)
  await syncFolder(dirname(path))
  let turn: Promise<unknown> = Promise.resolve()

  const add = async (keys: readonly string[], at: number): Promise<ReadonlySet<string>> => {
    const fresh = new Set(keys.filter((key) => !seen.has(key)))
    if (fresh.size === 0) return fresh
    // A line feed first: the line before it may be torn by a disk that was full.
    await file.appendFile(`\n${[...fresh].map((key) => `${at} ${key}\n`).join('')}`)
    await file.datasync()
    for (const key of fresh) seen.set(key, at)
    lines += fresh.size
    if (lines > 2 * most) {
      await file.close()
      file = await rewrite(at)
    }
    return fresh
  }

  return {
    add(keys, at) {
      const added = turn.then(() => add(keys, at))
      turn = added.catch(() => undefined)
      return added
    },
    async close() {
      await turn
      await file.close()
    },
  }
}

const missingIsEmpty = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT') return ''
  throw error
}
