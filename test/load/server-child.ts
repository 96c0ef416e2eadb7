// The parent's side of server-process.ts.
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Question, Ready, Told } from './server-process.js'

export const ACCESS_KEY = { accessKeyId: 'openassist-load', accessKeySecret: 'openassist-load-secret' } as const

const PROGRAM = fileURLToPath(new URL('../../dist/test/load/server-process.js', import.meta.url))

/** What only a hang can reach on a busy machine. */
const START_MS = 60_000

export interface ChildOptions {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
  readonly ports?: { readonly plain: number; readonly tls: number }
  /** Where what it logs is appended. */
  readonly logFile?: string
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (cause: Error) => void }

/** A running server process. */
export class ServerChild implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly ready: Ready
  #questions = 0

  private constructor(child: ChildProcess, ready: Ready, ended: ServerChild['ended']) {
    this.#child = child
    this.ready = ready
    this.ended = ended
    child.on('message', (told: Told) => {
      if (!('id' in told)) return
      const waiting = this.#waiting.get(told.id)
      this.#waiting.delete(told.id)
      if ('failure' in told) waiting?.reject(new Error(told.failure))
      else waiting?.resolve(told.value)
    })
    void ended.then(({ code, signal }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the server ended with ${signal ?? code}`))
      this.#waiting.clear()
    })
  }

  /** @throws Error with the end of its log when it does not come up */
  static async start({ dataDir, env = {}, ports = { plain: 0, tls: 0 }, logFile }: ChildOptions): Promise<ServerChild> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there; run: npm run build`)
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const log = openSync(logFile ?? join(dataDir, 'test.log'), 'a')
    const child = fork(PROGRAM, [], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', log, 'ipc'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: dataDir,
        OPENASSIST_DATA: dataDir,
        OPENASSIST_LISTEN: `127.0.0.1:${ports.plain}`,
        OPENASSIST_LISTEN_TLS: `127.0.0.1:${ports.tls}`,
        OPENASSIST_PUBLIC_HOST: 'localhost',
        OPENASSIST_LOG_LEVEL: 'warn',
        OPENASSIST_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
        OPENASSIST_ACCESS_KEY_SECRET: ACCESS_KEY.accessKeySecret,
        ...env,
      },
    })
    closeSync(log)
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    )
    const said = (): string => readFileSync(logFile ?? join(dataDir, 'test.log'), 'utf8').slice(-3_000)
    const ready = await new Promise<Ready>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`the server does not listen after ${START_MS} ms:\n${said()}`))
      }, START_MS)
      child.once('message', (told: Told) => {
        clearTimeout(timer)
        if ('ready' in told) resolve(told.ready)
      })
      void ended.then(({ code, signal }) => {
        clearTimeout(timer)
        reject(new Error(`the server ended with ${signal ?? code}:\n${said()}`))
      })
    })
    return new ServerChild(child, ready, ended)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  ask<T>(question: Question): Promise<T> {
    const id = (this.#questions += 1)
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#child.send({ id, question }, (cause) => {
        if (cause !== null) reject(cause)
      })
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  async stop(): Promise<void> {
    if (!this.running) return
    await this.ask('stop')
    await this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.kill()
  }
}

/** A port that nobody has now; a server that is restarted keeps its port. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
