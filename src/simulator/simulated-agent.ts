import type { Message } from '../protocol/message.js'
import { formatKickAnswer, NOTIFY_PATH, parseKick, PING_INTERVAL_MS } from '../protocol/kick.js'
import { clientReport } from '../protocol/messages/client-report.js'
import { heartBeat, LEAST_INTERVAL_MS, MOST_INTERVAL_MS } from '../protocol/messages/heart-beat.js'
import { AGENT_FEATURES, formatFeatures } from '../protocol/agent-features.js'
import { taskList } from '../protocol/messages/task-list.js'
import type { QueryFields } from '../protocol/query.js'
import type { InferFields } from '../schema/shape.js'
import { call, isSuccess, openingLines } from './call.js'
import type { HttpAnswer, HttpWire } from './http-wire.js'
import { NotifyWire } from './notify-wire.js'
import { pause, type Room } from './room.js'
import { Signer, type SimulatedHost } from './signer.js'
import { TaskWork } from './task-work.js'

/** The host has been up for a day. */
const UPTIME_MS = 86_400_000
const BEAT_RETRY_MS = 3_000
/** Fetches (agent-protocol.md §4.3). */
const FETCH_TRIES = 4
const FETCH_PAUSE_MS = 2_000
const ASK_AGAIN = 408
const EMPTY_FETCH_REPEAT_MS = 3_000
/** A lost socket (agent-protocol.md §5.1): read errors, then an incident report, then one dial. */
const READ_ERRORS_MS = 5_000
const BEFORE_REDIAL_MS = 1_000
const CHANNEL_TIMER_MS = 30 * 60_000
const FIRST_WAY_BACK_MS = 1_000
const LONGEST_WAY_BACK_MS = 30_000

/** One host as the vendor's agent is one: a notify socket, and a kept HTTPS connection for everything else. */
export class SimulatedAgent {
  readonly #room: Room
  readonly #host: SimulatedHost
  readonly #number: number
  readonly #wire: HttpWire
  readonly #signer: Signer
  readonly #work: TaskWork
  readonly #startedAt = Date.now()
  #notify: NotifyWire | undefined
  #beatsSent = 0
  #beatsAnswered = 0
  #isFetching = false
  #isEnabled = false
  #wanted: 'kick' | 'repeat' | undefined
  #hint: string | undefined
  #dialsInVain = 0
  #wasConnected = false

