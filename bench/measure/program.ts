// The program as an operator starts it: `bin/openassist` in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ACCESS_KEY } from '../server/start.js'

const BIN = fileURLToPath(new URL('../../../bin/openassist', import.meta.url))

/** What `serve` needs to be a server on loopback with the key of the benches. */
export const serveArguments = (
  directory: string,
  { plain, tls }: { readonly plain: number; readonly tls: number },
): string[] => {
  const listen = ['--listen', `127.0.0.1:${plain}`, '--listen-tls', `127.0.0.1:${tls}`]
  // The data of a bench stay as they are, however many and old.
  const keep = ['--retention-days', '36500', '--retention-records', '100000000']
  return ['serve', '--data', directory, '--public-host', 'localhost', ...keep, ...listen]
}

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  OPENASSIST_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
  OPENASSIST_ACCESS_KEY_SECRET: ACCESS_KEY.accessKeySecret,
}

/** A process of the program. What it says goes to a file. */
export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(args: readonly string[], logFile: string, env: Readonly<Record<string, string>> = ENVIRONMENT) {
    const log = openSync(logFile, 'a')
    this.#child = spawn(process.execPath, [BIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#ended = once(this.#child, 'exit')
    // A bench that fails leaves nothing running.
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Waits for its end. Throws unless it ended well. */
  async done(): Promise<void> {
    await this.#ended
    if (this.#child.exitCode !== 0) throw new Error(`the program ended with ${this.#child.exitCode}`)
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.isRunning) this.#child.kill(signal)
    await this.#ended
  }
}

/** Resident memory of a process in bytes. */
export const residentBytes = (pid: number): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kilobytes === undefined) throw new Error(`the memory of process ${pid} cannot be read`)
  return Number(kilobytes) * 1_024
}

/** Seconds of CPU that a process has used so far, of all threads. */
export const cpuSeconds = (pid: number): number => {
  // Behind the name, which may hold anything, the fields 14 and 15 are user and system time in hundredths (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** A port of loopback that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
