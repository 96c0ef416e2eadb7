import { createHash } from 'node:crypto'
import type { WireId } from '../wire-id.js'
import type { FileEntry } from './task-list.js'
import { LEAST_OUTPUT_QUOTA, LEAST_REPORT_INTERVAL_MS } from './task-entry.js'

// Builds the entries of files in a `task/list` answer (agent-protocol.md §7).

/** A file to be written. */
export interface SentFile {
  readonly taskId: WireId
  /** A name, never a path. */
  readonly name: string
  readonly directory: string
  readonly content: Uint8Array
  readonly contentType: string
  /** Octal digits, with or without a 0 before three or four of them. */
  readonly mode: string
  /** `''` on Windows. */
  readonly owner: string
  readonly group: string
  readonly overwrite: boolean
  readonly timeoutSeconds: number
}

export const fileEntry = (file: SentFile): FileEntry => {
  const content = Buffer.from(file.content).toString('base64')
  return {
    task: {
      taskID: file.taskId,
      name: file.name,
      destination: file.directory,
      content,
      signature: fileSignature(content),
      contentType: file.contentType,
      // Upstream: the agent takes three or four digits.
      mode: file.mode.slice(-4),
      owner: file.owner,
      group: file.group,
      overwrite: file.overwrite,
      timeout: file.timeoutSeconds,
    },
    output: { interval: LEAST_REPORT_INTERVAL_MS, logQuota: LEAST_OUTPUT_QUOTA, skipEmpty: true, sendStart: false },
  }
}

/** Upstream: of the base64 text, not of the file. */
export const fileSignature = (content: string): string => createHash('md5').update(content).digest('hex')