  constructor(room: Room, host: SimulatedHost, number: number, wire: HttpWire) {
    this.#room = room
    this.#host = host
    this.#number = number
    this.#wire = wire
    this.#signer = new Signer(host)
    this.#work = new TaskWork(room, host.instanceId, number, async (message, query, body) => {
      const answer = await this.#call(message, query, body)
      return answer !== undefined && isSuccess(answer.status)
    })
  }

  /**
   * Comes up: dials its socket, beats, asks for what waits. What fails is tried again by itself.
   * @returns false when the server does not know the host
   */
  async start(): Promise<boolean> {
    if ((await this.#beat()) === 401) return false
    await this.#dial()
    this.#isEnabled = true
    this.#isFetching = true
    await this.#fetch('startup')
    this.#isFetching = false
    this.#room.board.add('ready')
    this.#fetchIfWanted()
    return true
  }

  stockUp(requests: number, forLaterMs: number): Promise<void> {
    return this.#signer.stockUp(requests, forLaterMs)
  }

  close(): void {
    this.#notify?.close()
    this.#wire.close()
  }

  async #call<F extends QueryFields, B, A>(
    message: Message<F, B, A>,
    query: InferFields<F>,
    body?: Uint8Array,
  ): Promise<HttpAnswer | undefined> {
    const { caller, board, isStopped } = this.#room
    const answer = await call(this.#wire, caller, message, query, await this.#signer.lines(), body)
    if ((answer === undefined || !isSuccess(answer.status)) && !isStopped()) {
      board.fail(answer === undefined ? `${this.#wire.trouble}: ${message.path}` : `${answer.status}: ${message.path}`)
    }
    return answer
  }

  // Heartbeats

  /** @returns the status of the answer */
  async #beat(isRetry = false): Promise<number | undefined> {
    const { board, wheel, isBeating } = this.#room
    const now = Date.now()
    const answer = await this.#call(heartBeat, {
      uptime: UPTIME_MS + now - this.#startedAt,
      timestamp: now,
      pid: 1_000 + this.#number,
      process_uptime: now - this.#startedAt,
      index: this.#beatsAnswered,
      seq_no: this.#beatsSent++,
      ...(this.#beatsAnswered > 0
        ? {}
        : {
            virt_type: 'kvm',
            os_version: 'Linux_#1 SMP_x86_64',
            az: 'unknown',
            machineid: this.#host.machineId,
            cold_start: false,
          }),
    })
    let nextMs = LEAST_INTERVAL_MS + Math.random() * (MOST_INTERVAL_MS - LEAST_INTERVAL_MS)
    const isUnheard = answer === undefined || answer.status >= 500
    if (answer !== undefined && isSuccess(answer.status)) {
      this.#beatsAnswered++
      board.add('beats')
      const document = heartBeat.answer.decode(answer.body)
      const asked = document.ok ? (document.value.nextInterval ?? 0) : 0
      if (asked >= LEAST_INTERVAL_MS && asked <= MOST_INTERVAL_MS) nextMs = asked
    } else if (isUnheard && !isRetry) {
      nextMs = BEAT_RETRY_MS
    }
    const isNextRetry = isUnheard && !isRetry
    if (isBeating || isUnheard) wheel.after(nextMs, () => void this.#beat(isNextRetry))
    return answer?.status
  }

  // The notify socket

  /** @returns when it is open, or failed */
  async #dial(): Promise<void> {
    const { endpoint, caller, board, isStopped } = this.#room
    const head = openingLines(caller, 'GET', NOTIFY_PATH) + (await this.#signer.lines())
    if (isStopped()) return
    await new Promise<void>((resolve) => {
      const wire = new NotifyWire(endpoint.dial(), head, {
        onOpen: () => {
          board.add('connected')
          if (this.#wasConnected) board.add('returned')
          this.#wasConnected = true
          this.#dialsInVain = 0
          this.#pingLater(wire)
          resolve()
        },
        onMessage: (text) => this.#answerKick(wire, text),
        onClosed: (wasOpen) => {
          if (this.#notify === wire) this.#notify = undefined
          if (wasOpen) {
            board.add('connected', -1)
            board.add('disconnects')
          } else if (!isStopped()) {
            board.fail(`no ${NOTIFY_PATH}`)
          }
          if (!isStopped()) this.#comeBack(wasOpen)
          resolve()
        },
      })
      this.#notify = wire
    })
  }

  #pingLater(wire: NotifyWire): void {
    this.#room.wheel.after(PING_INTERVAL_MS, () => {
      if (this.#notify !== wire) return
      wire.ping()
      this.#pingLater(wire)
    })
  }

  #comeBack(wasOpen: boolean): void {
    const { reconnect, wheel, board } = this.#room
    // The first connection is a matter of the simulation, not of the vendor's agent: it is tried until it is there.
    if (reconnect === 'eager' || !this.#wasConnected) {
      const most = Math.min(LONGEST_WAY_BACK_MS, FIRST_WAY_BACK_MS * 2 ** Math.min(this.#dialsInVain++, 30))
      wheel.after(Math.random() * most, () => this.#redial())
    } else if (wasOpen) {
      wheel.after(READ_ERRORS_MS, () => {
        void this.#tellSwitch()
        wheel.after(BEFORE_REDIAL_MS, () => this.#redial())
      })
    } else {
      board.add('silent')
      const age = Date.now() - this.#startedAt
      wheel.after(CHANNEL_TIMER_MS - (age % CHANNEL_TIMER_MS), () => {
        board.add('silent', -1)
        this.#redial()
      })
    }
  }

  #redial(): void {
    if (this.#wasConnected) this.#room.board.add('redials')
    void this.#dial()
  }

  async #tellSwitch(): Promise<void> {
    if (clientReport.body.kind !== 'json') throw new TypeError('an incident is a JSON document')
    const body = clientReport.body.codec.encode({ type: 'switch_channel_in_wsk', info: 'start:the socket was lost' })
    await this.#call(clientReport, {}, Buffer.from(body))
  }

  // Work

  #answerKick(wire: NotifyWire, text: string): void {
    const kick = parseKick(text)
    const isKnown = kick !== undefined && kick.word !== 'session' && kick.word !== 'agent'
    wire.send(formatKickAnswer(isKnown ? 'accept' : 'unknow', text))
    if (!isKnown || kick.word === 'noop') return
    this.#room.board.add('kicks')
    // Kicks before the agent is up are accepted, and the startup fetch is still to come (agent-protocol.md §3).
    if (!this.#isEnabled) return
    this.#wanted = 'kick'
    this.#hint = kick.word === 'fetch' ? undefined : kick.id
    this.#fetchIfWanted()
  }

  #fetchIfWanted(): void {
    if (this.#isFetching || this.#wanted === undefined) return
    const why = this.#wanted
    this.#wanted = undefined
    this.#isFetching = true
    void this.#fetch(why).finally(() => {
      this.#isFetching = false
      this.#fetchIfWanted()
    })
  }

  async #fetch(why: 'startup' | 'kick' | 'repeat'): Promise<void> {
    const hint = this.#hint
    let failures = 0
    let rounds = 0
    while (!this.#room.isStopped()) {
      const answer = await this.#call(taskList, {
        ...(why === 'startup' ? { reason: 'startup', cold_start: false } : { reason: 'kickoff' }),
        ...(why === 'startup' || hint === undefined ? {} : { taskId: hint }),
        currentTime: Date.now(),
        offset: 0,
        timeZone: 'UTC',
        // Nothing runs: whatever is asked for would be done.
        supports: formatFeatures(AGENT_FEATURES),
      })
      const document =
        answer !== undefined && isSuccess(answer.status) ? taskList.answer.decode(answer.body) : undefined
      if (document?.ok !== true) {
        if (document !== undefined) this.#room.board.fail(`an answer of ${taskList.path} is malformed`)
        if (++failures === FETCH_TRIES) return
      } else {
        this.#room.board.add('fetched')
        const { code, run, stop, test, file = [] } = document.value
        for (const entry of file) this.#work.write(entry)
        for (const entry of run) this.#work.run(entry)
        for (const entry of stop) this.#work.stop(entry)
        for (const entry of test) this.#work.test(entry)
        if (code !== ASK_AGAIN || ++rounds === FETCH_TRIES) {
          if (why === 'kick' && run.length + stop.length + file.length === 0) this.#repeatLater()
          return
        }
      }
      await pause(this.#room, FETCH_PAUSE_MS)
    }
  }

  /** A kicked fetch that brought nothing is repeated once (agent-protocol.md §4.3). */
  #repeatLater(): void {
    this.#room.wheel.after(EMPTY_FETCH_REPEAT_MS, () => {
      this.#wanted ??= 'repeat'
      this.#fetchIfWanted()
    })
  }
}
