import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { KICK_LIMIT, PING_PAYLOAD } from '../protocol/kick.js'

// The agent's end of a notify socket, as lean as can be. Messages of this wire are short, so a server's frames are whole
// ones of less than 64 KiB; anything else ends the connection.

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const FINAL = 0x80
const MASKED = 0x80
const LENGTH_IN_16_BITS = 126

export interface NotifyListener {
  onOpen(): void
  onMessage(text: string): void
  /** Once, whether it ever was open or not. */
  onClosed(wasOpen: boolean): void
}

/** How long a handshake may take (agent-protocol.md §5.1). */
const HANDSHAKE_MS = 45_000

export class NotifyWire {
  readonly #socket: TLSSocket
  readonly #listener: NotifyListener
  #rest: Buffer | undefined
  #isOpen = false

  /** @param head the handshake's lines up to those of the websocket itself, each with its line end */
  constructor(socket: TLSSocket, head: string, listener: NotifyListener) {
    this.#socket = socket
    this.#listener = listener
    const key = randomBytes(16).toString('base64')
    socket.setTimeout(HANDSHAKE_MS, () => {
      if (!this.#isOpen) socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => listener.onClosed(this.#isOpen))
    socket.write(
      `${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
  }

  send(text: string): void {
    this.#write(OPCODE.text, Buffer.from(text))
  }

  ping(): void {
    this.#write(OPCODE.ping, Buffer.from(PING_PAYLOAD))
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    if (!this.#isOpen) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end === -1) {
        this.#keep(bytes)
        return
      }
      if (!bytes.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) {
        this.#socket.destroy()
        return
      }
      bytes = bytes.subarray(end + 4)
      this.#isOpen = true
      this.#socket.setTimeout(0)
      this.ping()
      this.#listener.onOpen()
    }
    for (;;) {
      const frame = readFrame(bytes)
      if (frame === undefined) break
      if (frame === 'broken') {
        this.#socket.destroy()
        return
      }
      bytes = bytes.subarray(frame.size)
      this.#handle(frame)
    }
    if (bytes.length > 0) this.#keep(bytes)
  }

  /** A copy: what was received is a piece of a larger buffer. */
  #keep(bytes: Buffer): void {
    if (bytes.length > 16 * 1024) this.#socket.destroy()
    else this.#rest = Buffer.from(bytes)
  }

  #handle({ opcode, payload }: Frame): void {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) this.#listener.onMessage(payload.toString())
    else if (opcode === OPCODE.ping) this.#write(OPCODE.pong, payload)
    else if (opcode === OPCODE.close) {
      this.#write(OPCODE.close, payload.subarray(0, 2))
      this.#socket.end()
    }
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#socket.destroyed) return
    this.#socket.write(writeFrame(opcode, payload))
  }
}

interface Frame {
  readonly opcode: number
  readonly payload: Buffer
  /** Bytes of the whole frame. */
  readonly size: number
}

/** A server's frame, which is not masked. @returns undefined while it is not whole */
export const readFrame = (bytes: Buffer): Frame | 'broken' | undefined => {
  if (bytes.length < 2) return undefined
  const [first = 0, second = 0] = bytes
  let length = second & 0x7f
  if ((first & FINAL) === 0 || (second & MASKED) !== 0 || length > LENGTH_IN_16_BITS) return 'broken'
  let start = 2
  if (length === LENGTH_IN_16_BITS) {
    if (bytes.length < 4) return undefined
    length = bytes.readUInt16BE(2)
    start = 4
  }
  if (length > KICK_LIMIT * 4) return 'broken'
  const size = start + length
  return bytes.length < size ? undefined : { opcode: first & 0x0f, payload: bytes.subarray(start, size), size }
}

/** A client's frame, masked as it must be. */
export const writeFrame = (opcode: number, payload: Buffer): Buffer => {
  const isLong = payload.length >= LENGTH_IN_16_BITS
  const start = isLong ? 8 : 6
  const frame = Buffer.allocUnsafe(start + payload.length)
  frame[0] = FINAL | opcode
  frame[1] = MASKED | (isLong ? LENGTH_IN_16_BITS : payload.length)
  if (isLong) frame.writeUInt16BE(payload.length, 2)
  // A mask protects proxies from scripts in browsers; nothing here depends on whether it can be guessed.
  frame.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), start - 4)
  for (let index = 0; index < payload.length; index++) {
    frame[start + index] = (payload[index] ?? 0) ^ (frame[start - 4 + (index % 4)] ?? 0)
  }
  return frame
}
