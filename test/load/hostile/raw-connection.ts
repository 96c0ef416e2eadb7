// A client that writes what it likes, and reads HTTP answers one after the other.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface RawAnswer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

/** `closed`: the other end ended the connection without another answer. `silent`: nothing came within the time. */
export type Outcome = RawAnswer | 'closed' | 'silent'

/** A port, and the authority to trust where it speaks TLS. */
export interface Listener {
  readonly port: number
  readonly ca?: string | undefined
}

/** What only a hang can reach. */
const SILENCE_MS = 45_000

export class RawConnection {
  readonly socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
      this.#wake?.()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
    // The other end has said all; what it reads further is of no interest.
    socket.on('end', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  /** @param number spreads closed connections over addresses of loopback, whose ports are not waited for */
  static async open({ port, ca }: Listener, number: number): Promise<RawConnection> {
    const localAddress = `127.0.${1 + ((number >> 8) % 100)}.${1 + (number % 250)}`
    const socket = connect({ host: '127.0.0.1', port, localAddress, allowHalfOpen: true, noDelay: true })
    await opened(socket, 'connect')
    if (ca === undefined) return new RawConnection(socket)
    const secure = connectTls({ socket, ca, servername: 'localhost' })
    await opened(secure, 'secureConnect')
    return new RawConnection(secure)
  }

  get ended(): boolean {
    return this.#ended
  }

  write(bytes: Buffer | string): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** The next answer. @param bodiless its body is not sent, as for HEAD */
  async read(bodiless = false, silenceMs = SILENCE_MS): Promise<Outcome> {
    const until = Date.now() + silenceMs
    for (;;) {
      const answer = this.#take(bodiless)
      if (answer !== undefined) return answer
      if (this.#ended) return 'closed'
      const left = until - Date.now()
      if (left <= 0) return 'silent'
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.socket.destroy()
  }

  #take(bodiless: boolean): RawAnswer | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const headers = this.#bytes.toString('latin1', 0, end + 2)
    const status = Number(headers.slice(9, 12))
    // The server goes on: 100 Continue is not the answer.
    if (status === 100) {
      this.#bytes = this.#bytes.subarray(end + 4)
      return this.#take(bodiless)
    }
    const length = bodiless ? 0 : Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(headers)?.[1] ?? 0)
    const whole = end + 4 + length
    if (this.#bytes.length < whole) {
      return undefined
    }
    const body = this.#bytes.toString('utf8', end + 4, whole)
    this.#bytes = this.#bytes.subarray(whole)
    if (/\r\ntransfer-encoding:/i.test(headers)) throw new Error(`an answer in chunks: ${headers}`)
    return { status, headers, body }
  }
}

const opened = (socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
  })
