import type { TLSSocket } from 'node:tls'

// One kept-alive HTTPS connection of a simulated agent, as lean as can be: one request at a time, the others wait; the
// connection is dialled when it is needed and kept while the server keeps it. Only what this wire's answers use of HTTP
// is understood: a length or chunks.

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

interface Waiting {
  readonly bytes: Buffer
  readonly timeoutMs: number
  readonly resolve: (answer: HttpAnswer | undefined) => void
}

const ANSWER_LIMIT = 32 * 1024 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')
/** The vendor's agent closes idle connections after so long (design §8). */
const IDLE_MS = 90_000

export class HttpWire {
  readonly #dial: () => TLSSocket
  readonly #queue: Waiting[] = []
  #socket: TLSSocket | undefined
  #current: Waiting | undefined
  #isReused = false
  #isOverdue = false
  #received: Buffer | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #trouble = ''

  constructor(dial: () => TLSSocket) {
    this.#dial = dial
  }

  /** Why the last connection failed, if one did. */
  get trouble(): string {
    return this.#trouble
  }

  /** @returns undefined when no whole answer came in time; never rejects */
  request(bytes: Buffer, timeoutMs: number): Promise<HttpAnswer | undefined> {
    return new Promise((resolve) => {
      this.#queue.push({ bytes, timeoutMs, resolve })
      this.#next()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.destroy()
    this.#settle(undefined)
    for (const waiting of this.#queue.splice(0)) waiting.resolve(undefined)
  }

  #next(): void {
    if (this.#current !== undefined) return
    const next = this.#queue.shift()
    if (next === undefined) return
    if (this.#isClosed) {
      next.resolve(undefined)
      return
    }
    this.#current = next
    this.#isOverdue = false
    this.#timer = setTimeout(() => {
      this.#isOverdue = true
      this.#trouble = 'too late'
      this.#socket?.destroy()
    }, next.timeoutMs)
    this.#send(next)
  }

  #send({ bytes }: Waiting): void {
    this.#isReused = this.#socket !== undefined
    this.#socket ??= this.#open()
    this.#socket.write(bytes)
  }

  #open(): TLSSocket {
    const socket = this.#dial()
    socket.setTimeout(IDLE_MS, () => {
      if (this.#current === undefined) socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => this.#take(socket, chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#trouble = error.code ?? error.message
    })
    socket.on('close', () => this.#gone(socket))
    return socket
  }

  #gone(socket: TLSSocket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    const isUntouched = this.#received === undefined
    this.#received = undefined
    const current = this.#current
    if (current === undefined) return
    // The server closed a kept connection at the moment it was used again: that is no failure.
    if (this.#isReused && isUntouched && !this.#isOverdue && !this.#isClosed) this.#send(current)
    else this.#settle(undefined)
  }

  #take(socket: TLSSocket, chunk: Buffer): void {
    this.#received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk])
    const answer = this.#received.length > ANSWER_LIMIT ? 'broken' : parseAnswer(this.#received)
    if (answer === undefined) return
    this.#received = undefined
    if (answer === 'broken' || this.#current === undefined) {
      socket.destroy()
      return
    }
    if (!answer.isKept) {
      this.#socket = undefined
      socket.destroy()
    }
    this.#settle(answer)
  }

  #settle(answer: HttpAnswer | undefined): void {
    clearTimeout(this.#timer)
    const current = this.#current
    this.#current = undefined
    current?.resolve(answer)
    this.#next()
  }
}

interface ParsedAnswer extends HttpAnswer {
  readonly isKept: boolean
}

/** @returns undefined while it is not whole */
export const parseAnswer = (bytes: Buffer): ParsedAnswer | 'broken' | undefined => {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
  if (status === undefined) return 'broken'
  const isKept = !/\r\nconnection: *close/i.test(head)
  const bodyStart = headEnd + HEAD_END.length
  const length = /\r\ncontent-length: *(\d{1,10})/i.exec(head)?.[1]
  if (length !== undefined) {
    const end = bodyStart + Number(length)
    return bytes.length < end
      ? undefined
      : { status: Number(status), body: bytes.toString('utf8', bodyStart, end), isKept }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status: Number(status), body: '', isKept }
  const body = joinChunks(bytes, bodyStart)
  return typeof body === 'object' ? { status: Number(status), body: body.text, isKept } : body
}

const joinChunks = (bytes: Buffer, start: number): { readonly text: string } | 'broken' | undefined => {
  const pieces: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = /^[0-9a-f]{1,8}/i.exec(bytes.toString('latin1', at, lineEnd))?.[0]
    if (size === undefined) return 'broken'
    const from = lineEnd + 2
    const length = Number.parseInt(size, 16)
    if (bytes.length < from + length + 2) return undefined
    if (length === 0) return { text: Buffer.concat(pieces).toString() }
    pieces.push(bytes.subarray(from, from + length))
    at = from + length + 2
  }
}
