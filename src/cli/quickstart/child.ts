import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { BIN } from '../../command-line/called-as.js'
import { escapeControlKeepingLines } from '../../command-line/escape-control.js'

/** A part of the demonstration that keeps running, as a process of its own. */
export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>
  readonly hasEnded: boolean
  /** What it wrote last, for a person. */
  tail(): string
  /** Asks it to end, and ends it after ten seconds. */
  stop(): Promise<void>
}

const PATIENCE_MS = 10_000
const TAIL_LINES = 20

/**
 * Starts `openassist` with these arguments; what it writes goes into a file. It has a process group of its own: Ctrl-C
 * reaches the demonstration alone, which then stops its children in order.
 */
export const startChild = (name: string, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv): Child => {
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(process.execPath, [BIN, ...args], { detached: true, env, stdio: ['ignore', log, log] })
  closeSync(log)
  let hasEnded = false
  const ended = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      hasEnded = true
      resolve(how)
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(signal === null ? `status ${code}` : `signal ${signal}`))
  })
  return {
    name,
    pid: child.pid ?? 0,
    ended,
    get hasEnded() {
      return hasEnded
    },
    tail: () => tailOf(logFile),
    stop: () => stop(child, ended),
  }
}

const stop = async (child: ChildProcess, ended: Promise<string>): Promise<void> => {
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await ended
  clearTimeout(killer)
}

const tailOf = (file: string): string => {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return escapeControlKeepingLines(lines.slice(-TAIL_LINES).join('\n'))
}

/** Runs `openassist` with these arguments to its end. */
export const runToEnd = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  const child = spawn(process.execPath, [BIN, ...args], { env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve(status ?? 1))
    }),
  ])
  return { code, stdout, stderr }
}
