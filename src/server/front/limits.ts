// What one connection may cost (design D13). Whoever crosses a limit is answered where that is possible, and closed.

/** URL and headers of one request: SDKs put whole scripts into the URL (rpc.md §0.1). */
export const MAX_HEADER_BYTES = 262_144

/** Headers of one request. Node drops the rest silently, so a request that reaches this is refused. */
export const MAX_HEADERS = 500

/** From the start of a request, or of a connection, to the end of the headers. */
export const HEADERS_TIMEOUT_MS = 20_000

/** From the start of a request to the end of its body. */
export const REQUEST_TIMEOUT_MS = 60_000

/** How often the two above are looked at. */
export const TIMEOUT_CHECK_MS = 2_000

/** Without a byte in either direction while a request is being answered: the peer has stopped reading. */
export const STALLED_MS = 120_000

/** Idle after an answer. Longer than the 90 s of the vendor's agent, so that the agent closes first (design §8). */
export const KEEP_ALIVE_MS = 120_000

/** TCP accepted to TLS established; a herd of agents may have to wait its turn. */
export const HANDSHAKE_TIMEOUT_MS = 30_000

/** Connections that the kernel holds while the program is busy. After a restart every agent dials at once. */
export const LISTEN_BACKLOG = 8_192

/** A refused connection is read on for so long, so that its last answer arrives before the reset. */
export const LINGER_MS = 1_000

/**
 * What comes while the server starts waits for so long, then is answered 503. Agents wait 45 s for a notify socket and 5 s
 * for everything else, SDKs about 10 s.
 */
export const START_WAIT_MS = 40_000

/** Memory of all that waits for the start; what comes on top is answered 503 at once. An agent's request takes 2 KB. */
export const MAX_WAITING_BYTES = 67_108_864
