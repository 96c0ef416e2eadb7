// A kept-alive HTTP connection that costs the load generator as little as possible: one request at a time, its bytes
// made beforehand, answers told apart by Content-Length.
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { readFileSync } from 'node:fs'
import { readCertificateOnce } from '../../src/simulator/endpoint.js'

export interface Target {
  readonly port: number
  /** Present: over TLS. */
  readonly secure?: SecureContext | undefined
}

export const secureTarget = (port: number, caFile: string): Target => ({
  port,
  secure: createSecureContext({ ca: readFileSync(caFile) }),
})

export interface WireAnswer {
  readonly status: number
  readonly body: Buffer
}

/** Loopback has 16 million addresses: ports of closed connections are not waited for. */
const localAddress = (number: number): string => `127.0.${1 + ((number >> 8) % 100)}.${1 + (number % 250)}`

const readOnce = readCertificateOnce()

/** Opens a socket; resolves when it can be written to. */
export const dial = (target: Target, number = 0, timeoutMs = 45_000): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const base = { host: '127.0.0.1', port: target.port, localAddress: localAddress(number) }
    const socket =
      target.secure === undefined
        ? connectPlain({ ...base, noDelay: true }, () => done())
        : connectTls({ ...base, secureContext: target.secure, servername: 'localhost' }, () => done())
    if (socket instanceof TLSSocket) readOnce(socket)
    const fail = (cause: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(cause)
    }
    const closed = (): void => fail(new Error('closed while connecting'))
    const timer = setTimeout(() => fail(new Error('timed out while connecting')), timeoutMs)
    const done = (): void => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.off('close', closed)
      socket.setNoDelay(true)
      resolve(socket)
    }
    socket.once('error', fail)
    socket.once('close', closed)
  })

export class Wire {
  readonly socket: Socket
  #pieces: Buffer[] = []
  #size = 0
  #expected = -1
  #headerEnd = 0
  #status = 0
  #waiting: { resolve: (answer: WireAnswer) => void; reject: (cause: Error) => void } | undefined
  #gone: Error | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (cause) => this.#end(cause))
    socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  static async open(target: Target, number = 0, timeoutMs?: number): Promise<Wire> {
    return new Wire(await dial(target, number, timeoutMs))
  }

  /** Sends a request and resolves with its answer. One at a time. */
  request(bytes: string | Buffer): Promise<WireAnswer> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.socket.write(bytes)
    })
  }

  close(): void {
    this.socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#pieces.push(chunk)
    this.#size += chunk.length
    if (this.#expected < 0) {
      const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces)
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = bytes.toString('latin1', 0, end + 2)
      this.#status = Number(head.slice(9, 12))
      this.#headerEnd = end + 4
      this.#expected = this.#headerEnd + Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0)
    }
    if (this.#size < this.#expected) return
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces)
    const answer = { status: this.#status, body: bytes.subarray(this.#headerEnd, this.#expected) }
    const waiting = this.#waiting
    this.#pieces = []
    this.#size = 0
    this.#expected = -1
    this.#waiting = undefined
    waiting?.resolve(answer)
  }

  #end(cause: Error): void {
    this.#gone ??= cause
    this.#waiting?.reject(cause)
    this.#waiting = undefined
  }
}
