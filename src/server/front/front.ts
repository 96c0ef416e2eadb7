import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createPeerReader } from './client-address.js'
import { answerClientError, lingeringClose } from './client-error.js'
import { answerOwnOrigin } from './cross-origin.js'
import { createGuard } from './guard.js'
import { MAX_HEADERS } from './limits.js'
import { type BoundAddress, createPlainServer, createTlsServer, type KeyAndCertificate, listenOn } from './listener.js'
import type { Doors, Peer, RequestDoor } from './peer.js'
import * as refusals from './refusal.js'
import { WaitingRoom } from './waiting-room.js'
import { replayWithoutUpgrade } from './without-upgrade.js'

// The two listeners, and which room a request goes to.
//
//   socket ─► limits ─► path in one form ─► guard (Host, Origin) ─► peer ─┬─ /healthz /readyz /metrics ─► telemetry
//                                                                         ├─ /luban/…  (and websockets) ─► gateway
//                                                                         └─ all else ──────────────────► api

export interface ListenAddress {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

export interface FrontSettings {
  /** Plain HTTP, for tools on the same host and for TLS-terminating proxies. */
  readonly listen: ListenAddress | undefined
  readonly listenTls: ListenAddress | undefined
  /** Names and addresses by which clients reach this server; loopback and the listeners' own are always among them. */
  readonly publicHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Addresses and CIDR ranges of proxies that may name the client. */
  readonly trustedProxies: readonly string[]
  /** Open connections of one listener; more are closed when they come. */
  readonly maxConnections: number
}

export type RefusalReason = 'host' | 'origin' | 'malformed' | 'too-large' | 'too-slow' | 'not-ready'

/** What the front tells about requests that no door saw. */
export interface FrontEvents {
  requestRefused(reason: RefusalReason): void
  /** A connection ended before a request was read, such as in the TLS handshake. */
  connectionFailed(listener: 'plain' | 'tls', code: string): void
  /** The cap on open connections was reached. */
  connectionDropped(listener: 'plain' | 'tls'): void
  /** A door threw, which is a bug. */
  doorFailed(path: string, error: unknown): void
}

export interface FrontOptions {
  readonly settings: FrontSettings
  /** May come later than the sockets: until then requests wait. Health is answered from the start. */
  readonly doors: Doors | Promise<Doors>
  readonly telemetry: RequestDoor
  /** Needed when `settings.listenTls` is there. May come later than the sockets: until then TLS handshakes wait. */
  readonly tls?: KeyAndCertificate | Promise<KeyAndCertificate> | undefined
  readonly events: FrontEvents
}

export interface Front extends AsyncDisposable {
  readonly plain: BoundAddress | undefined
  readonly tls: BoundAddress | undefined
  readonly listening: boolean
  /** Connections from now on get this certificate. */
  setTls(material: KeyAndCertificate): void
  /** Closes the listeners; what is open goes on. */
  stopAccepting(): void
  /** Stops accepting, waits for running requests up to `drainMs` (10,000), then destroys every socket. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

const TELEMETRY_PATHS = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * Opens the listeners.
 * @throws Error with a sentence for the operator when an address cannot be bound
 */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const { settings, events, telemetry } = options
  const guard = createGuard(settings)
  const peerOf = createPeerReader(settings.trustedProxies)
  const sockets = new Set<Socket>()
  /** The newest response on a connection, for errors that come while its request is being read. */
  const newest = new WeakMap<Duplex, ServerResponse>()
  const forget = function (this: Socket): void {
    sockets.delete(this)
  }
  /** Responses that have not ended. */
  const running = new Set<ServerResponse>()
  let stopping = false
  let idle: (() => void) | undefined

  const waiting = new WaitingRoom(options.doors)

  const refuse = (
    request: IncomingMessage,
    response: ServerResponse,
    refusal: refusals.Refusal,
    reason: RefusalReason,
  ): void => {
    events.requestRefused(reason)
    refusals.refuse(request, response, refusal)
  }

  const pass = (door: RequestDoor, request: IncomingMessage, response: ServerResponse, peer: Peer): void => {
    try {
      door(request, response, peer)
    } catch (error) {
      events.doorFailed(pathOf(request), error)
      if (response.headersSent) response.destroy()
      else refusals.refuse(request, response, refusals.INTERNAL)
    }
  }

  const onResponseClosed = function (this: ServerResponse): void {
    running.delete(this)
    if (running.size === 0) idle?.()
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    running.add(response)
    response.once('close', onResponseClosed)
    newest.set(request.socket, response)
    if (stopping) response.setHeader('connection', 'close')

    if (request.rawHeaders.length >= 2 * MAX_HEADERS) {
      return refuse(request, response, refusals.HEADERS_TOO_LARGE, 'too-large')
    }
    if (!normaliseTarget(request)) return refuse(request, response, refusals.NOT_FOUND, 'malformed')
    const refusal = guard.judge(request.headers, request.socket)
    if (refusal !== undefined) return refuse(request, response, refusal, refusal.reason)
    const origin = guard.allowedOrigin(request.headers)
    if (origin !== undefined && answerOwnOrigin(request, response, origin)) return

    const peer = peerOf(
      { remoteAddress: request.socket.remoteAddress, encrypted: isEncrypted(request) },
      request.headers,
    )
    if (TELEMETRY_PATHS.has(pathOf(request))) return pass(telemetry, request, response, peer)
    const serve = (doors: Doors): void => pass(doorFor(doors, request), request, response, peer)
    if (waiting.doors !== undefined) return serve(waiting.doors)
    waiting.wait(request, response, serve, () => refuse(request, response, refusals.NOT_READY, 'not-ready'))
  }

