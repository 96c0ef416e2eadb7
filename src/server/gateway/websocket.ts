import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { KICK_LIMIT, NOTIFY_PATH } from '../../protocol/kick.js'
import type { Peer } from '../front/peer.js'
import { type AdmissionDesk, REFUSALS } from './admission.js'
import type { Connection, Connections, PushSocket } from './connections.js'
import type { Tell } from './gateway-event.js'

// The notify sockets, and the only file that knows the websocket library. Never per-message deflate: 172 KB for each
// connection (design §8).

/** After a close frame the other end has this long to answer it. */
const CLOSE_TIMEOUT_MS = 5_000

/** The longest frame that makes sense is the answer to a kick. */
const MAX_FRAME_BYTES = 4 * KICK_LIMIT

/** A library socket that knows its connection, so that one set of listeners serves all. */
class NotifySocket extends WebSocket implements PushSocket {
  connection: Connection | undefined

  get bufferedBytes(): number {
    return this.bufferedAmount
  }
}

const connectionOf = (socket: WebSocket): Connection | undefined =>
  socket instanceof NotifySocket ? socket.connection : undefined

export interface Websockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): void
  /** From now on handshakes are refused with 503. */
  refuse(): void
}

/** What is told about the notify sockets of verified hosts. */
export interface SocketListener {
  opened(instanceId: string): void
  /** A text frame came. */
  frame(instanceId: string, text: string): void
  closed(instanceId: string): void
}

interface Parts {
  readonly admission: AdmissionDesk
  readonly connections: Connections
  readonly listener: SocketListener
  readonly maxConnections: number
  readonly tell: Tell
}

export const createWebsockets = ({ admission, connections, listener, maxConnections, tell }: Parts): Websockets => {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    maxFragments: 4,
    maxBufferedChunks: 64,
    WebSocket: NotifySocket,
  }
  const server = new WebSocketServer<typeof NotifySocket>(options)
  // Without this the library answers in words of its own, which no agent reads.
  server.on('wsClientError', (error: Error, socket: Duplex) => refuse(socket, 400, `No websocket: ${error.message}.`))
  let refusing = false
  /** Handshakes whose signature is being checked. */
  let opening = 0

  function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    const connection = connectionOf(this)
    // The library gives whole messages as one buffer unless it is asked for something else.
    if (connection === undefined || !connections.heard(connection) || isBinary || !Buffer.isBuffer(data)) return
    listener.frame(connection.instanceId, data.toString('utf8'))
  }

  function onControlFrame(this: WebSocket): void {
    const connection = connectionOf(this)
    if (connection !== undefined) connections.heard(connection)
  }

  function onClose(this: WebSocket, code: number): void {
    const connection = connectionOf(this)
    if (connection === undefined) return
    connections.closed(connection, `closed with ${code}`)
    listener.closed(connection.instanceId)
  }

  const accept = (instanceId: string, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.off('error', ignore)
    server.handleUpgrade(request, socket, head, (notify) => {
      notify.on('error', ignore)
      notify.on('message', onMessage)
      notify.on('ping', onControlFrame)
      notify.on('pong', onControlFrame)
      notify.on('close', onClose)
      notify.connection = connections.open(instanceId, notify)
      listener.opened(instanceId)
    })
  }

  const admitThenAccept = async (request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): Promise<void> => {
    const admitted = await admission.admit(request.headers, peer)
    if (!socket.writable) return
    if (!admitted.admitted) refuse(socket, admitted.status, REFUSALS[admitted.refusal])
    else if (refusing) refuse(socket, 503, 'This node is stopping.')
    else accept(admitted.host.instanceId, request, socket, head)
  }

  return {
    upgrade(request, socket, head, peer) {
      socket.on('error', ignore)
      const [path] = (request.url ?? '').split('?', 1)
      if (path !== NOTIFY_PATH) {
        refuse(socket, 404, 'There is no such socket.')
        return
      }
      const full = connections.size + opening >= maxConnections
      if (refusing || full) {
        tell({ kind: 'connection-refused', reason: refusing ? 'stopping' : 'full' })
        refuse(socket, 503, refusing ? 'This node is stopping.' : 'This node has all the agents it may have.')
        return
      }
      opening += 1
      admitThenAccept(request, socket, head, peer)
        .catch((error: unknown) => {
          tell({ kind: 'failed', at: NOTIFY_PATH, error })
          refuse(socket, 503, 'The host cannot be looked up now.')
        })
        .finally(() => (opening -= 1))
        .catch(ignore)
    },
    refuse() {
      refusing = true
    },
  }
}

const ignore = (): void => undefined

const WORDS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
}

const refuse = (socket: Duplex, status: number, reason: string): void => {
  const body = JSON.stringify({ code: status, errMsg: reason })
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${WORDS[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
