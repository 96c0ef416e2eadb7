// Tasks whose end will not be reported: their agent's process is gone, their host is, or a deadline passed (design §5).
import type { Clock } from '../clock.js'
import { isOfAnotherProcess } from '../fleet/agent-process.js'
import { deadlineCounts, outageText } from '../fleet/outage.js'
import type { PresenceTable } from '../fleet/presence.js'
import { keepRun } from '../outputs/output-delivery.js'
import { isTooLate, LOOK_AGAIN_MS, NEVER_BACK } from '../rollouts/paced-tasks.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { DELIVERY_MS } from './admit.js'
import { changeTask } from './change-task.js'
import { ERROR_TEXTS, type ResultErrorCode } from './error-texts.js'
import { hasHistory } from './repeat-modes.js'
import type { Reschedules } from './reschedules.js'
import { isLastRun } from '../../../schedule/frequency.js'
import { frequencyOf, runsOnce } from './frequency-of.js'
import { isRunUnderWay } from './run-ends.js'
import { completed, giveUpRun } from './take-run-report.js'
import { isFinal, isHeld, move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** Overdue tasks ended in one transaction. */
const CHUNK = 200
/** Unfinished tasks of one host; more are ended by the next heartbeat or their deadlines. */
const MOST_OF_ONE_HOST = 1_000
/** For how long the next fetch of a host looks for schedules that its new process lacks. */
const SCHEDULES_WANTED_MS = 10 * 60_000

export interface ProcessChange {
  /** The first beat of a process that was not compared with the host's tasks yet. */
  processSeen(instanceId: string, identity: string, coldStart: boolean): Promise<void>
  deregistered(instanceId: string): Promise<void>
}

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  /** When a host last said that it is installing an update. */
  readonly rejections: ReadonlyMap<string, number>
  /** One-shots that a host has at a time. */
  readonly tasksPerHost: number
  readonly reschedules: Reschedules
  readonly wake: (instanceIds: readonly string[]) => void
}

export interface LostTasks extends ProcessChange {
  /** Ends tasks whose deadline passed. @returns how many */
  expire(): Promise<number>
}

