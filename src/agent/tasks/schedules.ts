import type { TaskEntry } from '../../protocol/messages/task-list.js'
import { parseWireSchedule, type WireSchedule } from '../../schedule/wire-schedule.js'
import type { AgentLog } from '../log.js'
import type { TaskEnd, TaskIdentity, TaskResult } from './result.js'

// Schedules of this process: they live in memory, and the server hands them out again to the next process
// (agent-protocol.md §6.5). A run that is due while the one before it lasts is skipped.

export interface Schedules {
  /** Takes a schedule; the same version again is ignored, another one takes its place. Never rejects. */
  take(entry: TaskEntry): Promise<void>
  /** Forgets a schedule. @returns when its last run was; undefined: there is none */
  drop(taskId: string): LastRun | undefined
  /** How a run ended, for the times in later reports. */
  ended(taskId: string, end: TaskEnd): Promise<void>
  stop(): void
}

/** Both 0 when it never ran. */
export interface LastRun {
  readonly identity: TaskIdentity
  readonly startedAt: number
  readonly endedAt: number
}

interface ScheduleRoom {
  /** Begins a run. @returns false when one is under way */
  readonly begin: (entry: TaskEntry) => boolean
  readonly report: (result: TaskResult) => Promise<void>
  readonly log: AgentLog
}

interface Scheduled {
  readonly entry: TaskEntry
  readonly schedule: WireSchedule
  due: number | undefined
  timer: NodeJS.Timeout | undefined
  startedAt: number
  endedAt: number
}

/** Timers are set anew at least so often: clocks are corrected, and timers do not notice. */
const LONGEST_SLEEP_MS = 60_000
/** A host with more has a server that has lost its mind. */
const MOST_SCHEDULES = 10_000

export const isScheduled = ({ repeat }: TaskEntry): boolean =>
  repeat === 'Period' || repeat === 'Rate' || repeat === 'At'

export const openSchedules = ({ begin, report, log }: ScheduleRoom): Schedules => {
  const all = new Map<string, Scheduled>()

  const identityOf = ({ task }: TaskEntry): TaskIdentity => ({ taskId: task.taskID, invokeVersion: task.invokeVersion })

  const arm = (scheduled: Scheduled): void => {
    if (scheduled.due === undefined) return
    const sleep = Math.min(Math.max(scheduled.due - Date.now(), 0), LONGEST_SLEEP_MS)
    scheduled.timer = setTimeout(() => wake(scheduled), sleep)
  }

  const wake = (scheduled: Scheduled): void => {
    const now = Date.now()
    if (scheduled.due !== undefined && now >= scheduled.due) {
      const { taskID } = scheduled.entry.task
      scheduled.due = scheduled.schedule.next(now)
      if (!begin(scheduled.entry)) log.info(`task ${taskID} is skipped: it runs still`)
    } else {
      // The clock may have been set back.
      scheduled.due = scheduled.schedule.next(now)
    }
    arm(scheduled)
  }

  const refuse = async (entry: TaskEntry, value: string): Promise<void> => {
    log.warn(`task ${entry.task.taskID} has a schedule that cannot be: ${value}`)
    const end = { kind: 'invalid', param: 'cron', value } as const
    await report({ task: identityOf(entry), end, output: new Uint8Array() })
  }

  const forget = (taskId: string): Scheduled | undefined => {
    const scheduled = all.get(taskId)
    clearTimeout(scheduled?.timer)
    all.delete(taskId)
    return scheduled
  }

  return {
    async take(entry) {
      const { task, repeat } = entry
      const known = all.get(task.taskID)
      if (known?.entry.task.invokeVersion === task.invokeVersion)
        return log.debug(`task ${task.taskID} is known already`)
      if (repeat !== 'Period' && repeat !== 'Rate' && repeat !== 'At') return
      forget(task.taskID)
      const now = Date.now()
      const schedule = parseWireSchedule(repeat, task.cron, task.creationTime, now)
      if (typeof schedule === 'string') return refuse(entry, schedule)
      const due = schedule.next(now)
      // The vendor's agent says nothing here, and its server waits.
      if (due === undefined) return refuse(entry, 'AtExpressionExpired: its time was over before this agent had it')
      if (all.size >= MOST_SCHEDULES) return refuse(entry, 'InvalidCronExpression: too many schedules on this host')
      const { startedAt, endedAt } = known ?? { startedAt: 0, endedAt: 0 }
      const scheduled: Scheduled = { entry, schedule, due, timer: undefined, startedAt, endedAt }
      all.set(task.taskID, scheduled)
      log.info(`task ${task.taskID} is scheduled, next at ${new Date(due).toISOString()}`)
      arm(scheduled)
    },

    drop(taskId) {
      const scheduled = forget(taskId)
      if (scheduled === undefined) return undefined
      const { startedAt, endedAt } = scheduled
      return { identity: identityOf(scheduled.entry), startedAt, endedAt }
    },

    async ended(taskId, end) {
      const scheduled = all.get(taskId)
      if (scheduled === undefined) return
      if ('startedAt' in end && end.startedAt > 0) {
        scheduled.startedAt = end.startedAt
        scheduled.endedAt = end.endedAt
      }
      if (scheduled.due !== undefined) return
      forget(taskId)
      if (!scheduled.schedule.tellsCompletion) return
      const completed = { kind: 'stopped', startedAt: 0, endedAt: 0, exitCode: 0, dropped: 0, completed: true } as const
      await report({ task: identityOf(scheduled.entry), end: completed, output: new Uint8Array() })
    },

    stop() {
      for (const taskId of all.keys()) forget(taskId)
    },
  }
}
