// The agent's end of a notify socket, as small as can be: answers pings, hands on texts. Frames of the server are short
// and not fragmented.
import type { Socket } from 'node:net'

/** Of server to client frames; clients mask theirs. */
const TEXT = 0x1
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa

export class NotifySocket {
  readonly socket: Socket
  /** A text came. */
  onText: (text: string) => void = () => undefined
  onClosed: () => void = () => undefined
  #rest: Buffer = Buffer.alloc(0)
  #opened: (() => void) | undefined
  #refused: ((cause: Error) => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#refused?.(new Error('closed in the handshake'))
      this.onClosed()
    })
  }

  /** Sends the handshake; resolves when the server has taken it. */
  open(handshake: string, timeoutMs = 45_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#refused?.(new Error('the handshake timed out')), timeoutMs)
      this.#opened = () => {
        clearTimeout(timer)
        this.#opened = undefined
        this.#refused = undefined
        resolve()
      }
      this.#refused = (cause) => {
        clearTimeout(timer)
        this.#opened = undefined
        this.#refused = undefined
        this.socket.destroy()
        reject(cause)
      }
      this.socket.write(handshake)
    })
  }

  /** Payloads below 126 bytes only. */
  send(opcode: number, payload: Buffer): void {
    if (payload.length > 125) throw new Error('a frame of this bench is short')
    // A mask of zeros is a mask: the payload goes as it is.
    this.socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]))
  }

  sendText(text: string): void {
    this.send(TEXT, Buffer.from(text))
  }

  ping(): void {
    this.send(PING, Buffer.from('keepalive'))
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#opened !== undefined) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) {
        this.#rest = bytes
        return
      }
      const head = bytes.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101')) {
        this.#refused?.(new Error(head.split('\r\n', 1)[0]))
        return
      }
      bytes = bytes.subarray(end + 4)
      this.#opened()
    }
    while (bytes.length >= 2) {
      const length = (bytes[1] ?? 0) & 0x7f
      if (length > 125) throw new Error('a frame of the server is longer than expected')
      if (bytes.length < 2 + length) break
      const opcode = (bytes[0] ?? 0) & 0x0f
      const payload = bytes.subarray(2, 2 + length)
      bytes = bytes.subarray(2 + length)
      if (opcode === PING) this.send(PONG, payload)
      else if (opcode === TEXT) this.onText(payload.toString('utf8'))
      else if (opcode === CLOSE) this.socket.end()
    }
    this.#rest = bytes
  }
}
