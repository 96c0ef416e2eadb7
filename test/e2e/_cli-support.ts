import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// The real program in processes of its own, each test in a folder of its own.

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const BIN = join(ROOT, 'bin', 'openassist')

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly ended: Promise<Ended>
  /** Resolves when this is on stdout or stderr; rejects when the process ends before. */
  said(what: RegExp): Promise<RegExpExecArray>
}

export interface SpawnDetails {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** stdin stays open after the input. */
  readonly moreInput?: true
  readonly uid?: number
}

const LIMIT_MS = 30_000

/** Waits for something to be there, within a limit that only a hang reaches. */
export const eventually = async <T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  const limit = performance.now() + LIMIT_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > limit) throw new Error(`${what}: not within ${LIMIT_MS / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export class Workplace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'openassist-cli-'))
  readonly #children = new Set<ChildProcess>()
  /** What every process gets: nothing of the developer's own servers and keys. */
  readonly #env = { PATH: `${join(ROOT, 'bin')}${delimiter}${process.env['PATH']}`, HOME: this.folder, NO_COLOR: '1' }

  start(command: string, args: readonly string[], { env = {}, input, moreInput, uid }: SpawnDetails = {}): Started {
    if (uid !== undefined) chmodSync(this.folder, 0o777)
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    this.#children.add(child)
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.stdin.on('error', () => undefined).write(input ?? '')
    if (moreInput !== true) child.stdin.end()
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        this.#children.delete(child)
        resolve({ code: code ?? -1, out, err })
      })
    })
    const said = (what: RegExp): Promise<RegExpExecArray> =>
      eventually(`${what} of ${args.join(' ')}`, () => {
        const found = what.exec(out) ?? what.exec(err)
        if (found !== null) return found
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${out}${err}`)
        return undefined
      })
    return { child, out: () => out, err: () => err, ended, said }
  }

  openassist(args: readonly string[], details?: SpawnDetails): Started {
    return this.start(process.execPath, [BIN, ...args], details)
  }

  /** Runs to the end. */
  async run(args: readonly string[], details?: SpawnDetails): Promise<Ended> {
    return await this.openassist(args, details).ended
  }

  /** Starts a server with its data in ./data, on free ports. */
  async serve(...args: readonly string[]): Promise<Started> {
    return await this.serveWith({}, ...args)
  }

  /** The same with settings of its own. */
  async serveWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Started> {
    const listen = ['--listen', '127.0.0.1:0', '--listen-tls', '127.0.0.1:0', '--public-host', 'localhost']
    const level = args.includes('--log-level') ? [] : ['--log-level', 'error']
    const server = this.openassist(['serve', ...level, ...listen, ...args], { env })
    await eventually('server.json', () => {
      if (server.child.exitCode !== null) throw new Error(`${server.out()}${server.err()}`)
      return existsSync(join(this.folder, 'data', 'server.json')) ? true : undefined
    })
    return server
  }

  /** An agent as `enroll` tells to start one: its lines, in a shell. @returns it, and its instance */
  async enrol(
    name: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly agent: Started; readonly instanceId: string }> {
    const { code, out, err } = await this.run(['enroll', '--agent', 'openassist'])
    if (code !== 0) throw new Error(err)
    const state = join(this.folder, name)
    const own = { OPENASSIST_AGENT_STATE: state }
    const path =
      environment['PATH'] === undefined ? {} : { PATH: `${join(ROOT, 'bin')}${delimiter}${environment['PATH']}` }
    const env = { ...own, ...environment, ...path }
    // The shell becomes the agent, so that who ends the one ends the other.
    const lines = out.replace(/^openassist agent run$/m, 'exec $&')
    const agent = this.start('bash', ['-s'], { env, input: lines })
    const instanceId = await eventually(`${name} connected`, () => {
      if (agent.child.exitCode !== null) throw new Error(`the block ended: ${agent.out()}${agent.err()}`)
      const file = join(state, 'status.json')
      if (!existsSync(file)) return undefined
      const status = JSON.parse(readFileSync(file, 'utf8')) as { instanceId: string; connected: boolean }
      return status.connected ? status.instanceId : undefined
    })
    return { agent, instanceId }
  }

  /** Ends what still runs, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGTERM')
    await eventually('the end of every process', () => (this.#children.size === 0 ? true : undefined)).catch(() => {
      for (const child of this.#children) child.kill('SIGKILL')
    })
    rmSync(this.folder, { recursive: true, force: true })
  }
}
