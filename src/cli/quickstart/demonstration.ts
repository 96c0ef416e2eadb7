import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandFailure } from '../../command-line/failures.js'
import { listAt, textAt } from '../answer.js'
import { type Api, openApi } from '../call-operation.js'
import { type HostState, hostPages } from '../fleet.js'
import { readFirstAccessKey, readServerFile, type ServerFile } from '../server-files.js'
import { type Child, runToEnd, startChild } from './child.js'
import { addressText, type ListenAddress } from './ports.js'

// The parts of the demonstration, each a real process of its own: a server, and an agent that this machine is enrolled
// with. Everything they keep is in one folder.

export interface Demonstration {
  /** Absolute path of the data folder. */
  readonly folder: string
  /** What the children get: this process's environment without what would point them at another server. */
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

const PATIENCE_MS = 60_000
const PAUSE_MS = 100

/** The environment without anything that names another server, key or folder. */
export const cleanEnvironment = (env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(OPENASSIST|ALIBABA_CLOUD)_/.test(name)))

/** @throws CommandFailure when a server runs with these data already */
export const refuseSecondServer = async (folder: string, shown: string): Promise<void> => {
  const running = readServerFile(folder)
  if (running === undefined || !isAlive(running.pid) || !(await answers(running.endpoint))) return
  throw new CommandFailure(`a server runs with the data in ${shown} already: process ${running.pid}.`, {
    advice: ['Use that one, stop it, or choose another folder with --data.'],
  })
}

const isAlive = (pid: number | undefined): boolean => {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const answers = (endpoint: string): Promise<boolean> =>
  fetch(new URL('/healthz', endpoint), { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  )

/** Starts the server and waits until it listens. */
export const startServer = async (
  { folder, env, signal }: Demonstration,
  listen: { readonly plain: ListenAddress; readonly tls: ListenAddress },
): Promise<{ readonly child: Child; readonly file: ServerFile }> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const addresses = ['--listen', addressText(listen.plain), '--listen-tls', addressText(listen.tls)]
  const args = ['serve', '--data', folder, ...addresses, '--log-level', 'warn']
  const child = startChild('server', args, join(folder, 'server.log'), env)
  try {
    const file = await until(child, signal, async () => {
      const written = readServerFile(folder)
      return written?.pid === child.pid ? written : undefined
    })
    return { child, file }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** A client of the server with its first AccessKey. */
export const openFirstApi = ({ folder }: Demonstration, shown: string, server: ServerFile): Api => {
  const key = readFirstAccessKey(folder)
  if (key === undefined) throw new CommandFailure(`there is no ${shown}/first-access-key to call the server with.`)
  return openApi({
    endpoint: new URL(server.endpoint),
    endpointSource: `${shown}/server.json`,
    key,
    keySource: `${shown}/first-access-key`,
    regionId: server.regionId ?? 'cn-hangzhou',
    ca: undefined,
    timeoutMs: 30_000,
    server,
    data: shown,
  })
}

/** Where the agent keeps its identity, so that no right to write elsewhere is needed. */
const agentState = (folder: string): string => join(folder, 'agent')

/** Registers this machine unless the server knows it. @returns its id, and whether it was known */
export const enrol = async (
  { folder, env, signal }: Demonstration,
  api: Api,
  server: ServerFile,
): Promise<{ readonly instanceId: string; readonly wasKnown: boolean }> => {
  const known = knownInstance(folder)
  if (known !== undefined && (await isRegistered(api, known, signal))) return { instanceId: known, wasKnown: true }
  const activation = await api.call('CreateActivation', [
    ['InstanceCount', '1'],
    ['TimeToLiveInHours', '1'],
    ['Description', 'quickstart'],
  ])
  const args = ['agent', 'register', '--force', '--server', agentServer(server), '--state-dir', agentState(folder)]
  const code = textAt(activation, 'ActivationCode')
  const {
    code: status,
    stdout,
    stderr,
  } = await runToEnd(
    [...args, '--activation-id', textAt(activation, 'ActivationId'), ...caOption(server)],
    { ...env, OPENASSIST_ACTIVATION_CODE: code },
    signal,
  )
  if (status !== 0)
    throw new CommandFailure('this machine could not be registered:', { advice: stderr.trim().split('\n') })
  return { instanceId: stdout.trim(), wasKnown: false }
}

const knownInstance = (folder: string): string | undefined => {
  const file = join(agentState(folder), 'identity.json')
  if (!existsSync(file)) return undefined
  try {
    const { instanceId } = JSON.parse(readFileSync(file, 'utf8')) as { readonly instanceId?: unknown }
    return typeof instanceId === 'string' ? instanceId : undefined
  } catch {
    // Damaged: the machine is registered anew in its place.
    rmSync(file)
    return undefined
  }
}

const isRegistered = async (api: Api, instanceId: string, signal: AbortSignal): Promise<boolean> => {
  const answer = await api.call('DescribeManagedInstances', [['InstanceId.1', instanceId]], signal)
  return listAt(answer, 'Instances').length > 0
}

/** Loopback, whatever name the server tells to others: the certificate is for it too. */
const agentServer = (server: ServerFile): string => `127.0.0.1:${new URL(server.tlsEndpoint ?? '').port || '443'}`

const caOption = (server: ServerFile): readonly string[] =>
  server.caFile === undefined ? [] : ['--ca-file', server.caFile]

/** Starts the agent and waits until the server sees it live. */
export const startAgent = async (
  { folder, env, signal }: Demonstration,
  api: Api,
  server: ServerFile,
  instanceId: string,
): Promise<Child> => {
  const args = ['agent', 'run', '--state-dir', agentState(folder), '--server', agentServer(server), ...caOption(server)]
  const child = startChild('agent', args, join(folder, 'agent.log'), env)
  try {
    await until(child, signal, async () => ((await stateOf(api, instanceId, signal)) === 'live' ? true : undefined))
    return child
  } catch (error) {
    await child.stop()
    throw error
  }
}

const stateOf = async (api: Api, instanceId: string, signal: AbortSignal): Promise<HostState | undefined> => {
  for await (const [host] of hostPages(api, { instanceIds: [instanceId], osType: undefined }, signal))
    return host?.state
  return undefined
}

/** Asks again until there is an answer; a child that has ended, or a minute without one, is a failure. */
const until = async <T>(child: Child, signal: AbortSignal, ask: () => Promise<T | undefined>): Promise<T> => {
  const begin = Date.now()
  for (;;) {
    signal.throwIfAborted()
    if (child.hasEnded) {
      const how = await child.ended
      throw new CommandFailure(`the ${child.name} ended with ${how}:`, { advice: child.tail().split('\n') })
    }
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() - begin > PATIENCE_MS) {
      throw new CommandFailure(`the ${child.name} is not ready after a minute:`, { advice: child.tail().split('\n') })
    }
    await delay(PAUSE_MS, undefined, { signal })
  }
}
