import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../agent/log.js'
import type { RunningAgent } from '../agent/start-agent.js'
import { readConfig } from './config.js'
import type { Clock } from './domain/clock.js'
import { type RunningServer, startServer } from './main.js'
import { startOwnAgent } from './own-agent.js'

export const KEY = { accessKeyId: 'test-key', accessKeySecret: 'test-secret' }

/** Waits for something to be there, within a limit that only a hang reaches. */
export const eventually = async <T>(what: string, look: () => T | undefined): Promise<T> => {
  const limit = performance.now() + 45_000
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (performance.now() > limit) throw new Error(`${what}: not within 45 s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A folder of one test, in which servers and agents run in this process. */
export class TestPlace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'openassist-test-'))
  readonly dataDir = join(this.folder, 'data')
  readonly #running: { stop(): Promise<void> }[] = []

  /** The whole server, as `openassist serve` starts it. */
  async serve(flags: Readonly<Record<string, unknown>> = {}, clock?: Clock): Promise<RunningServer> {
    const config = readConfig({
      cwd: this.folder,
      env: { OPENASSIST_ACCESS_KEY_ID: KEY.accessKeyId, OPENASSIST_ACCESS_KEY_SECRET: KEY.accessKeySecret },
      flags: {
        data: this.dataDir,
        listen: '127.0.0.1:0',
        'listen-tls': '127.0.0.1:0',
        'log-level': 'silent',
        ...flags,
      },
    })
    const server = await startServer(config, clock)
    this.#running.push(server)
    return server
  }

  /** A real agent, registered and connected. @returns it, and what it logs */
  async agent(
    server: RunningServer,
  ): Promise<{ readonly agent: RunningAgent; readonly log: string[]; stateDir: string }> {
    const stateDir = join(this.folder, `agent-${this.#running.length}`)
    const log: string[] = []
    const agent = await startOwnAgent(server, { stateDir, log: createLog('debug', (line) => log.push(line)) })
    this.#running.push(agent)
    return { agent, log, stateDir }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#running.splice(0).reverse()) await one.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
