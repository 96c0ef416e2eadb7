import type { Message } from '../protocol/message.js'
import { LEAST_OUTPUT_QUOTA } from '../protocol/messages/task-entry.js'
import { FINAL_REPORT_PAUSE_MS, FINAL_REPORT_TRIES } from '../protocol/messages/report-fields.js'
import { SCRIPT_EXISTS, taskError } from '../protocol/messages/task-error.js'
import { taskFinish } from '../protocol/messages/task-finish.js'
import type { FileEntry, TaskEntry } from '../protocol/messages/task-list.js'
import { taskInvalid } from '../protocol/messages/task-invalid.js'
import { taskRunning } from '../protocol/messages/task-running.js'
import { taskStopped } from '../protocol/messages/task-stopped.js'
import { taskTimeout } from '../protocol/messages/task-timeout.js'
import { taskVerified } from '../protocol/messages/task-verified.js'
import type { QueryFields } from '../protocol/query.js'
import type { InferFields } from '../schema/shape.js'
import { decideOutcome, taskOf } from './outcome.js'
import { pause, type Room } from './room.js'

/** Posts a report once. */
export type Post = <F extends QueryFields, B, A>(
  message: Message<F, B, A>,
  query: InferFields<F>,
  body?: Uint8Array,
) => Promise<boolean>

interface Work {
  readonly entry: TaskEntry
  /** Ends a simulated script before its time. */
  stop: (() => void) | undefined
  isStopped: boolean
}

/** As many scripts run at once on the vendor's agent (design §5). */
const WORKERS = 10
/** Ids of ended tasks that are remembered. */
const REMEMBERED = 32

/** The tasks of one simulated host: from the entry of an answer to the final report. */
export class TaskWork {
  readonly #room: Room
  readonly #instanceId: string
  readonly #host: number
  readonly #post: Post
  readonly #known = new Map<string, Work>()
  readonly #queue: Work[] = []
  #ended: string[] = []
  #busy = 0

  constructor(room: Room, instanceId: string, host: number, post: Post) {
    this.#room = room
    this.#instanceId = instanceId
    this.#host = host
    this.#post = post
  }

