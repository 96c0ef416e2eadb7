import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import RPCClient from '@alicloud/pop-core'

// The vendor's agent and a server as processes of their own, on loopback.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Waits for something to be there, within a limit. */
export const eventually = async <T>(
  what: string,
  limitMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> => {
  const limit = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > limit) throw new Error(`${what}: not within ${limitMs / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** `openassist serve` on ports that stay the same over a restart. */
export class ServerProcess {
  readonly #dir: string
  readonly #port: number
  readonly #tlsPort: number
  #child: ChildProcess | undefined
  #said = ''

  private constructor(dir: string, port: number, tlsPort: number) {
    this.#dir = dir
    this.#port = port
    this.#tlsPort = tlsPort
  }

  static async start(dir: string): Promise<ServerProcess> {
    mkdirSync(dir, { recursive: true })
    const server = new ServerProcess(dir, await freePort(), await freePort())
    await server.start()
    return server
  }

  /** What agents dial. */
  get agentHost(): string {
    return `localhost:${this.#tlsPort}`
  }

  get caFile(): string {
    return join(this.#dir, 'ca.pem')
  }

  async start(): Promise<void> {
    rmSync(join(this.#dir, 'server.json'), { force: true })
    const options = ['--data', this.#dir, '--public-host', 'localhost']
    const listen = ['--listen', `127.0.0.1:${this.#port}`, '--listen-tls', `127.0.0.1:${this.#tlsPort}`]
    const child = spawn(process.execPath, [join(ROOT, 'bin/openassist'), 'serve', ...options, ...listen], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: this.#dir },
    })
    this.#child = child
    const listenTo = (chunk: Buffer): void => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-20_000)
    }
    child.stdout?.on('data', listenTo)
    child.stderr?.on('data', listenTo)
    await eventually('the server listens', 60_000, () => {
      if (child.exitCode !== null) throw new Error(`the server ended:\n${this.#said}`)
      return existsSync(join(this.#dir, 'server.json')) ? true : undefined
    })
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    child.kill(signal)
    await ended(child)
    this.#child = undefined
  }

  async call<T>(action: string, parameters: Record<string, unknown>): Promise<T> {
    const key = JSON.parse(readFileSync(join(this.#dir, 'first-access-key'), 'utf8')) as Record<string, string>
    const client = new RPCClient({
      accessKeyId: key['accessKeyId'] ?? '',
      accessKeySecret: key['accessKeySecret'] ?? '',
      endpoint: `http://127.0.0.1:${this.#port}`,
      apiVersion: '2014-05-26',
    })
    return client.request<T>(action, { RegionId: 'cn-hangzhou', ...parameters }, { method: 'POST', timeout: 20_000 })
  }
}

/** The unmodified agent in a directory and a temporary directory of its own. */
export class VendorAgent {
  readonly #base: string
  readonly #executable: string
  readonly #env: Record<string, string>
  readonly version: string
  #child: ChildProcess | undefined

  /** @param original the executable; its directory is named after its version, as it is when installed */
  constructor(original: string, dir: string, server: ServerProcess, env: Record<string, string> = {}) {
    this.version = basename(dirname(original))
    this.#base = join(dir, 'assist')
    const home = join(this.#base, this.version)
    mkdirSync(home, { recursive: true })
    mkdirSync(join(dir, 'tmp'))
    this.#executable = join(home, 'aliyun-service')
    copyFileSync(original, this.#executable)
    chmodSync(this.#executable, 0o755)
    // Without an updater the agent never asks for updates; this one does nothing.
    writeFileSync(join(home, 'aliyun_assist_update'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    this.#env = {
      // Registration looks for an installed service to restart: none of this machine's may be found.
      PATH: '/usr/bin:/bin',
      HOME: dir,
      TMPDIR: join(dir, 'tmp'),
      SSL_CERT_FILE: server.caFile,
      ALIYUN_ASSIST_SERVER_HOST: server.agentHost,
      ...env,
    }
  }

  async register(activation: { ActivationId: string; ActivationCode: string }, name: string): Promise<string> {
    const child = spawn(
      this.#executable,
      ['--register', '--RegionId', 'cn-hangzhou', '--InstanceName', name].concat([
        '--ActivationId',
        activation.ActivationId,
        '--ActivationCode',
        activation.ActivationCode,
      ]),
      { env: this.#env, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await ended(child)
    const id = /instance id: (\S+)/.exec(said)?.[1]
    if (id === undefined) throw new Error(`the agent did not register: ${said}`)
    return id
  }

  start(): void {
    this.#child = spawn(this.#executable, [], { env: this.#env, stdio: 'ignore' })
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    child.kill('SIGKILL')
    await ended(child)
    this.#child = undefined
  }

  /** Lines of level error in the agent's own log that name one of our endpoints. */
  errorLines(): string[] {
    const log = join(this.#base, this.version, 'log', 'aliyun_assist_main.log')
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('level=error') && line.includes('/luban/'))
  }
}
