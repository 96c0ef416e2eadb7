import type { ServerLink } from '../link/server-link.js'
import type { ContainerSocket, FoundContainer } from '../containers/find-container.js'
import type { Platform } from '../platform/platform.js'
import { createRedactor } from '../../redaction/redactor.js'
import { createOutputWindow } from '../process/output-window.js'
import { type RunningScript, startScript } from '../process/run-script.js'
import type { LeftPipes } from '../process/script-output.js'
import type { Cancellation } from './cancellation.js'
import type { CheckedTask } from './check.js'
import { firstLine } from './decode-script.js'
import { startProgress } from './progress.js'
import { ERROR_CODE, failedBy, TaskRefusal } from './refusal.js'
import type { TaskEnd, TaskResult } from './result.js'
import type { StagedScript } from './stage.js'

/** What the run of a script needs of the agent. */
export interface RunRoom {
  readonly platform: Platform
  readonly link: Pick<ServerLink, 'exchange'>
  readonly leftPipes: LeftPipes
  /** Where runtimes of containers listen. */
  readonly containerSockets: readonly ContainerSocket[]
  /** What scripts see of the agent's own environment. */
  readonly environment: NodeJS.ProcessEnv
}

/** Exit code of a script that was killed at its limit (agent-protocol.md §4.5). */
const TIMEOUT_EXIT_CODE = 1
const LONGEST_TIMER_MS = 0x7fffffff

/**
 * The only step that cannot be repeated. Resolves when the script has ended, by itself, at its time limit or because
 * of the cancellation. @throws TaskRefusal when it could not be started
 */
export const run = async (
  task: CheckedTask,
  staged: StagedScript,
  room: RunRoom,
  cancellation: Cancellation,
): Promise<TaskResult> => {
  const window = createOutputWindow(task.output.logQuota)
  // Both times of a report are of one clock that does not jump.
  const startedAt = Date.now()
  const begun = performance.now()
  // Before anything else sees it: reports are kept on the disk until they are acknowledged.
  const redactor = task.secrets.length === 0 ? undefined : createRedactor(task.secrets)
  const onOutput = (bytes: Uint8Array): void => window.write(redactor?.write(bytes) ?? bytes)
  const script = await start(task, staged, room, onOutput)
  const progress = startProgress(room.link, task.identity, startedAt, window, task.output)
  const ending = await end(script, task, cancellation)
  const endedAt = startedAt + Math.round(performance.now() - begun)
  await progress.end(cancellation.shutdown)
  if (redactor !== undefined) window.write(redactor.end())
  const { output, dropped } = window.final()
  return { task: task.identity, end: endOf(ending, { startedAt, endedAt, dropped }), output }
}

type Running = Pick<RunningScript, 'ended' | 'kill'>

const start = (
  task: CheckedTask,
  staged: StagedScript,
  room: RunRoom,
  onOutput: (bytes: Uint8Array) => void,
): Promise<Running> => {
  const { platform, leftPipes } = room
  const { token } = staged
  if (task.container !== undefined) return startContained(task.container, task.script, platform, token, onOutput)
  return startScript({
    platform,
    leftPipes,
    scriptPath: staged.scriptPath,
    firstLine: firstLine(task.script),
    launcher: task.launcher,
    folder: staged.folder,
    workingDirectory: task.workingDirectory,
    user: task.user,
    environment: scriptEnvironment(task, room.environment),
    token,
    onOutput,
  }).catch((error: unknown) => {
    throw failedBy(error, 'ExecuteScriptFailed', ERROR_CODE.processNotStarted)
  })
}

const startContained = async (
  container: FoundContainer,
  script: Buffer,
  platform: Platform,
  token: string,
  onOutput: (bytes: Uint8Array) => void,
): Promise<Running> => {
  // Loaded when a task is for a container: an idle agent does without it.
  const { startInContainer } = await import('../containers/run-in-container.js')
  return startInContainer({ platform, container, script, token, onOutput })
}

/** The end of a script, killed where it does not end by itself. */
const end = async (script: Running, task: CheckedTask, cancellation: Cancellation): Promise<Ending> => {
  try {
    const ending = await firstEnding(script.ended, task.timeoutSeconds, cancellation)
    // An agent that stops leaves nothing behind that nobody would report on.
    if (ending.kind !== 'ended') await script.kill(ending.kind === 'shutdown' ? 'tree' : task.ends)
    return ending
  } catch (error) {
    // Only the runtime of a container fails so.
    if (!(error instanceof TaskRefusal) || error.end.kind !== 'error') throw error
    return { kind: 'failed', errCode: error.end.errCode, errDesc: error.end.errDesc }
  }
}

type Ending =
  | { readonly kind: 'ended'; readonly exitCode: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'failed'; readonly errCode: string; readonly errDesc: string }

/** Whatever comes first; a process that ended by itself wins. */
const firstEnding = async (
  ended: Promise<number>,
  timeoutSeconds: number | undefined,
  cancellation: Cancellation,
): Promise<Ending> => {
  const clear: (() => void)[] = []
  const others = new Promise<Ending>((resolve) => {
    const on = (signal: AbortSignal, ending: Ending): void => {
      const fire = (): void => resolve(ending)
      if (signal.aborted) fire()
      signal.addEventListener('abort', fire)
      clear.push(() => signal.removeEventListener('abort', fire))
    }
    on(cancellation.shutdown, { kind: 'shutdown' })
    on(cancellation.stop, { kind: 'stopped' })
    if (timeoutSeconds !== undefined) clear.push(after(timeoutSeconds * 1000, () => resolve({ kind: 'timeout' })))
  })
  try {
    return await Promise.race([ended.then((exitCode): Ending => ({ kind: 'ended', exitCode })), others])
  } finally {
    for (const undo of clear) undo()
  }
}

/** A timer for any length; the runtime's own ends at 24 days. @returns what ends it */
const after = (ms: number, act: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const wait = (left: number): void => {
    const next = left > LONGEST_TIMER_MS ? () => wait(left - LONGEST_TIMER_MS) : act
    timer = setTimeout(next, Math.min(left, LONGEST_TIMER_MS))
  }
  wait(ms)
  return () => clearTimeout(timer)
}

const endOf = (ending: Ending, times: { startedAt: number; endedAt: number; dropped: number }): TaskEnd => {
  switch (ending.kind) {
    case 'ended':
      return { kind: 'finish', ...times, exitCode: ending.exitCode }
    case 'timeout':
      return { kind: 'timeout', ...times, exitCode: TIMEOUT_EXIT_CODE }
    case 'stopped':
      return { kind: 'stopped', ...times, exitCode: 0 }
    case 'failed':
      return { ...ending, ...times, kind: 'error', exitCode: -1 }
    case 'shutdown':
      return {
        kind: 'error',
        ...times,
        exitCode: -1,
        errCode: ERROR_CODE.other,
        errDesc: 'AgentStopped: the agent was stopped while the script ran, and killed it',
      }
  }
}

const scriptEnvironment = (task: CheckedTask, own: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...own,
  ...(task.home === '' ? {} : { HOME: task.home }),
  ...(task.user === undefined ? {} : { USER: task.user.name, LOGNAME: task.user.name }),
})
