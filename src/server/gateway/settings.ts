/** Bounds and periods of the agents' door; each has a safe default (design D13). */
export interface GatewaySettings {
  /**
   * Notify sockets on this node; a handshake beyond is answered 503, requests are not (design D8). Measured by the
   * `restart` bench.
   */
  readonly maxConnections: number
  /** Keys of hosts that are kept ready; more than sockets, as heartbeats of unconnected hosts come round in turn too. */
  readonly maxHostKeys: number
  /** A kept key is looked up again after this long, so that a registration that another node ended ends here as well. */
  readonly hostKeyLifetimeMs: number
  /** Bytes of output that are kept of one task; a body may be this long and some slack longer. */
  readonly outputQuota: number
  /** A request's body must have arrived within this time. */
  readonly bodyTimeoutMs: number
  /** Memory that long bodies may take together; more wait in line. */
  readonly maxHeldBytes: number
  /** Time between pings of the server on a notify socket; two unanswered ones end it (design D4). */
  readonly pingIntervalMs: number
  /** Bytes that may wait to be sent on one notify socket. */
  readonly maxBufferedBytes: number
  /** Frames that an agent may send on its notify socket between two pings of the server. */
  readonly maxFramesPerPing: number
}

export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = {
  maxConnections: 7_000,
  maxHostKeys: 14_000,
  hostKeyLifetimeMs: 300_000,
  outputQuota: 24_576,
  bodyTimeoutMs: 15_000,
  maxHeldBytes: 268_435_456,
  pingIntervalMs: 30_000,
  maxBufferedBytes: 65_536,
  maxFramesPerPing: 600,
}
