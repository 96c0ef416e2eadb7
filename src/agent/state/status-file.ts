import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StateDirectory } from './state-directory.js'

/** What a running agent last saw, for people and for `openassist agent status`. */
export interface AgentStatus {
  readonly instanceId: string
  readonly server: string
  readonly pid: number
  readonly version: string
  readonly state: 'running' | 'stopped'
  readonly startedAt: string
  /** The notify socket is open. */
  readonly connected: boolean
  /** `''` until the server answered one. */
  readonly lastHeartbeatAt: string
  readonly tasksRunning: number
  readonly resultsKept: number
}

export interface StatusFile {
  /** Writes soon what changed; changes that come meanwhile are written together. Never throws. */
  update(change: Partial<AgentStatus>): void
  /** Writes what is left. */
  close(change: Partial<AgentStatus>): Promise<void>
}

/** A status is soft: it is replaced whole, but not synced, and a full disk stops nobody. */
export const openStatusFile = (directory: Pick<StateDirectory, 'status'>, first: AgentStatus): StatusFile => {
  let status = first
  let dirty = false
  let writing: Promise<void> | undefined

  const write = async (): Promise<void> => {
    while (dirty) {
      dirty = false
      const draft = join(dirname(directory.status), `.draft-${randomBytes(6).toString('hex')}`)
      try {
        await writeFile(draft, `${JSON.stringify(status, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
        await rename(draft, directory.status)
      } catch {
        // Shown by its age.
      }
    }
    writing = undefined
  }

  const update = (change: Partial<AgentStatus>): void => {
    status = { ...status, ...change }
    dirty = true
    writing ??= write()
  }

  update({})
  return {
    update,
    async close(change) {
      update(change)
      await writing
    },
  }
}

/** @returns undefined when no agent ever ran here */
export const readStatus = async (directory: Pick<StateDirectory, 'status'>): Promise<AgentStatus | undefined> => {
  try {
    return JSON.parse(await readFile(directory.status, 'utf8')) as AgentStatus
  } catch {
    return undefined
  }
}
