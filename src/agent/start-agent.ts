import { formatUserAgent } from '../protocol/user-agent.js'
import { AGENT_VERSION } from './agent-version.js'
import { type ContainerSocket, containerSockets } from './containers/find-container.js'
import { openFileDesk } from './files/file-desk.js'
import { createGate } from './link/bell.js'
import { createFetch, type TaskListAnswer } from './link/fetch.js'
import { startHeartbeat } from './link/heartbeat.js'
import { startNotify } from './link/notify.js'
import { openOutbox } from './link/outbox.js'
import { parseServerAddress } from './link/server-address.js'
import { openServerLink } from './link/server-link.js'
import { type AgentLog, silentLog } from './log.js'
import type { Platform } from './platform/platform.js'
import { thisPlatform } from './platform/this-platform.js'
import { createLeftPipes } from './process/script-output.js'
import { recover } from './recover.js'
import { noteColdStart } from './state/boot-mark.js'
import { type Identity, readIdentity } from './state/identity.js'
import { openKeptResults } from './state/kept-results.js'
import { takeLock } from './state/lock.js'
import { openSeenTasks } from './state/seen-tasks.js'
import { clearDrafts, openStateDirectory, type StateDirectory } from './state/state-directory.js'
import { type AgentStatus, openStatusFile } from './state/status-file.js'
import { createSlots } from './tasks/slots.js'
import { openTaskDesk } from './tasks/task-desk.js'

export interface AgentOptions {
  readonly stateDir: string
  /** `host:port`; default: the server that the host registered with. */
  readonly server?: string
  /** PEM certificates that the server's chain must end in; default: those of the registration. */
  readonly ca?: string
  readonly log?: AgentLog
  readonly platform?: Platform
  /** What scripts inherit; default: this process's environment without what configures OpenAssist itself. */
  readonly environment?: NodeJS.ProcessEnv
  /** Where runtimes of containers listen; default: where they do on Linux, and what DOCKER_HOST says. */
  readonly containerSockets?: readonly ContainerSocket[]
}

export interface RunningAgent {
  readonly instanceId: string
  /** Resolves when the server answered a heartbeat and the first fetch, and the notify socket is open. */
  readonly ready: Promise<void>
  /** The notify socket is open. */
  readonly connected: boolean
  /**
   * Takes no more work, kills what runs, reports that (what the server does not take now is kept for the next start),
   * and closes everything. Within five seconds. May be called twice.
   */
  stop(): Promise<void>
}

/** This state directory holds no registration. */
export class NotRegistered extends Error {
  override readonly name = 'NotRegistered'

  constructor(stateDir: string) {
    super(`This host is not registered (${stateDir} holds no identity).`)
  }
}

const TASKS_AT_ONCE = 10
const TASKS_WAITING = 200
/** Time for last reports when the agent stops. */
const FAREWELL_MS = 1_500

/**
 * Starts the agent of one registered host inside this process. Nothing here is global: many may run side by side, each
 * with a state directory of its own. @throws NotRegistered, StateInUse
 */
