import { connect as connectSecurely } from 'node:tls'
import { connect, type Socket } from 'node:net'
import type { Doors, Peer } from './peer.js'
import { type Front, type FrontEvents, type FrontSettings, startFront } from './front.js'
import type { KeyAndCertificate } from './listener.js'

/** A front on free loopback ports, with doors that say who they are and what they saw. */
export interface TestFront extends AsyncDisposable {
  readonly front: Front
  readonly events: string[]
  readonly peers: Peer[]
  readonly plainPort: number
  readonly tlsPort: number
}

export interface TestFrontOptions {
  readonly settings?: Partial<FrontSettings>
  readonly tls?: KeyAndCertificate | Promise<KeyAndCertificate>
  readonly doors?: Partial<Doors> | Promise<Doors>
}

const read = (request: AsyncIterable<Buffer>): Promise<number> =>
  (async () => {
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    return bytes
  })()

export const testDoors = (peers: Peer[]): Doors => {
  const door =
    (name: string): Doors['api'] =>
    (request, response, peer) => {
      peers.push(peer)
      read(request).then(
        (bytes) => response.end(`${name} ${request.method} ${request.url} ${bytes}`),
        () => response.destroy(),
      )
    }
  return {
    api: door('api'),
    gateway: door('gateway'),
    gatewayUpgrade: (request, socket, head, peer) => {
      peers.push(peer)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`)
      socket.write(`${request.url} ${head.toString()}`)
    },
  }
}

export const startTestFront = async (options: TestFrontOptions = {}): Promise<TestFront> => {
  const events: string[] = []
  const peers: Peer[] = []
  const told: FrontEvents = {
    requestRefused: (reason) => events.push(`refused ${reason}`),
    connectionFailed: (listener, code) => events.push(`failed ${listener} ${code}`),
    connectionDropped: (listener) => events.push(`dropped ${listener}`),
    doorFailed: (path, error) => events.push(`door failed ${path} ${String(error)}`),
  }
  const front = await startFront({
    settings: {
      listen: { host: '127.0.0.1', port: 0 },
      listenTls: options.tls === undefined ? undefined : { host: '127.0.0.1', port: 0 },
      publicHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      maxConnections: 100,
      ...options.settings,
    },
    doors: options.doors instanceof Promise ? options.doors : { ...testDoors(peers), ...options.doors },
    telemetry: (request, response, peer) => {
      peers.push(peer)
      response.end(`telemetry ${request.url}`)
    },
    tls: options.tls,
    events: told,
  })
  return {
    front,
    events,
    peers,
    plainPort: front.plain?.port ?? 0,
    tlsPort: front.tls?.port ?? 0,
    [Symbol.asyncDispose]: () => front.stop({ drainMs: 1_000 }),
  }
}

export const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

export const dialSecurely = (port: number, ca: string, servername: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectSecurely({ port, host: '127.0.0.1', ca, servername }, () => resolve(socket))
    socket.once('error', reject)
  })

/** Everything that comes until the other end closes. */
export const readToEnd = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })

/** Reads until the text holds the words; the socket stays open. */
export const readUntil = (socket: Socket, words: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!text.includes(words)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error(`closed before "${words}" came: ${text}`)))
  })

/** Sends bytes as they are, and reads until the other end closes. */
export const sendRaw = async (port: number, bytes: string | Buffer): Promise<string> => {
  const socket = await dial(port)
  const answer = readToEnd(socket)
  socket.write(bytes)
  return answer
}

/** One request with `Connection: close`. */
export const ask = (port: number, target: string, headers: Record<string, string> = {}, method = 'GET') => {
  const all = { Host: `127.0.0.1:${port}`, Connection: 'close', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return sendRaw(port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
}
