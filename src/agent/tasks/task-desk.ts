import type { TaskEntry } from '../../protocol/messages/task-list.js'
import type { TaskListAnswer } from '../link/fetch.js'
import { type AgentLog, reasonOf } from '../log.js'
import type { SeenTasks } from '../state/seen-tasks.js'
import { type CancellationSource, createCancellation } from './cancellation.js'
import { ERROR_CODE, failedBy } from './refusal.js'
import { type TaskIdentity, taskKey } from './result.js'
import { isScheduled, openSchedules } from './schedules.js'
import { carryOut, type TaskRoom, verify } from './steps.js'

// Takes in what a fetch brought: new tasks are marked as seen before anything else, known ones are ignored, stops go to
// the tasks they mean.

export interface TaskDesk {
  /** Resolves when everything is marked and under way. Never rejects. */
  readonly takeIn: (answer: TaskListAnswer) => Promise<void>
  /** Kills what runs; resolves when each task has its final report on disk. Nothing is taken in afterwards. */
  stop(): Promise<void>
}

export interface DeskRoom extends TaskRoom {
  readonly seen: SeenTasks
  /** Changes with every start of the machine. */
  readonly bootId: string
  /** True while a final report of this task waits for its acknowledgement. */
  readonly holdsResult: (taskId: string) => boolean
  /** Tries waiting reports again at once. */
  readonly nudgeResults: () => void
  readonly log: AgentLog
}

export const openTaskDesk = (room: DeskRoom, onChange: (running: number) => void = () => undefined): TaskDesk => {
  const active = new Map<string, CancellationSource>()
  const work = new Set<Promise<void>>()
  let isStopped = false

  const begin = (entry: TaskEntry): void => {
    const { taskID } = entry.task
    const cancellation = createCancellation()
    active.set(taskID, cancellation)
    room.log.info(`task ${taskID} taken`)
    const underWay = carryOut(entry, room, cancellation).then(async (end) => {
      active.delete(taskID)
      await schedules.ended(taskID, end)
      work.delete(underWay)
      onChange(active.size)
    })
    work.add(underWay)
    onChange(active.size)
  }

  const schedules = openSchedules({
    begin(entry) {
      if (isStopped || active.has(entry.task.taskID)) return false
      begin(entry)
      return true
    },
    report: room.report,
    log: room.log,
  })

  const takeRuns = async (entries: readonly TaskEntry[]): Promise<void> => {
    // Another version of a task that runs is left alone, as the vendor's agent does (agent-protocol.md §6.2).
    const idle = entries.filter(({ task }) => !active.has(task.taskID))
    const fresh = new Set(
      await room.seen.add(
        idle.map((entry) => seenKey(entry, room.bootId)),
        Date.now(),
      ),
    )
    for (const entry of idle) {
      const isFresh = fresh.delete(seenKey(entry, room.bootId))
      if (isFresh && !isStopped && !active.has(entry.task.taskID)) begin(entry)
      else room.log.debug(`task ${entry.task.taskID} is known already`)
    }
  }

  const takeStop = async ({ task }: TaskEntry): Promise<void> => {
    const last = schedules.drop(task.taskID)
    const cancellation = active.get(task.taskID)
    if (cancellation !== undefined) {
      room.log.info(`task ${task.taskID} is to be stopped`)
      cancellation.cancel('stop')
    } else if (last !== undefined) {
      const { identity, startedAt, endedAt } = last
      room.log.info(`task ${task.taskID} is not scheduled any more`)
      const end = { kind: 'stopped', startedAt, endedAt, exitCode: 0, dropped: 0 } as const
      await room.report({ task: identity, end, output: new Uint8Array() })
    } else if (room.holdsResult(task.taskID)) {
      // It ended by itself; that is on its way.
      room.nudgeResults()
    } else {
      const identity: TaskIdentity = { taskId: task.taskID, invokeVersion: task.invokeVersion }
      const end = { kind: 'stopped', startedAt: 0, endedAt: 0, exitCode: 0, dropped: 0 } as const
      await room.report({ task: identity, end, output: new Uint8Array() })
    }
  }

  const takeIn = async ({ run, stop, test }: TaskListAnswer): Promise<void> => {
    if (isStopped) return
    // These are handed out to every process: they are not marked as seen.
    for (const entry of run) if (isScheduled(entry)) await schedules.take(entry)
    const once = run.filter((entry) => !isScheduled(entry))
    try {
      await takeRuns(once)
    } catch (error) {
      // What cannot be marked as seen is not run: at most once comes before at all.
      room.log.error(`${once.length} tasks cannot be taken: ${reasonOf(error)}`)
      const { end } = failedBy(error, 'StateNotWritable', ERROR_CODE.other)
      for (const { task } of once.filter((entry) => !active.has(entry.task.taskID))) {
        const identity = { taskId: task.taskID, invokeVersion: task.invokeVersion }
        await room.report({ task: identity, end, output: new Uint8Array() })
      }
    }
    for (const entry of stop) await takeStop(entry)
    for (const entry of test) await verify(entry, room)
  }

  return {
    takeIn,
    async stop() {
      isStopped = true
      schedules.stop()
      for (const cancellation of active.values()) cancellation.cancel('shutdown')
      while (work.size > 0) await Promise.all(work)
    },
  }
}

/** A task of every start of the machine is new at each. */
const seenKey = ({ task, repeat }: TaskEntry, bootId: string): string => {
  const key = taskKey({ taskId: task.taskID, invokeVersion: task.invokeVersion })
  return repeat === 'EveryReboot' ? `${key}.boot-${bootId.slice(0, 8)}` : key
}
