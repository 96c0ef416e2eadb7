import { randomUUID } from 'node:crypto'
import { formatUserAgent } from '../protocol/user-agent.js'
import { type Counters, createCounterBoard } from './counters.js'
import { openEndpoint } from './endpoint.js'
import { HttpWire } from './http-wire.js'
import { openIdentities, type RegisteredHost } from './identities.js'
import type { OutcomeOptions } from './outcome.js'
import { openPermits, type PermitSource } from './permits.js'
import { registerHost, RegistrationFailed } from './register-host.js'
import { pause, type Reconnect, type Room } from './room.js'
import type { SimulatedHost } from './signer.js'
import { SimulatedAgent } from './simulated-agent.js'
import { startTimerWheel } from './timer-wheel.js'

export interface SimulatorOptions extends OutcomeOptions {
  readonly agents: number
  /** `host:port` of the server's TLS listener. */
  readonly server: string
  /** PEM certificates that the server's chain must end in; default: those of the runtime. */
  readonly ca?: string
  /** Leave to register the hosts. Not asked for when `hosts` or `cacheFile` has enough of them. */
  readonly permits: PermitSource
  /** Hosts that the server knows already, by their number in the fleet; the others register. */
  readonly hosts?: readonly SimulatedHost[]
  /** false: each agent beats only once, when it comes up. */
  readonly heartbeat?: boolean
  /** Agents that come up per second, at most. Default: as fast as the server takes them. */
  readonly connectRate?: number
  /** RSA key pairs that the hosts share. Default: 4. */
  readonly keys?: number
  /** Keeps identities for a next run against the same server. Holds private keys: mode 0600. */
  readonly cacheFile?: string
  /** Default: `vendor`. */
  readonly reconnect?: Reconnect
  /** Default: `sim`; hosts are named `sim-0`, `sim-1`, … */
  readonly namePrefix?: string
  readonly tags?: readonly { readonly key: string; readonly value: string }[]
  /** Default: the version of the vendor's agent that was recorded. */
  readonly agentVersion?: string
  /** Stops the simulator. */
  readonly signal?: AbortSignal
}

export interface Simulator extends AsyncDisposable {
  readonly counters: Readonly<Counters>
  /** What went wrong, and how often. */
  readonly errors: ReadonlyMap<string, number>
  /** Resolves when every agent is registered, connected and has asked for its tasks. @throws RegistrationFailed */
  readonly ready: Promise<void>
  /** Instances of the agents that are up, by their number. */
  readonly instanceIds: readonly string[]
  /** Resolves when the condition holds; rejects with the counters when it does not within the time. */
  until(condition: (counters: Readonly<Counters>) => boolean, mostMs: number): Promise<void>
  /** From now on ended tasks keep their final report to themselves; `counters.held` counts them. */
  hold(): void
  /** Lets them report, spread over so long. Default: all at once. */
  release(overMs?: number): void
  /**
   * Signs so many requests of each agent beforehand, to be used within four minutes: signatures are most of what a fleet
   * costs, and a measurement of a server should not wait for them.
   * @param forLaterMs clocks of the hosts are ahead by so much (below five minutes): a server that is started again
   *   refuses what was signed before that
   */
  signAhead(requestsPerAgent: number, forLaterMs?: number): Promise<void>
  /** Closes everything. May be called twice. */
  stop(): Promise<void>
}

/** Agents that come up at the same time. */
const AT_ONCE = 32
const REGISTRATION_TRIES = 5
const REGISTRATION_PAUSE_MS = 2_000
const RECORDED_VERSION = '2.2.3.578'

/**
 * Starts a fleet in this process, on the real wire. What it simulates is the vendor's agent (agent-protocol.md): its
 * connections, its rhythm, its retries and what it gives up. Scripts are not run.
 * @throws errors of the cache file, and of a malformed address
 */
