import { frequencyOf } from './frequency-of.js'
import { gatedBuiltIns } from '../fleet/agent-version.js'
import type { PresenceTable } from '../fleet/presence.js'
import { isTooLate, NEVER_BACK, type PacedTasks, type TakeTurn } from '../rollouts/paced-tasks.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { type Admission, admit, type Needs } from './admit.js'
import { changeTask } from './change-task.js'
import { builtInNames, fillIn, textOfScript } from '../commands/custom-parameters.js'
import { valuesOf } from './hand-out.js'
import { ERROR_TEXTS } from './error-texts.js'
import type { InvocationScript } from './invocation-store.js'
import { optionsOf } from './run-options.js'
import { isHeld, move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'
import type { ToldFeatures } from './told-features.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly presence: PresenceTable
  readonly features: ToldFeatures
}

/** What a submission found out of its script, found out again from what it wrote down. */
const needsOf = async (
  stores: UnitOfWork,
  script: InvocationScript,
  instanceIds: readonly string[],
): Promise<Needs> => {
  const names = script.enableParameter ? builtInNames(fillIn(textOfScript(script.content), valuesOf(script))) : []
  const amount = names.length === 0 ? 0 : await stores.read.tasks.amountWith(script.invokeId, instanceIds)
  return {
    options: optionsOf(script),
    builtIns: gatedBuiltIns(names, amount > 1),
    secrets: script.secrets,
    mode: script.repeatMode,
    frequency: frequencyOf(script),
  }
}

const EVENT_OF: Readonly<Record<string, TaskEvent>> = {
  Pending: 'released',
  Scheduled: 'scheduled',
  Invalid: 'refused',
  Aborted: 'not-delivered',
}

/** Commands on hosts, as rollouts pace them. */
export const pacedInvocations = ({ stores, presence, features }: Parts): PacedTasks => ({
  waiting: (invokeId, below, limit) => stores.read.tasks.waitingIn(invokeId, below, limit),
  queued: (invokeId, after, limit) => stores.read.tasks.queuedIn(invokeId, after, limit),
  queuedOn: (instanceId, limit) => stores.read.tasks.queuedOn(instanceId, limit),

  async prepare(invokeId, instanceIds, queueUntil): Promise<TakeTurn> {
    const script = await stores.read.invocations.script(invokeId)
    if (script === undefined) return () => Promise.resolve('unchanged')
    const needs = await needsOf(stores, script, instanceIds)
    const found = await stores.read.instances.targets(script.scope, instanceIds)
    const targets = new Map(found.map((target) => [target.instanceId, target]))
    await presence.prefetch(instanceIds)
    return async (w, instanceId, now) => {
      const task = await w.tasks.find(invokeId, instanceId)
      const target = targets.get(instanceId)
      if (task === undefined || !isHeld(task.state)) return 'unchanged'
      if (target === undefined) {
        const gone = { errorCode: 'InstanceDeregistered', errorInfo: ERROR_TEXTS.InstanceDeregistered } as const
        await change(w, script, task, { ...gone, deadlineAt: undefined }, 'not-delivered', now)
        return 'over'
      }
      if (task.state === 'Queued' && isTooLate(presence, instanceId, queueUntil, now)) {
        const missed = { errorCode: 'ClientNotRunning', errorInfo: NEVER_BACK, deadlineAt: undefined } as const
        await change(w, script, task, missed, 'not-delivered', now)
        return 'over'
      }
      const admission = admit(target, presence, features, needs, now)
      if (admission.errorCode === 'ClientNotRunning' && queueUntil !== undefined && queueUntil > now) {
        if (task.state === 'Queued') return 'unchanged'
        await change(
          w,
          script,
          task,
          { ...admission, errorCode: '', errorInfo: '', deadlineAt: queueUntil },
          'queued',
          now,
        )
        return 'queued'
      }
      const event = EVENT_OF[admission.state]
      if (event === undefined) return 'unchanged'
      await change(w, script, task, admission, event, now)
      return admission.errorCode === '' ? 'sent' : 'over'
    }
  },

  async cancel(w, invokeId, reason, limit, now) {
    const scope = await w.invocations.scopeOf(invokeId)
    if (scope === undefined) return 0
    const held = await w.tasks.heldIn(invokeId, limit)
    for (const task of held) {
      const state = move(task.state, false, 'stop-requested')
      if (state !== undefined)
        await changeTask(
          w,
          scope,
          task,
          { ...task, state, errorInfo: reason, stoppedAt: now, deadlineAt: undefined },
          now,
        )
    }
    return held.length
  },
})

const change = async (
  w: Parameters<TakeTurn>[0],
  { scope }: InvocationScript,
  task: TaskRow,
  { errorCode, errorInfo, deadlineAt }: Omit<Admission, 'instanceId' | 'state'>,
  event: TaskEvent,
  now: number,
): Promise<void> => {
  const state = move(task.state, false, event)
  if (state !== undefined) await changeTask(w, scope, task, { ...task, state, errorCode, errorInfo, deadlineAt }, now)
}
