import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Who is at the other end of a request, as far as this server may believe it (design D11). */
export interface Peer {
  /** The client's address: forwarded by a trusted proxy, or the socket's own. Undefined when it is not known. */
  readonly address: string | undefined
  /** The client's connection was encrypted: it came by TLS, or through a trusted proxy that does not say otherwise. */
  readonly secure: boolean
  /** The socket's own peer is loopback and speaks for itself: nothing was forwarded. */
  readonly loopback: boolean
}

/** A door: answers every request that the front hands to it. It never throws. */
export type RequestDoor = (request: IncomingMessage, response: ServerResponse, peer: Peer) => void

/** A door for websockets: it owns the socket from here on, also for refusing. */
export type UpgradeDoor = (request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer) => void

/** The rooms behind the listeners, by the path of a request. */
export interface Doors {
  /** Everything that no other door takes. */
  readonly api: RequestDoor
  /** Paths below `/luban/`. */
  readonly gateway: RequestDoor
  readonly gatewayUpgrade: UpgradeDoor
}