export const startSimulator = async (options: SimulatorOptions): Promise<Simulator> => {
  const { agents: size, server, ca, tags = [], namePrefix = 'sim', agentVersion = RECORDED_VERSION } = options
  const endpoint = openEndpoint(server, ca)
  const identities = await openIdentities(options.cacheFile, { address: server, ca }, Math.max(1, options.keys ?? 4))
  const board = createCounterBoard()
  const wheel = startTimerWheel()
  const agents: SimulatedAgent[] = []
  const wires = new Set<HttpWire>()
  const hosts: RegisteredHost[] = []
  const instanceIds: string[] = []
  const fleetId = randomUUID().slice(0, 8)
  let isStopped = false
  let keptHosts = 0
  let gate: Gate | undefined

  const room: Room = {
    endpoint,
    caller: {
      host: endpoint.host,
      userAgent: formatUserAgent({ osType: 'Linux', architecture: 'amd64', version: agentVersion }),
    },
    wheel,
    board,
    outcomes: options,
    reconnect: options.reconnect ?? 'vendor',
    isBeating: options.heartbeat !== false,
    letGo() {
      const held = gate
      return held?.passed.then(() => (held.overMs > 0 ? pause(room, Math.random() * held.overMs) : undefined))
    },
    isStopped: () => isStopped,
  }

  const permits = openPermits(options.permits, Math.max(0, size - identities.hosts.length))

  const register = async (number: number, wire: HttpWire): Promise<RegisteredHost> => {
    const permit = await permits.take()
    const keyNumber = number % identities.keys.length
    const key = identities.keys[keyNumber]
    if (key === undefined) throw new Error('there is no key')
    const machineId = `simulated-${fleetId}-${number}`
    const host = { machineId, name: `${namePrefix}-${number}`, publicKey: key.publicKey, agentVersion, tags }
    for (let tried = 1; !isStopped; tried++) {
      const instanceId = await registerHost(wire, room.caller, permit, host)
      if (instanceId !== undefined) return { instanceId, machineId, key: key.privateKey, keyNumber }
      board.fail('no answer to a registration')
      if (tried === REGISTRATION_TRIES) {
        throw new RegistrationFailed('unreachable', `${endpoint.host} does not answer registrations: ${wire.trouble}.`)
      }
      await pause(room, REGISTRATION_PAUSE_MS)
    }
    throw new Error('the simulator was stopped')
  }

  const bringUp = async (number: number): Promise<void> => {
    const wire = new HttpWire(endpoint.dial)
    wires.add(wire)
    const comeUp = async (host: SimulatedHost): Promise<boolean> => {
      const agent = new SimulatedAgent(room, host, number, wire)
      agents[number] = agent
      instanceIds[number] = host.instanceId
      board.add('registered')
      if (await agent.start()) return true
      board.add('registered', -1)
      return false
    }
    const comeUpAs = async (host: RegisteredHost): Promise<boolean> => {
      hosts[number] = host
      return comeUp(host)
    }
    const given = options.hosts?.[number]
    const known = identities.hosts[number]
    // A server may have forgotten a host of an earlier run.
    if (given === undefined && known !== undefined && (await comeUpAs(known))) return
    const isUp = given === undefined ? await comeUpAs(await register(number, wire)) : await comeUp(given)
    if (!isUp) throw new Error(`host ${number} is not known to its server`)
  }

  const bringUpAll = async (): Promise<void> => {
    const begun = performance.now()
    let next = 0
    const work = async (): Promise<void> => {
      while (next < size && !isStopped) {
        const number = next++
        const early =
          options.connectRate === undefined ? 0 : begun + (number * 1_000) / options.connectRate - performance.now()
        if (early > 0) await pause(room, early)
        await bringUp(number)
      }
    }
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, size) }, work))
    await keep()
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    await board.until(({ connected }) => connected === size, Number.POSITIVE_INFINITY)
  }

  const keep = async (): Promise<void> => {
    const registered = hosts.filter((host) => host !== undefined)
    if (registered.length <= keptHosts) return
    keptHosts = registered.length
    // Fewer agents than last time: the others are kept, too.
    await identities.keep([...registered, ...identities.hosts.slice(size)])
  }

  const stopped = createGate()
  const stop = async (): Promise<void> => {
    if (!isStopped) {
      isStopped = true
      options.signal?.removeEventListener('abort', onAbort)
      stopped.open()
      wheel.stop()
      for (const agent of agents) agent?.close()
      for (const wire of wires) wire.close()
      board.close()
    }
    await keep()
  }
  const onAbort = (): void => void stop()

  options.signal?.addEventListener('abort', onAbort)
  if (options.signal?.aborted === true) await stop()
  const ready = Promise.race([
    bringUpAll(),
    stopped.passed.then(() => {
      throw new Error('the simulator was stopped')
    }),
  ])
  // Who does not wait for it need not handle its failure.
  ready.catch(() => undefined)

  return {
    counters: board.counters,
    errors: board.reasons,
    ready,
    instanceIds,
    until: board.until,
    hold() {
      gate ??= createGate()
    },
    release(overMs = 0) {
      if (gate === undefined) return
      gate.overMs = overMs
      gate.open()
      gate = undefined
    },
    async signAhead(requests, forLaterMs = 0) {
      for (let from = 0; from < agents.length && !isStopped; from += AT_ONCE) {
        await Promise.all(agents.slice(from, from + AT_ONCE).map((agent) => agent?.stockUp(requests, forLaterMs)))
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

interface Gate {
  readonly passed: Promise<void>
  readonly open: () => void
  /** What waited goes within this time. */
  overMs: number
}

const createGate = (): Gate => {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open, overMs: 0 }
}
