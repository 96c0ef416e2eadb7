import type { RunAsUser } from '../run-as-user.js'
import type { WireId } from '../wire-id.js'
import type { TaskEntry } from './task-list.js'

// Builds the entries of a `task/list` answer from values that cannot be wrong on this wire.

/** Floor of `interval` and `logQuota` on the host; less is raised there. */
export const LEAST_REPORT_INTERVAL_MS = 1_000
export const LEAST_OUTPUT_QUOTA = 12_000

/** When an agent runs a task by itself, in its own words (agent-protocol.md §6.5). */
export interface Repeat {
  readonly kind: TaskEntry['repeat']
  /** Empty for what has no schedule: with one, a script that runs once would not stream. */
  readonly cron: string
}

const ONCE: Repeat = { kind: 'Once', cron: '' }

/** A script to be run. */
export interface RunTask {
  readonly taskId: WireId
  readonly commandId: string
  /** Any text; what is not safe in a file name is replaced. */
  readonly commandName: string
  readonly type: 'RunShellScript' | 'RunPowerShellScript' | 'RunBatScript'
  readonly content: Uint8Array
  readonly timeoutSeconds: number
  readonly workingDirectory: string
  /** Program and arguments, with `SCRIPT_FILE` for the path; only for an agent that asked with `launcher` in `supports`. */
  readonly launcher?: readonly string[] | undefined
  /** What the name of the script ends with; '' for the agent's choice. */
  readonly scriptExtension?: string | undefined
  /** Only for an agent that asked with `termination-mode` in `supports`. */
  readonly terminationMode?: 'Process' | 'ProcessTree' | undefined
  /** What is in the script and is not to be told or kept; only for an agent that asked with `secrets` in `supports`. */
  readonly secrets?: readonly string[] | undefined
  /** Where it runs instead of on the host; '' for what was not asked for. */
  readonly containerId?: string | undefined
  readonly containerName?: string | undefined
  /** `undefined` for the agent's own user. */
  readonly username: RunAsUser | undefined
  /** Windows: name of a secret of the host; '' for none. */
  readonly windowsPasswordName?: string | undefined
  readonly enableParameter: boolean
  readonly builtInParameters: ReadonlyMap<string, string>
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Of the invocation; names its file on the host, and another one takes the place of a schedule there. */
  readonly version: number
  /** Bytes of output that the agent keeps. */
  readonly outputQuota: number
  /** Once when absent. */
  readonly repeat?: Repeat | undefined
}

export const runEntry = (task: RunTask): TaskEntry => ({
  task: {
    type: task.type,
    taskID: task.taskId,
    commandId: task.commandId,
    commandName: fileNamePrefix(task.commandName),
    enableParameter: task.enableParameter,
    timeOut: String(whole(task.timeoutSeconds)),
    invokeVersion: whole(task.version),
    commandContent: Buffer.from(task.content).toString('base64'),
    workingDirectory: task.workingDirectory,
    args: '',
    cron: (task.repeat ?? ONCE).cron,
    username: task.username ?? '',
    windowsPasswordName: task.windowsPasswordName ?? '',
    creationTime: whole(task.createdAt),
    ...(task.launcher === undefined ? {} : { launcher: task.launcher, scriptExtension: task.scriptExtension ?? '' }),
    ...(task.terminationMode === undefined ? {} : { terminationMode: task.terminationMode }),
    ...(task.secrets === undefined ? {} : { secrets: task.secrets }),
    ...(task.containerId ? { containerId: task.containerId } : {}),
    ...(task.containerName ? { containerName: task.containerName } : {}),
    ...(task.builtInParameters.size > 0 ? { builtInParameter: task.builtInParameters } : {}),
  },
  output: {
    interval: LEAST_REPORT_INTERVAL_MS,
    logQuota: whole(task.outputQuota),
    skipEmpty: true,
    sendStart: true,
  },
  repeat: (task.repeat ?? ONCE).kind,
})

/** A task to be stopped. Upstream: the repeat kind must be the task's own (agent-protocol.md §6.5). */
export const stopEntry = (taskId: WireId, version = 1, repeat: Repeat = ONCE): TaskEntry => ({
  task: {
    type: 'RunShellScript',
    taskID: taskId,
    commandId: '',
    commandName: '',
    enableParameter: false,
    timeOut: '0',
    invokeVersion: whole(version),
    commandContent: '',
    workingDirectory: '',
    args: '',
    cron: repeat.cron,
    username: '',
    windowsPasswordName: '',
    creationTime: 0,
  },
  output: { interval: LEAST_REPORT_INTERVAL_MS, logQuota: LEAST_OUTPUT_QUOTA, skipEmpty: true, sendStart: false },
  repeat: repeat.kind,
})

// The name becomes part of a path below the agent's directory (agent-protocol.md §6.3, trap 4).
const fileNamePrefix = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '')
    .slice(0, 64)

const whole = (value: number): number => Math.min(Math.max(Math.trunc(value) || 0, 0), Number.MAX_SAFE_INTEGER)
