import { readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskEnd, TaskIdentity, TaskResult } from '../tasks/result.js'
import { writeDurably } from './write-durably.js'

// Final reports that no server has acknowledged: one file each, a line of JSON and then the output as it is. Names sort
// by age. What cannot be read is removed: a file is written whole or not at all, so it was damaged from outside.

export interface KeptResults {
  /** Durable when it resolves. @returns the name it is kept under */
  keep(result: TaskResult, now: number): Promise<string>
  /** @returns undefined when it is gone or damaged */
  load(name: string): Promise<TaskResult | undefined>
  /** It was acknowledged, or is given up. */
  remove(name: string): Promise<void>
  /** Oldest first. */
  list(): readonly string[]
  /** @returns when it was kept, in ms since 1970 */
  keptAt(name: string): number
}

/** `<ms>-<counter>-<task id>.iv<version>` */
const NAME = /^(\d{16})-\d{6}-([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.iv\d{1,16}$/

export const taskIdOf = (name: string): string => NAME.exec(name)?.[2] ?? ''

export interface KeptResultsLimits {
  readonly count: number
  readonly bytes: number
}

const LIMITS: KeptResultsLimits = { count: 1_000, bytes: 256 * 1024 * 1024 }

/**
 * @param onDropped told for each result that had to go because too many are kept: the oldest ones
 */
export const openKeptResults = async (
  folder: string,
  onDropped: (name: string) => void,
  limits: KeptResultsLimits = LIMITS,
): Promise<KeptResults> => {
  const sizes = new Map<string, number>()
  let bytes = 0
  let counter = 0
  for (const name of (await readdir(folder)).filter((entry) => NAME.test(entry)).toSorted()) {
    const { size } = await stat(join(folder, name))
    sizes.set(name, size)
    bytes += size
  }

  const forget = (name: string): void => {
    bytes -= sizes.get(name) ?? 0
    sizes.delete(name)
  }

  const remove = async (name: string): Promise<void> => {
    forget(name)
    await unlink(join(folder, name)).catch(() => undefined)
  }

  return {
    async keep(result, now) {
      const { taskId, invokeVersion } = result.task
      counter = (counter + 1) % 1_000_000
      const name = `${String(now).padStart(16, '0')}-${String(counter).padStart(6, '0')}-${taskId}.iv${invokeVersion}`
      const content = encodeResult(result)
      await writeDurably(join(folder, name), content)
      sizes.set(name, content.length)
      bytes += content.length
      for (const oldest of sizes.keys()) {
        if ((sizes.size <= limits.count && bytes <= limits.bytes) || oldest === name) break
        await remove(oldest)
        onDropped(oldest)
      }
      return name
    },
    async load(name) {
      const content = await readFile(join(folder, name)).catch(() => undefined)
      return content === undefined ? undefined : decodeResult(content)
    },
    remove,
    list: () => [...sizes.keys()],
    keptAt: (name) => Number(NAME.exec(name)?.[1] ?? 0),
  }
}

const LINE_FEED = 0x0a

export const encodeResult = ({ task, end, output }: TaskResult): Uint8Array =>
  Buffer.concat([Buffer.from(`${JSON.stringify({ task, end, bytes: output.length })}\n`), output])

/** @returns undefined when the file is damaged */
export const decodeResult = (content: Buffer): TaskResult | undefined => {
  const lineEnd = content.indexOf(LINE_FEED)
  if (lineEnd === -1) return undefined
  const output = content.subarray(lineEnd + 1)
  try {
    const head = JSON.parse(content.subarray(0, lineEnd).toString()) as {
      task: TaskIdentity
      end: TaskEnd
      bytes: number
    }
    return head.bytes === output.length ? { task: head.task, end: head.end, output } : undefined
  } catch {
    return undefined
  }
}