  const onUpgrade = (server: Server, event: string, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until the gateway listens, an error of the socket has no other listener.
    socket.on('error', ignore)
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    if (!isWebSocket || request.url?.startsWith('/luban/') !== true) {
      return replayWithoutUpgrade(server, event, request, socket, head)
    }
    const refusal = stopping
      ? { ...refusals.NOT_READY, reason: 'not-ready' as const }
      : request.rawHeaders.length >= 2 * MAX_HEADERS
        ? { ...refusals.HEADERS_TOO_LARGE, reason: 'too-large' as const }
        : guard.judge(request.headers, request.socket)
    if (refusal !== undefined) {
      events.requestRefused(refusal.reason)
      return lingeringClose(socket, refusals.rawRefusal(refusal, request))
    }
    const peer = peerOf(
      { remoteAddress: request.socket.remoteAddress, encrypted: isEncrypted(request) },
      request.headers,
    )
    const open = (opened: Doors): void => {
      try {
        opened.gatewayUpgrade(request, socket, head, peer)
      } catch (error) {
        events.doorFailed(pathOf(request), error)
        socket.destroy()
      }
    }
    if (waiting.doors !== undefined) return open(waiting.doors)
    waiting.wait(request, socket, open, () => {
      events.requestRefused('not-ready')
      lingeringClose(socket, refusals.rawRefusal(refusals.NOT_READY, request))
    })
  }

  const wire = (server: Server, listener: 'plain' | 'tls'): void => {
    server.maxConnections = settings.maxConnections
    server.on('connection', (socket: Socket) => {
      if (sockets.has(socket)) return
      sockets.add(socket)
      socket.once('close', forget)
    })
    server.on('drop', () => events.connectionDropped(listener))
    server.on('request', onRequest)
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      refuse(request, response, refusals.BAD_EXPECTATION, 'malformed'),
    )
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      onUpgrade(server, listener === 'tls' ? 'secureConnection' : 'connection', request, socket, head),
    )
    server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      events.requestRefused('malformed')
      lingeringClose(socket, refusals.rawRefusal(refusals.BAD_METHOD, request))
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      const reason = answerClientError(error, socket, newest.get(socket))
      if (reason === 'failed') events.connectionFailed(listener, error.code ?? 'unknown')
      else if (reason !== 'repeated') events.requestRefused(reason)
    })
  }

  const plainServer = settings.listen === undefined ? undefined : createPlainServer()
  if (settings.listenTls !== undefined && options.tls === undefined) {
    throw new Error('The TLS listener needs a certificate.')
  }
  const tlsServer = settings.listenTls === undefined ? undefined : createTlsServer(options.tls)
  if (plainServer !== undefined) wire(plainServer, 'plain')
  if (tlsServer !== undefined) wire(tlsServer, 'tls')

  const stopAccepting = (): void => {
    stopping = true
    for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close')
    if (plainServer?.listening === true) plainServer.close()
    if (tlsServer?.listening === true) tlsServer.close()
  }

  const stop = async ({ drainMs = 10_000 } = {}): Promise<void> => {
    stopAccepting()
    waiting.close()
    plainServer?.closeIdleConnections()
    tlsServer?.closeIdleConnections()
    if (running.size > 0) {
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, drainMs)
        idle = () => {
          clearTimeout(limit)
          resolve()
        }
      })
    }
    await Promise.all([...sockets].map(closed))
  }

  try {
    const plain = plainServer && settings.listen && (await listenOn(plainServer, settings.listen, '--listen'))
    const tls = tlsServer && settings.listenTls && (await listenOn(tlsServer, settings.listenTls, '--listen-tls'))
    return {
      plain,
      tls,
      get listening() {
        return !stopping && plainServer?.listening !== false && tlsServer?.listening !== false
      },
      setTls: (material) => tlsServer?.setSecureContext({ cert: material.certificatePem, key: material.privateKeyPem }),
      stopAccepting,
      stop,
      [Symbol.asyncDispose]: () => stop(),
    }
  } catch (error) {
    await stop({ drainMs: 0 })
    throw error
  }
}

/** Ends a socket now; what its last answers still have to write goes out first, for half a second at most. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const limit = setTimeout(() => socket.destroy(), 500)
    socket.once('close', () => {
      clearTimeout(limit)
      resolve()
    })
    socket.destroySoon()
  })

const ignore = (): void => undefined

const doorFor = (doors: Doors, request: IncomingMessage): RequestDoor =>
  request.url?.startsWith('/luban/') === true ? doors.gateway : doors.api

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? ''

const isEncrypted = (request: IncomingMessage): boolean => 'encrypted' in request.socket

/** Leaves origin-form in `request.url`. A proxy's absolute form must name the same host as the Host header. */
const normaliseTarget = (request: IncomingMessage): boolean => {
  const url = request.url ?? ''
  if (url.startsWith('/')) return true
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(url)
  if (absolute === null || absolute[1]?.toLowerCase() !== request.headers.host?.toLowerCase()) return false
  const rest = absolute[2] ?? ''
  request.url = rest.startsWith('/') ? rest : `/${rest}`
  return true
}