export const startAgent = async (options: AgentOptions): Promise<RunningAgent> => {
  const platform = options.platform ?? thisPlatform()
  const directory = await openStateDirectory(options.stateDir)
  const lock = await takeLock(directory.path, platform)
  try {
    const identity = await readIdentity(directory)
    if (identity === undefined) throw new NotRegistered(options.stateDir)
    return await startRegistered(options, platform, directory, identity, () => lock.release())
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * The parts, in the order of their start. What an earlier process left comes first: its children are killed, and its
 * results are delivered before the first heartbeat, which tells the server of a new process (design §5).
 */
const startRegistered = async (
  options: AgentOptions,
  platform: Platform,
  directory: StateDirectory,
  identity: Identity,
  unlock: () => Promise<void>,
): Promise<RunningAgent> => {
  const log = options.log ?? silentLog
  const begun = performance.now()
  const { instanceId, machineId } = identity
  const { osType, architecture, osVersion } = platform.hostFacts()
  const address = parseServerAddress(options.server ?? identity.server)
  const bootId = await platform.bootId()

  await clearDrafts(directory)
  const coldStart = await noteColdStart(directory.path, bootId)
  await recover(directory, platform, log)
  const kept = await openKeptResults(directory.results, (name) =>
    log.error(`too many results are kept: ${name} is lost`),
  )
  const seen = await openSeenTasks(directory.seenTasks, Date.now())
  const status = openStatusFile(directory, firstStatus(instanceId, address.host, kept.list().length))

  const link = openServerLink({
    address,
    ca: options.ca ?? identity.ca,
    userAgent: formatUserAgent({ osType, architecture, version: AGENT_VERSION }),
    identity,
  })
  const leftPipes = createLeftPipes()
  const outbox = openOutbox(link, kept, log, (resultsKept) => status.update({ resultsKept }))
  const room = {
    platform,
    link,
    leftPipes,
    containerSockets: options.containerSockets ?? containerSockets(process.env),
    environment: options.environment ?? inherited(process.env),
    instanceId,
    tasksFolder: directory.tasks,
    slots: createSlots(TASKS_AT_ONCE, TASKS_WAITING),
    report: outbox.keep,
    log,
    seen,
    bootId,
    holdsResult: outbox.holds,
    nudgeResults: outbox.nudge,
  }
  const desk = openTaskDesk(room, (tasksRunning) => status.update({ tasksRunning }))
  const files = openFileDesk({ platform, tasksFolder: directory.tasks, seen, report: outbox.keep, log })
  const takeIn = async (answer: TaskListAnswer): Promise<void> => {
    await files.takeIn(answer.file ?? [])
    await desk.takeIn(answer)
  }
  const fetch = createFetch(link, coldStart, await platform.timeZone(), takeIn, log)
  const opened = createGate()
  let loops: readonly { stop(): Promise<void> }[] = [fetch]
  let isConnected = false
  let stopped: Promise<void> | undefined

  const bringUp = async (): Promise<void> => {
    await outbox.earlierSettled
    if (stopped !== undefined) return
    const facts = {
      pid: process.pid,
      processUptimeMs: () => performance.now() - begun,
      uptimeMs: () => platform.uptimeMs(),
      osVersion,
      machineId,
      coldStart,
    }
    const heartbeat = startHeartbeat(link, facts, log, () => {
      status.update({ lastHeartbeatAt: new Date().toISOString() })
    })
    const notify = startNotify(
      link,
      {
        onKick: fetch.kick,
        onOpen() {
          isConnected = true
          status.update({ connected: true })
          opened.open()
          // The server is there again: nothing needs to wait out its pause.
          for (const waiting of [heartbeat, fetch, outbox]) waiting.nudge()
        },
        onClosed() {
          isConnected = false
          status.update({ connected: false })
        },
      },
      log,
    )
    loops = [fetch, heartbeat, notify]
    await heartbeat.begun
    fetch.start()
    await Promise.all([fetch.begun, opened.passed])
  }

  const stop = async (): Promise<void> => {
    opened.open()
    await Promise.all(loops.map((loop) => loop.stop()))
    await desk.stop()
    await files.stop()
    await outbox.drained(FAREWELL_MS)
    await outbox.stop()
    link.close()
    leftPipes.close()
    await seen.close()
    await status.close({ state: 'stopped', connected: false, tasksRunning: 0 })
    await unlock()
    log.info(`agent of ${instanceId} stopped`)
  }

  log.info(`agent ${AGENT_VERSION} of ${instanceId} started, server ${address.host}`)
  return {
    instanceId,
    ready: bringUp(),
    get connected() {
      return isConnected
    },
    stop: () => (stopped ??= stop()),
  }
}

const firstStatus = (instanceId: string, server: string, resultsKept: number): AgentStatus => ({
  instanceId,
  server,
  pid: process.pid,
  version: AGENT_VERSION,
  state: 'running',
  startedAt: new Date().toISOString(),
  connected: false,
  lastHeartbeatAt: '',
  tasksRunning: 0,
  resultsKept,
})

/** Scripts come from others: what configures OpenAssist on this machine, secrets too, is not theirs. */
const inherited = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('OPENASSIST_')))
