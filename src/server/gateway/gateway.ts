import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { formatKick } from '../../protocol/kick.js'
import type { AgentRegistry, Presence } from '../domain/fleet/agents.js'
import type { AgentFiles } from '../domain/files/agent-files.js'
import type { AgentTasks } from '../domain/invocations/agent-tasks.js'
import type { Wakeups } from '../wakeups/wakeups.js'
import type { Peer } from '../front/peer.js'
import { createAdmission } from './admission.js'
import { createAgentHandler } from './agent-handler.js'
import { CLOSE, Connections } from './connections.js'
import type { Tell } from './gateway-event.js'
import { HostKeys } from './host-keys.js'
import { createRequestHandler } from './http.js'
import { Kicks, TICK_MS } from './kicks.js'
import { DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from './settings.js'
import { createWebsockets } from './websocket.js'

/** The agents' door. */
export interface Gateway {
  /** Answers a request below `/luban/`. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse, peer: Peer): void
  /** Takes a websocket handshake below `/luban/` over, also for refusing it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): void
  /** Notify sockets on this node. */
  connectionCount(): number
  /** From here on hosts are pinged and kicked. Call it once, before the first request. */
  start(): void
  /** Closes every notify socket with 1001; agents dial again. Resolves when all are closed. */
  stop(): Promise<void>
}

export interface GatewayParts {
  readonly registry: AgentRegistry
  readonly presence: Presence
  readonly tasks: AgentTasks
  readonly files: AgentFiles
  readonly wakeups: Wakeups
  readonly settings?: Partial<GatewaySettings>
  readonly clock: { now(): number }
  readonly tell: Tell
}

/** Agents have this long to answer the goodbye. */
const GOODBYE_MS = 2_000

const KICK = formatKick({ word: 'fetch' })

export const createGateway = (parts: GatewayParts): Gateway => {
  const { registry, presence, tasks, files, wakeups, clock, tell } = parts
  const settings = { ...DEFAULT_GATEWAY_SETTINGS, ...parts.settings }
  const keys = new HostKeys(registry, settings, () => clock.now())
  const ticksPerPing = Math.ceil(settings.pingIntervalMs / TICK_MS)
  const connections = new Connections(settings, presence, tell, ticksPerPing)
  const hasWork = async (instanceId: string): Promise<boolean> =>
    (await tasks.hasWork(instanceId)) || files.hasWork(instanceId)
  const kicks = new Kicks({
    send: (instanceId) => connections.send(instanceId, KICK),
    hasWork,
    failed: (error) => tell({ kind: 'failed', at: 'hasWork', error }),
    later: (run) => void setImmediate(run),
    elapsed: () => performance.now(),
  })

  const handler = createAgentHandler({
    registry,
    presence,
    tasks,
    files,
    tell,
    node: {
      fetched: (instanceId) => kicks.fetched(instanceId),
      identityChanged(instanceId) {
        keys.drop(instanceId)
        connections.drop(instanceId, 'registered again')
      },
      deregistered(instanceId) {
        keys.drop(instanceId)
        connections.drop(instanceId, 'deregistered')
      },
    },
  })

  /** Looks for tasks that wait for a host which has just connected (design D4). */
  const lookForWork = async (instanceId: string): Promise<void> => {
    let work = true
    try {
      work = await hasWork(instanceId)
    } catch (error) {
      tell({ kind: 'failed', at: 'hasWork', error })
    }
    if (work && connections.find(instanceId) !== undefined) kicks.want(instanceId)
  }

  const admission = createAdmission({ keys, presence, tell })
  const handle = createRequestHandler({ admission, handler, settings, tell })
  const websockets = createWebsockets({
    admission,
    connections,
    maxConnections: settings.maxConnections,
    tell,
    listener: {
      opened(instanceId) {
        // What was sent on the socket before this one may have been lost with it.
        kicks.closed(instanceId)
        void lookForWork(instanceId)
      },
      frame: (instanceId, text) => handler.frame(instanceId, text),
      closed(instanceId) {
        if (connections.find(instanceId) === undefined) kicks.closed(instanceId)
      },
    },
  })

  let timer: NodeJS.Timeout | undefined
  let unsubscribe: (() => void) | undefined

  const tick = (): void => {
    kicks.advance()
    connections.advance()
    keys.sweep()
  }

  return {
    handle,
    upgrade: (request, socket, head, peer) => websockets.upgrade(request, socket, head, peer),
    connectionCount: () => connections.size,

    start() {
      if (timer !== undefined) return
      timer = setInterval(tick, TICK_MS)
      unsubscribe = wakeups.subscribe((instanceIds) => {
        for (const instanceId of instanceIds) {
          if (connections.find(instanceId) !== undefined) kicks.want(instanceId)
        }
      })
    },

    async stop() {
      websockets.refuse()
      clearInterval(timer)
      unsubscribe?.()
      const deadline = performance.now() + GOODBYE_MS
      await connections.closeAll(CLOSE.goingAway, 'the node is stopping', () => turn())
      while (connections.size > 0 && performance.now() < deadline) await pause(20)
      connections.terminateAll()
      for (let turns = 0; connections.size > 0 && turns < 1_000; turns++) await turn()
    },
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
