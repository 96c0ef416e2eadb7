import { actorOf } from '../access/audit.js'
import type { Clock } from '../clock.js'
import { Fault } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { changeTask } from './change-task.js'
import type { Invocations } from './invocations.js'
import { waitsForReboot } from './repeat-modes.js'
import { isFinal, move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** Tasks stopped in one transaction. */
const CHUNK = 500

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly wake: (instanceIds: readonly string[]) => void
}

/**
 * Never handed out: cancelled here, nothing is sent. Handed out: Stopping, and the host is asked to fetch the stop as
 * soon as it has reported `running` (design §5). Over: left as it is.
 */
export const stopInvocation = ({ stores, clock, wake }: Parts): Invocations['stop'] =>
  async function stop(scope, _caller, invokeId, instanceIds) {
    if (!(await stores.read.invocations.exists(scope, invokeId))) throw new Fault('invocation/not-found')
    if (instanceIds !== undefined) {
      for (const instanceId of instanceIds) {
        if ((await stores.read.tasks.find(invokeId, instanceId)) === undefined)
          throw new Fault('invocation/instance-not-found')
      }
    }
    const now = clock.now()
    // In the order in which all come to tasks, so that two stops do not wait for each other in a circle.
    const named = [...(instanceIds ?? [])].sort()
    const toWake: string[] = []
    let after: string | undefined
    for (;;) {
      const chunk = await stores.write(async (w) => {
        const tasks =
          instanceIds === undefined
            ? await w.tasks.ofInvocation(invokeId, after, CHUNK)
            : (await Promise.all(named.map((id) => w.tasks.find(invokeId, id)))).filter((task) => task !== undefined)
        let changed = 0
        for (const task of tasks) {
          const state = isFinal(task.state) ? undefined : move(task.state, false, stopEvent(task))
          if (state === undefined || task.state === 'Stopping') continue
          const stopped: TaskRow = isFinal(state)
            ? { ...task, state, stoppedAt: now, deadlineAt: undefined }
            : { ...task, state, stoppedAt: now }
          await changeTask(w, scope, task, stopped, now)
          if (!isFinal(state)) toWake.push(task.instanceId)
          changed += 1
        }
        if (changed > 0) await w.invocations.stopRequested(invokeId, now)
        if (after === undefined)
          w.audit({
            ...scope,
            at: now,
            actor: actorOf(scope),
            action: 'StopInvocation',
            subject: invokeId,
            detail: { named: instanceIds?.length ?? 0 },
          })
        return tasks
      })
      if (instanceIds !== undefined || chunk.length < CHUNK) break
      after = chunk.at(-1)?.instanceId
    }
    wake(toWake)
  }

/** What waits for a start of its host is held here: the host has nothing to forget. */
const stopEvent = (task: TaskRow): TaskEvent => {
  if (task.state !== 'Scheduled' || !waitsForReboot(task.repeatMode)) return 'stop-requested'
  return task.runs === 0 ? 'never-ran' : 'stopped'
}