export const endLostTasks = ({
  stores,
  clock,
  presence,
  rejections,
  tasksPerHost,
  reschedules,
  wake,
}: Parts): LostTasks => {
  const end = async (
    w: Writing,
    task: TaskRow,
    event: TaskEvent,
    code: ResultErrorCode,
    info: string,
  ): Promise<void> => {
    const state = isFinal(task.state) ? undefined : move(task.state, false, event)
    const scope = await w.invocations.scopeOf(task.invokeId)
    if (state === undefined || scope === undefined) return
    const now = clock.now()
    const after: TaskRow = {
      ...task,
      state,
      outcomeUnknown: event === 'lost' || code === 'AtExpressionExpired',
      errorCode: code,
      // What the agent posted while no server answered is gone.
      errorInfo: info + outageText(presence, task.handedOutAt),
      // What never began has no end.
      finishedAt: task.finishedAt ?? (task.startedAt === undefined ? undefined : now),
      deadlineAt: undefined,
    }
    if (isRunUnderWay(task)) await keepRun(w, after, 'Error', now)
    await changeTask(w, scope, task, after, now)
    w.audit({
      ...scope,
      at: now,
      actor: 'server',
      action: 'sweep/end-task',
      subject: task.invokeId,
      detail: { instance: task.instanceId, to: state, code },
    })
  }

  const endUnfinished = (
    instanceId: string,
    concerns: (task: TaskRow) => boolean,
    code: ResultErrorCode,
    pendingToo: boolean,
  ): Promise<void> =>
    stores.write(async (w) => {
      for (const task of await w.tasks.unfinishedOf(instanceId, MOST_OF_ONE_HOST)) {
        if (task.state === 'Pending' ? !pendingToo : !concerns(task)) continue
        if (hasHistory(task.repeatMode) && task.state !== 'Pending' && !pendingToo) await runLost(w, task, code)
        else await end(w, task, task.state === 'Pending' ? 'not-delivered' : 'lost', code, ERROR_TEXTS[code])
      }
      if (!pendingToo) return
      for (const task of await w.tasks.heldOf(instanceId, MOST_OF_ONE_HOST))
        await end(w, task, 'not-delivered', code, ERROR_TEXTS[code])
      for (const task of await w.tasks.schedulesOf(instanceId, MOST_OF_ONE_HOST))
        if (task.state === 'Scheduled') await end(w, task, 'lost', code, ERROR_TEXTS[code])
    })

  /** The process that had the schedule is gone, with the run that was under way; a stop has come to its end by that. */
  const runLost = async (w: Writing, task: TaskRow, code: ResultErrorCode): Promise<void> => {
    const script = await w.invocations.script(task.invokeId)
    if (script === undefined) return
    const { scope } = script
    const now = clock.now()
    await giveUpRun(w, script, task, code, ERROR_TEXTS[code] + outageText(presence, task.handedOutAt), now)
    if (task.state !== 'Stopping') return
    const left = await w.tasks.find(task.invokeId, task.instanceId)
    if (left !== undefined && isFinal(left.state)) return
    const state = left === undefined ? undefined : move(left.state, false, left.runs === 0 ? 'never-ran' : 'stopped')
    if (left !== undefined && state !== undefined)
      await changeTask(w, scope, left, { ...left, state, deadlineAt: undefined }, now)
  }

  return {
    async processSeen(instanceId, identity, coldStart) {
      if (!(await stores.read.tasks.hasUnfinished(instanceId))) return
      const ofAnother = (task: TaskRow): boolean => isOfAnotherProcess(task, identity)
      await endUnfinished(instanceId, ofAnother, coldStart ? 'InstanceRestarted' : 'ClientRestarted', false)
      const isMissing = (task: TaskRow): boolean => task.repeatMode === 'Period' && ofAnother(task)
      if ((await stores.read.tasks.schedulesOf(instanceId, MOST_OF_ONE_HOST)).some(isMissing)) {
        reschedules.add(instanceId, clock.now() + SCHEDULES_WANTED_MS)
        wake([instanceId])
      }
    },

    deregistered: (instanceId) => endUnfinished(instanceId, () => true, 'InstanceDeregistered', true),

    async expire() {
      const now = clock.now()
      const due = (await stores.read.tasks.overdue(now, CHUNK)).filter((task) =>
        deadlineCounts(presence, task.handedOutAt ?? task.createdAt),
      )
      if (due.length === 0) return 0
      const ended = await stores.write(async (w) => {
        const found: TaskRow[] = []
        // All are held, in the order in which stops and fetches come to tasks, before the hosts' counters are.
        for (const { invokeId, instanceId } of due.toSorted(byInvocationAndInstance)) {
          const task = await w.tasks.find(invokeId, instanceId)
          if (task !== undefined && !isFinal(task.state) && (task.deadlineAt ?? Number.POSITIVE_INFINITY) <= now)
            found.push(task)
        }
        for (const task of found.sort(byInstance)) {
          if (isHeld(task.state)) {
            await queueOver(w, task, now)
          } else if (isWaiting(task)) {
            await overdueSchedule(w, task, now)
          } else if (hasHistory(task.repeatMode) && task.state !== 'Pending') {
            const script = await w.invocations.script(task.invokeId)
            if (script !== undefined)
              await giveUpRun(
                w,
                script,
                task,
                'ExecutionInterrupted',
                neverEnded(task) + outageText(presence, task.handedOutAt),
                now,
              )
          } else if (task.state === 'Pending') {
            const code = await undelivered(task)
            if (code !== 'TaskConcurrencyLimit' && (await waitAgain(w, task, now))) continue
            await end(w, task, 'not-delivered', code, ERROR_TEXTS[code])
          } else {
            await end(w, task, 'lost', 'ExecutionInterrupted', neverEnded(task))
          }
        }
        return found
      })
      // A schedule may have been changed while its run lasted.
      wake(
        ended
          .filter(({ repeatMode, state }) => repeatMode === 'Period' && state === 'Running')
          .map((task) => task.instanceId),
      )
      return ended.length
    },
  }

  /** A host that is back and waits for a free place is not away; what it waits for may take long. */
  async function queueOver(w: Writing, task: TaskRow, now: number): Promise<void> {
    const isThere =
      presence.isLive(presence.lastSeen(task.instanceId)) &&
      !isTooLate(presence, task.instanceId, await w.rollouts.queueUntil(task.invokeId), now)
    if (isThere) await w.tasks.save(task, { ...task, deadlineAt: now + LOOK_AGAIN_MS }, now)
    else await end(w, task, 'not-delivered', 'ClientNotRunning', NEVER_BACK)
  }

  /**
   * A host that did not fetch what it was sent is waited for, where one that is away is: it counts as live for a while after it
   * went.
   */
  async function waitAgain(w: Writing, task: TaskRow, now: number): Promise<boolean> {
    const queueUntil = await w.rollouts.queueUntil(task.invokeId)
    const scope = await w.invocations.scopeOf(task.invokeId)
    const state = move(task.state, false, 'queued')
    if (queueUntil === undefined || queueUntil <= now || scope === undefined || state === undefined) return false
    await changeTask(w, scope, task, { ...task, state, deadlineAt: queueUntil }, now)
    return true
  }

  /** A time that its host dropped, or a cron schedule whose completion was never told; to be stopped or not. */
  async function overdueSchedule(w: Writing, task: TaskRow, now: number): Promise<void> {
    const script = await w.invocations.script(task.invokeId)
    if (script === undefined) return
    const frequency = frequencyOf(script)
    if (runsOnce(script) && task.state === 'Scheduled')
      await end(w, task, 'invalid', 'AtExpressionExpired', ERROR_TEXTS.AtExpressionExpired)
    else if (frequency !== undefined && task.startedAt !== undefined && isLastRun(frequency, task.startedAt))
      await completed(w, script, task, now)
    else await end(w, task, 'lost', 'ExecutionInterrupted', NEVER_COMPLETED)
  }

  async function undelivered(task: TaskRow): Promise<ResultErrorCode> {
    const rejectedAt = rejections.get(task.instanceId)
    // In a rollout it was sent long after it was submitted.
    const sentAt = (task.deadlineAt ?? task.createdAt + DELIVERY_MS) - DELIVERY_MS
    if (rejectedAt !== undefined && rejectedAt >= sentAt) return 'ClientIsUpgrading'
    const others = await stores.read.tasks.unfinishedOf(task.instanceId, MOST_OF_ONE_HOST)
    const inHand = others.filter((other) => other.state !== 'Pending').length
    return inHand >= tasksPerHost ? 'TaskConcurrencyLimit' : 'DeliveryTimeout'
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byInstance = (a: TaskRow, b: TaskRow): number => byText(a.instanceId, b.instanceId)
const byInvocationAndInstance = (a: TaskRow, b: TaskRow): number => byText(a.invokeId, b.invokeId) || byInstance(a, b)

const neverEnded = (task: TaskRow): string =>
  task.startedAt === undefined
    ? 'the agent took the command and never reported on it; whether it ran is unknown'
    : 'the agent reported the start of the command and never its end; how it ended is unknown'

/** A schedule without a run under way. */
const isWaiting = (task: TaskRow): boolean =>
  task.state === 'Scheduled' || (task.repeatMode === 'Period' && task.state === 'Stopping' && !isRunUnderWay(task))

const NEVER_COMPLETED =
  'the schedule is over, and the agent never reported its last run; whether it ran and how it ended is unknown'
