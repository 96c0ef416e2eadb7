import type { TaskEntry } from '../protocol/messages/task-list.js'

/** A task as a simulated host sees it. */
export interface SimulatedTask {
  readonly instanceId: string
  /** Number of the host in its fleet, from 0. */
  readonly host: number
  readonly taskId: string
  readonly commandName: string
  readonly timeoutMs: number
  /** The script's text. */
  readonly script: () => string
}

export interface OutcomeOptions {
  /** How long a task works. Default: 0. */
  readonly delayMs?: number | ((task: SimulatedTask) => number)
  /** What it writes. Default: a line with the instance. */
  readonly output?: string | Uint8Array | ((task: SimulatedTask) => string | Uint8Array)
  /** Default: 0. */
  readonly exitCode?: number | ((task: SimulatedTask) => number)
  /** Share of the tasks that fail, with exit code 1. Default: 0. */
  readonly failRate?: number
}

/** How a task ends. */
export interface Outcome {
  readonly delayMs: number
  readonly output: Uint8Array
  readonly exitCode: number
}

/** @param random from 0 up to 1 */
export const decideOutcome = (
  task: SimulatedTask,
  { delayMs = 0, output = ownLine, exitCode = 0, failRate = 0 }: OutcomeOptions,
  random: () => number = Math.random,
): Outcome => {
  const written = typeof output === 'function' ? output(task) : output
  return {
    delayMs: typeof delayMs === 'function' ? delayMs(task) : delayMs,
    output: typeof written === 'string' ? Buffer.from(written) : written,
    exitCode: failRate > 0 && random() < failRate ? 1 : typeof exitCode === 'function' ? exitCode(task) : exitCode,
  }
}

const ownLine = ({ instanceId }: SimulatedTask): string => `simulated on ${instanceId}\n`

export const taskOf = ({ task }: TaskEntry, instanceId: string, host: number): SimulatedTask => ({
  instanceId,
  host,
  taskId: task.taskID,
  commandName: task.commandName,
  timeoutMs: Number(task.timeOut) * 1_000,
  script: () => Buffer.from(task.commandContent, 'base64').toString(),
})
