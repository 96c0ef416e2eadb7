import {
  formatKickAnswer,
  KICK_LIMIT,
  type KickAnswer,
  NOTIFY_PATH,
  parseKick,
  PING_INTERVAL_MS,
  PING_PAYLOAD,
} from '../../protocol/kick.js'
import { type AgentLog, reasonOf } from '../log.js'
import { type Backoff, fullJitter } from './backoff.js'
import { createBell } from './bell.js'
import type { ServerLink } from './server-link.js'
import { type Socket, WebSocket } from './web-socket.js'

/** What the notify socket tells the rest of the agent. Nothing here may throw. */
export interface NotifyListener {
  /** The server wants this host to look for work. The id is a hint. */
  onKick(taskId: string | undefined): void
  onOpen(): void
  onClosed(): void
}

export interface NotifyLoop {
  stop(): Promise<void>
}

const HANDSHAKE_TIMEOUT_MS = 15_000
/** A ping that got no sign of life for so long: the peer is gone. */
const PONG_TIMEOUT_MS = 20_000
/** A connection that lasted so long was a good one: the way back begins with the shortest wait again. */
const GOOD_AFTER_MS = 10_000
/** Answers that the server does not read; more than this and it is no peer of ours. */
const MOST_BUFFERED = 64 * 1024

const wayBack = fullJitter(1_000, 30_000)

/**
 * Keeps one notify socket open (agent-protocol.md §5.1). The way back after a loss is shorter than that of the vendor's
 * agent: at most a second, then up to 2, 4, … 30 s.
 */
export const startNotify = (
  link: ServerLink,
  listener: NotifyListener,
  log: AgentLog,
  backoff: Backoff = wayBack,
): NotifyLoop => {
  const bell = createBell()
  let current: Socket | undefined

  const loop = async (): Promise<void> => {
    let attempt = 0
    while (!bell.closed) {
      const lastedMs = await connection()
      attempt = lastedMs >= GOOD_AFTER_MS ? 0 : attempt + 1
      await bell.wait(backoff(Math.max(0, attempt - 1)))
    }
  }

  /** @returns how long it was open, in ms */
  const connection = (): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`wss://${link.address.host}${NOTIFY_PATH}`, {
        perMessageDeflate: false,
        maxPayload: KICK_LIMIT * 4,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        headers: { 'user-agent': link.userAgent, ...link.identityHeaders() },
        ...(link.ca === undefined ? {} : { ca: link.ca }),
      })
      current = socket
      let openedAt: number | undefined
      let pinging: NodeJS.Timeout | undefined
      let pongDue: NodeJS.Timeout | undefined
      let reason = ''

      const alive = (): void => {
        clearTimeout(pongDue)
        pongDue = undefined
      }
      const ping = (): void => {
        socket.ping(PING_PAYLOAD)
        pongDue ??= setTimeout(() => {
          reason = 'no sign of life'
          socket.terminate()
        }, PONG_TIMEOUT_MS)
      }

      socket.on('open', () => {
        openedAt = performance.now()
        log.info('connected')
        ping()
        pinging = setInterval(ping, PING_INTERVAL_MS)
        listener.onOpen()
      })
      socket.on('ping', alive)
      socket.on('pong', alive)
      socket.on('message', (data: Buffer) => {
        alive()
        const text = data.toString()
        const { answer, taskId, isForWork } = understand(text)
        log.debug(`${answer}: ${text}`)
        socket.send(formatKickAnswer(answer, text), () => undefined)
        if (socket.bufferedAmount > MOST_BUFFERED) {
          reason = 'answers are not read'
          socket.terminate()
          return
        }
        if (isForWork) listener.onKick(taskId)
      })
      socket.on('error', (error) => {
        reason ||= reasonOf(error)
      })
      socket.on('close', (code) => {
        clearInterval(pinging)
        alive()
        current = undefined
        reason ||= `closed with code ${code}`
        if (!bell.closed) log.warn(openedAt === undefined ? `cannot connect: ${reason}` : `connection lost: ${reason}`)
        if (openedAt !== undefined) listener.onClosed()
        resolve(openedAt === undefined ? 0 : performance.now() - openedAt)
      })
    })

  const running = loop()
  return {
    async stop() {
      bell.close()
      current?.terminate()
      await running
    },
  }
}

interface Understood {
  readonly answer: KickAnswer
  readonly isForWork: boolean
  readonly taskId: string | undefined
}

/** What this agent answers to a message. Sessions and orders to the agent itself are not served. */
export const understand = (text: string): Understood => {
  const kick = parseKick(text)
  switch (kick?.word) {
    case 'fetch':
      return { answer: 'accept', isForWork: true, taskId: undefined }
    case 'task':
    case 'file':
      return { answer: 'accept', isForWork: true, taskId: kick.id }
    case 'noop':
      return { answer: 'accept', isForWork: false, taskId: undefined }
    case 'session':
    case 'agent':
    case undefined:
      return { answer: 'unknow', isForWork: false, taskId: undefined }
  }
}
