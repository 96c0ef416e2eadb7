import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { EXIT } from '../command-line/exit-codes.js'
import { CommandFailure } from '../command-line/failures.js'
import { packageRoot } from '../command-line/package-root.js'
import type { Terminal } from '../command-line/terminal.js'
import type { Permit } from './permits.js'

/** Hosts that one activation takes (api.md §10). */
const HOSTS_PER_ACTIVATION = 1_000

/**
 * Activations for so many hosts, of the server whose data are in a folder. They are made by `openassist enroll` in a
 * process of its own: it knows how to call a server, and this room does not.
 */
export const enrolledPermits = async (hosts: number, data: string, terminal: Terminal): Promise<Permit[]> => {
  const permits: Permit[] = []
  for (let left = hosts; left > 0; left -= HOSTS_PER_ACTIVATION) {
    const count = Math.min(left, HOSTS_PER_ACTIVATION)
    const answer = await enroll(['--data', data, '--count', String(count)], terminal)
    permits.push({ ...activationIn(answer), count })
  }
  return permits
}

const enroll = async (args: readonly string[], { env, cwd, stderr }: Terminal): Promise<string> => {
  const program = join(packageRoot(import.meta.url), 'bin', 'openassist')
  const child = spawn(process.execPath, [program, 'enroll', '--output', 'json', ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? EXIT.failure))
  })
  const [answer, words, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended])
  if (code === EXIT.ok) return answer
  stderr.write(words)
  throw new CommandFailure('there is no activation to register hosts with.', { exitCode: code })
}

const activationIn = (answer: string): Omit<Permit, 'count'> => {
  const document: unknown = JSON.parse(answer)
  if (typeof document === 'object' && document !== null) {
    const { activationId, activationCode } = document as Readonly<Record<string, unknown>>
    if (typeof activationId === 'string' && typeof activationCode === 'string') return { activationId, activationCode }
  }
  throw new TypeError('openassist enroll named no activation')
}
