import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type Util from 'node:util'
import type { TaskEnd } from './result.js'

/** A task that is not run, or could not be: it ends with this. Thrown by steps, caught by `steps.ts` only. */
export class TaskRefusal extends Error {
  override readonly name = 'TaskRefusal'
  readonly end: TaskEnd

  constructor(end: TaskEnd, options?: ErrorOptions) {
    super(end.kind, options)
    this.end = end
  }
}

/** Longest value of a refused parameter; a server's own words come back to it. */
const LONGEST_VALUE = 500

/** A parameter that this host cannot accept (agent-protocol.md §6.7). */
export const invalid = (param: string, value: string): TaskRefusal =>
  new TaskRefusal({ kind: 'invalid', param, value: value.slice(0, LONGEST_VALUE) })

/** Codes of `task/error` that are the agent's own; a positive one is the system's errno (agent-protocol.md §6.7). */
export const ERROR_CODE = {
  scriptFolderUnavailable: '-1',
  scriptNotSaved: '-4',
  processNotStarted: '-7',
  noSpaceLeft: '-8',
  powershellNotFound: '-10',
  other: '-13',
} as const

/** A task that nothing was run of. @param detail `Category: details`, cut to 255 bytes on the wire */
export const failed = (errCode: string, detail: string, cause?: unknown): TaskRefusal =>
  new TaskRefusal(
    { kind: 'error', startedAt: 0, endedAt: 0, exitCode: 0, dropped: 0, errCode, errDesc: detail },
    { cause },
  )

/**
 * A task that an error of the system stopped: its errno and phrase, as in
 * `13`, `ExecuteScriptFailed.PermissionDenied: …`; without an errno the agent's own code.
 */
export const failedBy = (error: unknown, category: string, ownCode: string): TaskRefusal => {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return failed(ERROR_CODE.noSpaceLeft, `${category}: ${message}`, error)
  const errno = (constants.errno as Readonly<Record<string, number | undefined>>)[code]
  if (errno === undefined) return failed(ownCode, `${category}: ${message}`, error)
  // Loaded when a task fails so: an idle agent does without it.
  const { getSystemErrorMap } = createRequire(import.meta.url)('node:util') as typeof Util
  const phrase = getSystemErrorMap().get(-errno)?.[1] ?? code
  return failed(String(errno), `${category}.${pascalCase(phrase)}: ${message}`, error)
}

const pascalCase = (phrase: string): string =>
  phrase
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
