// The emulator: a whole server in a temporary directory, with a real agent on it. What `openassist dev` and a Node test
// start.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningAgent } from '../agent/start-agent.js'
import { readConfig } from './config.js'
import { isLoopback } from './front/host-name.js'
import { type RunningServer, startServer } from './main.js'
import { agentAddressOf, startOwnAgent } from './own-agent.js'

/** The emulator's one key, documented so that tests can name it. It is accepted on loopback only (design D12). */
export const EMULATOR_KEY = { accessKeyId: 'openassist-dev', accessKeySecret: 'openassist-dev-secret' } as const

export interface OpenAssistOptions {
  /** Where the API listens; loopback only. Default: any free port of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Default: `cn-hangzhou`. */
  readonly regions?: readonly string[]
  /** A name for the agent's instance. Default: `openassist-dev`. */
  readonly instanceName?: string
  /** false: no agent; register your own. */
  readonly agent?: boolean
  /** Lines of the server's log go to standard error from this level on. Default: `error`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

export interface OpenAssist extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string
  /** `host:port`, as SDKs want it. */
  readonly address: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly regionId: string
  readonly accountId: string
  /** The agent's instance; `''` without an agent. */
  readonly instanceId: string
  /** `host:port` and authority for agents of your own. */
  readonly agentServer: { readonly address: string; readonly caPem: string }
  /** Stops the agent and the server, and removes what they wrote. */
  stop(): Promise<void>
}

/**
 * Starts the emulator: the real API, the real agent's door and one real agent, which runs commands as the current user
 * in this process's environment. Ready when it resolves: the agent is live.
 * @throws Error when `listen` is not a loopback address
 */
export const startOpenAssist = async (options: OpenAssistOptions = {}): Promise<OpenAssist> => {
  const listen = options.listen ?? { host: '127.0.0.1', port: 0 }
  if (listen.host !== 'localhost' && !isLoopback(listen.host))
    throw new Error(`The emulator has a documented key, so it listens on loopback only, not on ${listen.host}.`)
  const directory = await mkdtemp(join(tmpdir(), 'openassist-dev-'))
  let server: RunningServer | undefined
  let agent: RunningAgent | undefined
  const stop = async (): Promise<void> => {
    const [stoppingAgent, stoppingServer] = [agent, server]
    agent = undefined
    server = undefined
    await stoppingAgent?.stop()
    await stoppingServer?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    server = await startServer(
      readConfig({
        cwd: directory,
        env: {
          OPENASSIST_ACCESS_KEY_ID: EMULATOR_KEY.accessKeyId,
          OPENASSIST_ACCESS_KEY_SECRET: EMULATOR_KEY.accessKeySecret,
        },
        flags: {
          data: join(directory, 'data'),
          listen: `${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`,
          'listen-tls': '127.0.0.1:0',
          region: [...(options.regions ?? ['cn-hangzhou'])],
          'log-level': options.logLevel ?? 'error',
        },
      }),
    )
    const { endpoint = '', caPem = '', regionId, accountId } = server
    const agentServer = { address: agentAddressOf(server), caPem }
    if (options.agent !== false)
      agent = await startOwnAgent(server, {
        stateDir: join(directory, 'agent'),
        description: 'The agent of the emulator.',
        name: options.instanceName ?? 'openassist-dev',
      })
    return {
      endpoint,
      address: new URL(endpoint).host,
      ...EMULATOR_KEY,
      regionId,
      accountId,
      instanceId: agent?.instanceId ?? '',
      agentServer,
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}
