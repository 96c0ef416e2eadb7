import type { Presence } from '../domain/fleet/agents.js'
import type { GatewaySettings } from './settings.js'
import type { Tell } from './gateway-event.js'

// Who is connected to this node. Knows sockets only by what it needs of them.

/** The server's end of a notify socket. */
export interface PushSocket {
  send(text: string): void
  ping(): void
  /** Says why, and ends the socket even if the other end does not answer. */
  close(code: number, reason: string): void
  /** Ends the socket without a word. */
  terminate(): void
  /** Bytes that were sent and not taken by the network yet. */
  readonly bufferedBytes: number
}

/** Close codes of this door; 1001 and 1008 are the standard's. */
export const CLOSE = { goingAway: 1001, policy: 1008, replaced: 4001 } as const

/** Closes that are written in one turn of the event loop. */
const CLOSES_PER_TURN = 200

export class Connection {
  readonly instanceId: string
  readonly socket: PushSocket
  /** Orders the connects and disconnects of one host (design §7). */
  readonly generation: number
  /** Pings of the server since anything was heard. */
  unansweredPings = 0
  framesSincePing = 0
  /** Set once, when the server ends it. */
  endedBecause: string | undefined

  constructor(instanceId: string, socket: PushSocket, generation: number) {
    this.instanceId = instanceId
    this.socket = socket
    this.generation = generation
  }
}

export class Connections {
  readonly #settings: Pick<GatewaySettings, 'maxBufferedBytes' | 'maxFramesPerPing'>
  readonly #presence: Pick<Presence, 'heard' | 'connected' | 'disconnected'>
  readonly #tell: Tell
  readonly #byInstance = new Map<string, Connection>()
  /** Replaced connections that are not closed yet, the newest of each host. */
  readonly #replaced = new Map<string, Connection>()
  /** Pings are spread over the period: one bucket per tick. */
  readonly #buckets: Set<Connection>[]
  readonly #bucketOf = new WeakMap<Connection, Set<Connection>>()
  #nextBucket = 0
  #pingBucket = 0
  #size = 0

  /** @param ticksPerPing calls of `advance` from one ping of a socket to its next */
  constructor(
    settings: Pick<GatewaySettings, 'maxBufferedBytes' | 'maxFramesPerPing'>,
    presence: Pick<Presence, 'heard' | 'connected' | 'disconnected'>,
    tell: Tell,
    ticksPerPing: number,
  ) {
    this.#settings = settings
    this.#presence = presence
    this.#tell = tell
    this.#buckets = Array.from({ length: Math.max(1, ticksPerPing) }, () => new Set())
  }

  /** Open sockets, those of replaced connections too until they are closed. */
  get size(): number {
    return this.#size
  }

  find(instanceId: string): Connection | undefined {
    return this.#byInstance.get(instanceId)
  }

  /** A verified host has opened its socket. The newest connection of a host is the one that counts. */
  open(instanceId: string, socket: PushSocket): Connection {
    const before = this.#byInstance.get(instanceId)
    const connection = new Connection(instanceId, socket, this.#presence.connected(instanceId))
    this.#byInstance.set(instanceId, connection)
    this.#size += 1
    const bucket = this.#buckets[this.#nextBucket++ % this.#buckets.length]
    if (bucket !== undefined) {
      bucket.add(connection)
      this.#bucketOf.set(connection, bucket)
    }
    this.#tell({ kind: 'connected', instanceId })
    if (before !== undefined) this.#replace(before)
    return connection
  }

  // A goodbye may stay unanswered for seconds. A host that dials without end must not fill the node meanwhile: it has
  // one connection, and one that is being closed.
  #replace(connection: Connection): void {
    this.#replaced.get(connection.instanceId)?.socket.terminate()
    this.#replaced.set(connection.instanceId, connection)
    this.end(connection, CLOSE.replaced, 'a newer connection of this host')
  }

  /** The socket is gone. To be called exactly once for each connection, whoever ended it. */
  closed(connection: Connection, reason: string): void {
    this.#size -= 1
    this.#bucketOf.get(connection)?.delete(connection)
    const { instanceId } = connection
    if (this.#byInstance.get(instanceId) === connection) this.#byInstance.delete(instanceId)
    if (this.#replaced.get(instanceId) === connection) this.#replaced.delete(instanceId)
    this.#presence.disconnected(instanceId, connection.generation)
    this.#tell({ kind: 'disconnected', instanceId, reason: connection.endedBecause ?? reason })
  }

  /** A frame, ping or pong came. @returns false when there were too many and the connection is being ended */
  heard(connection: Connection): boolean {
    connection.unansweredPings = 0
    connection.framesSincePing += 1
    if (connection.framesSincePing > this.#settings.maxFramesPerPing) {
      this.end(connection, CLOSE.policy, 'too many frames')
      return false
    }
    if (this.#isSlow(connection)) return false
    this.#presence.heard(connection.instanceId)
    return true
  }

  /** @returns false when the host has no socket here */
  send(instanceId: string, text: string): boolean {
    const connection = this.#byInstance.get(instanceId)
    if (connection === undefined || connection.endedBecause !== undefined || this.#isSlow(connection)) return false
    connection.socket.send(text)
    return true
  }

  /** Closes the host's socket, such as at the end of its registration. */
  drop(instanceId: string, reason: string): void {
    const connection = this.#byInstance.get(instanceId)
    if (connection !== undefined) this.end(connection, CLOSE.policy, reason)
  }

  end(connection: Connection, code: number, reason: string): void {
    if (connection.endedBecause !== undefined) return
    connection.endedBecause = reason
    connection.socket.close(code, reason)
  }

  /** Pings the sockets whose turn it is, and ends those that left two pings unanswered or do not read. */
  advance(): void {
    const bucket = this.#buckets[this.#pingBucket++ % this.#buckets.length]
    for (const connection of bucket ?? []) {
      if (connection.endedBecause !== undefined) continue
      if (connection.unansweredPings >= 2) {
        connection.endedBecause = 'two pings unanswered'
        connection.socket.terminate()
      } else if (!this.#isSlow(connection)) {
        connection.framesSincePing = 0
        connection.unansweredPings += 1
        connection.socket.ping()
      }
    }
  }

  /** Says goodbye to all, some at a time. */
  async closeAll(code: number, reason: string, turn: () => Promise<void>): Promise<void> {
    let written = 0
    for (const bucket of this.#buckets) {
      for (const connection of bucket) {
        this.end(connection, code, reason)
        written += 1
        if (written % CLOSES_PER_TURN === 0) await turn()
      }
    }
  }

  /** Ends without a word whatever is still open. */
  terminateAll(): void {
    for (const bucket of this.#buckets) for (const connection of bucket) connection.socket.terminate()
  }

  // What waits to be sent is pings, pongs and kicks; an agent that lets 64 KiB of them pile up does not read.
  #isSlow(connection: Connection): boolean {
    if (connection.socket.bufferedBytes <= this.#settings.maxBufferedBytes) return false
    if (connection.endedBecause === undefined) {
      connection.endedBecause = 'slow consumer'
      connection.socket.terminate()
    }
    return true
  }
}