  run(entry: TaskEntry): void {
    const { taskID } = entry.task
    if (entry.repeat === 'Period' || entry.repeat === 'Rate' || entry.repeat === 'At') {
      void this.#refuseSchedule(entry)
      return
    }
    if (this.#known.has(taskID)) return
    if (this.#ended.includes(taskID)) {
      void this.#refuse(entry)
      return
    }
    const work: Work = { entry, stop: undefined, isStopped: false }
    this.#known.set(taskID, work)
    this.#room.board.add('taken')
    this.#queue.push(work)
    this.#next()
  }

  stop({ task }: TaskEntry): void {
    const work = this.#known.get(task.taskID)
    if (work === undefined) {
      const { taskID: taskId, invokeVersion } = task
      const nothing = { start: 0, end: 0, exitcode: 0, dropped: 0, result: 'killed' } as const
      void this.#final(taskStopped, { taskId, invokeVersion, ...nothing })
      return
    }
    work.isStopped = true
    work.stop?.()
  }

  test({ task }: TaskEntry): void {
    void this.#post(taskVerified, { taskId: task.taskID, invokeVersion: task.invokeVersion })
  }

  /** Nothing is written: every file is taken for one that could be. As the vendor's agent says it, once. */
  write({ task }: FileEntry): void {
    const { board } = this.#room
    board.add('taken')
    const result = { taskId: task.taskID, status: 'Success', taskType: 'sendfile', errorcode: 0 } as const
    void this.#post(taskFinish, result).then((taken) => board.add(taken ? 'finished' : 'lost'))
  }

  #next(): void {
    if (this.#busy >= WORKERS) return
    const work = this.#queue.shift()
    if (work === undefined) return
    this.#busy++
    void this.#do(work).finally(() => {
      this.#busy--
      this.#next()
    })
  }

  async #do(work: Work): Promise<void> {
    const { board } = this.#room
    const { task, output } = work.entry
    const identity = { taskId: task.taskID, invokeVersion: task.invokeVersion }
    const start = Date.now()
    board.add('running')
    try {
      const simulated = taskOf(work.entry, this.#instanceId, this.#host)
      const outcome = decideOutcome(simulated, this.#room.outcomes)
      if (output.sendStart) {
        if (await this.#post(taskRunning, { ...identity, start })) board.add('started')
        else board.add('lost')
      }
      const limit = simulated.timeoutMs > 0 ? simulated.timeoutMs : Number.POSITIVE_INFINITY
      await this.#pass(work, Math.min(outcome.delayMs, limit))
      await this.#hold()
      const { body, dropped } = withinQuota(outcome.output, output.logQuota)
      const end = Date.now()
      const times = { start, end, dropped }
      if (work.isStopped) {
        await this.#final(taskStopped, { ...identity, ...times, exitcode: -1, result: 'killed' })
      } else if (outcome.delayMs > limit) {
        await this.#final(taskTimeout, { ...identity, ...times, exitCode: 1 })
      } else {
        await this.#final(taskFinish, { ...identity, ...times, exitCode: outcome.exitCode }, body)
      }
    } catch (error) {
      // A function of the caller threw.
      board.fail(`no outcome: ${error instanceof Error ? error.message : String(error)}`)
      board.add('lost')
    } finally {
      board.add('running', -1)
      this.#known.delete(task.taskID)
      this.#ended.push(task.taskID)
      if (this.#ended.length > REMEMBERED) this.#ended = this.#ended.slice(-REMEMBERED / 2)
    }
  }

  #pass(work: Work, ms: number): Promise<void> | undefined {
    if (ms <= 0 || work.isStopped) return undefined
    return new Promise((resolve) => {
      work.stop = resolve
      this.#room.wheel.after(ms, resolve)
    })
  }

  async #hold(): Promise<void> {
    const gate = this.#room.letGo()
    if (gate === undefined) return
    this.#room.board.add('held')
    await gate
    this.#room.board.add('held', -1)
  }

  async #refuse({ task }: TaskEntry): Promise<void> {
    const { taskID: taskId, invokeVersion } = task
    const nothing = { start: 0, end: 0, exitCode: 0, dropped: 0 }
    const errDesc = 'ScriptFileExisted: the script is there already'
    await this.#final(taskError, { taskId, invokeVersion, ...nothing, errCode: SCRIPT_EXISTS, errDesc })
  }

  /** Simulated hosts keep no schedules, and say so instead of never running any. */
  async #refuseSchedule({ task: { taskID: taskId, invokeVersion } }: TaskEntry): Promise<void> {
    const value = 'InvalidCronExpression: a simulated host keeps no schedules'
    await this.#final(taskInvalid, { taskId, invokeVersion, param: 'cron', value })
  }

  /** A final report is tried four times in all, two seconds apart, then it is lost (agent-protocol.md §4.5). */
  async #final<F extends QueryFields, B, A>(
    message: Message<F, B, A>,
    query: InferFields<F>,
    body?: Uint8Array,
  ): Promise<void> {
    for (let tried = 1; !this.#room.isStopped(); tried++) {
      if (await this.#post(message, query, body)) {
        this.#room.board.add('finished')
        return
      }
      if (tried === FINAL_REPORT_TRIES) {
        this.#room.board.add('lost')
        return
      }
      await pause(this.#room, FINAL_REPORT_PAUSE_MS)
    }
  }
}

/** The end of what was written, as much as is kept. */
const withinQuota = (output: Uint8Array, quota: number): { readonly body: Uint8Array; readonly dropped: number } => {
  const dropped = Math.max(0, output.length - Math.max(quota, LEAST_OUTPUT_QUOTA))
  return { body: dropped === 0 ? output : output.subarray(dropped), dropped }
}
