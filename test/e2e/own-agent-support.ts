import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServerProcess } from './vendor-agent-support.js'

// Our agent as a process of its own, on loopback.

const OPENASSIST = fileURLToPath(new URL('../../bin/openassist', import.meta.url))

export const dockerOf = (dir: string): string => join(dir, 'docker.sock')

export interface Permit {
  readonly ActivationId: string
  readonly ActivationCode: string
}

export interface Agent {
  register(permit: Permit): Promise<string>
  start(): void
  kill(): Promise<void>
}

/** Our agent, with the socket of a container runtime in its folder. */
export class OwnAgent implements Agent {
  readonly #server: ServerProcess
  readonly #state: string
  readonly #docker: string
  #child: ChildProcess | undefined

  constructor(dir: string, server: ServerProcess) {
    this.#server = server
    this.#state = join(dir, 'state')
    this.#docker = dockerOf(dir)
  }

  async register({ ActivationId, ActivationCode }: Permit): Promise<string> {
    const options = ['--server', this.#server.agentHost, '--ca-file', this.#server.caFile, '--state-dir', this.#state]
    const child = this.#spawn(['agent', 'register', ...options, '--activation-id', ActivationId], {
      OPENASSIST_ACTIVATION_CODE: ActivationCode,
    })
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await new Promise((resolve) => child.once('close', resolve))
    const id = /mi-[0-9A-Za-z-]+/.exec(said)?.[0]
    if (id === undefined) throw new Error(`the agent did not register: ${said}`)
    return id
  }

  start(): void {
    this.#child = this.#spawn(['agent', 'run', '--state-dir', this.#state])
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }

  #spawn(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [OPENASSIST, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin', HOME: this.#state, DOCKER_HOST: `unix://${this.#docker}`, ...env },
    })
  }
}
