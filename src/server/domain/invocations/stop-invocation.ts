import { actorOf } from '../access/audit.js'
import type { Clock } from '../clock.js'
import { Fault, someOf } from '../faults.js'
import { isEnded } from '../rollouts/rollouts.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { changeTask } from './change-task.js'
import type { Invocations } from './invocations.js'
import { waitsForReboot } from './repeat-modes.js'
import { isFinal, isHeld, move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** Tasks stopped in one transaction. */
const CHUNK = 500
/** Why a rollout ended whose invocation was stopped, and why hosts that waited then had no turn. */
const STOPPED = 'stopped by StopInvocation'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly wake: (instanceIds: readonly string[]) => void
}

/**
 * Never handed out: cancelled here, nothing is sent. Handed out: Stopping, and the host is asked to fetch the stop as
 * soon as it has reported `running` (design §5). Over: left as it is.
 *
 * A stop of the whole also ends its rollout, first of all: nobody gets a turn any more while hosts are stopped chunk by chunk.
 */
export const stopInvocation = ({ stores, clock, wake }: Parts): Invocations['stop'] =>
  async function stop(scope, _caller, invokeId, instanceIds) {
    if (!(await stores.read.invocations.exists(scope, invokeId))) throw new Fault('invocation/not-found')
    if (instanceIds !== undefined) {
      for (const instanceId of instanceIds) {
        if ((await stores.read.tasks.find(invokeId, instanceId)) === undefined)
          throw new Fault('invocation/instance-not-found', [], {
            detail: `It does not run on ${someOf([instanceId])}.`,
          })
      }
    }
    const now = clock.now()
    // In the order in which all come to tasks, so that two stops do not wait for each other in a circle.
    const named = [...(instanceIds ?? [])].sort()
    const toWake: string[] = []
    let endsRollout = false
    let after: string | undefined
    for (;;) {
      const chunk = await stores.write(async (w) => {
        if (instanceIds === undefined && after === undefined) endsRollout = await endRollout(w, invokeId, now)
        const tasks =
          instanceIds === undefined
            ? await w.tasks.ofInvocation(invokeId, after, CHUNK)
            : (await Promise.all(named.map((id) => w.tasks.find(invokeId, id)))).filter((task) => task !== undefined)
        let changed = 0
        for (const task of tasks) {
          const state = isFinal(task.state) ? undefined : move(task.state, false, stopEvent(task))
          if (state === undefined || task.state === 'Stopping') continue
          const stopped: TaskRow = isFinal(state)
            ? { ...task, state, errorInfo: infoOf(task, endsRollout), stoppedAt: now, deadlineAt: undefined }
            : { ...task, state, stoppedAt: now }
          await changeTask(w, scope, task, stopped, now)
          if (!isFinal(state)) toWake.push(task.instanceId)
          changed += 1
        }
        // What waits may be cancelled by the rollout, chunk by chunk as well.
        if (changed > 0 || endsRollout) await w.invocations.stopRequested(invokeId, now)
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

/** Hosts that had no turn are told as a cancelled rollout tells them. */
const infoOf = ({ state, errorInfo }: TaskRow, endsRollout: boolean): string =>
  endsRollout && isHeld(state) ? STOPPED : errorInfo

/** @returns whether it had a rollout in which hosts waited, which is cancelled by that; one that halted stays so */
const endRollout = async (w: Writing, invokeId: string, now: number): Promise<boolean> => {
  await w.rollouts.hold(invokeId)
  const held = await w.rollouts.standing(invokeId, 'invocation')
  if (held === undefined || isEnded(held) || held.counts.waiting + held.counts.queued === 0) return false
  const { wave } = held
  await w.rollouts.change(
    invokeId,
    { status: 'Cancelled', reason: STOPPED, wave, resumeAt: undefined, isOver: false },
    now,
  )
  return true
}

/** What waits for a start of its host is held here: the host has nothing to forget. */
const stopEvent = (task: TaskRow): TaskEvent => {
  if (task.state !== 'Scheduled' || !waitsForReboot(task.repeatMode)) return 'stop-requested'
  return task.runs === 0 ? 'never-ran' : 'stopped'
}
