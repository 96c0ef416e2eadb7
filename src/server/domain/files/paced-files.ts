import type { PresenceTable } from '../fleet/presence.js'
import { ERROR_TEXTS } from '../invocations/error-texts.js'
import { isTooLate, NEVER_BACK, type PacedTasks, type TakeTurn } from '../rollouts/paced-tasks.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { admitFile, type FileAdmission } from './admit-file.js'
import { type FileEvent, isHeldFile, moveFile, ROLLOUT_ENDED } from './file-states.js'
import type { FileTaskRow } from './file-store.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly presence: PresenceTable
}

/** Files on hosts, as rollouts pace them. */
export const pacedFiles = ({ stores, presence }: Parts): PacedTasks => ({
  waiting: (invokeId, below, limit) => stores.read.files.waitingIn(invokeId, below, limit),
  queued: (invokeId, after, limit) => stores.read.files.queuedIn(invokeId, after, limit),
  queuedOn: (instanceId, limit) => stores.read.files.queuedOn(instanceId, limit),

  async prepare(invokeId, instanceIds, queueUntil): Promise<TakeTurn> {
    const scope = await stores.read.files.scopeOf(invokeId)
    if (scope === undefined) return () => Promise.resolve('unchanged')
    const found = await stores.read.instances.targets(scope, instanceIds)
    const targets = new Map(found.map((target) => [target.instanceId, target]))
    await presence.prefetch(instanceIds)
    return async (w, instanceId, now) => {
      const file = await w.files.find(invokeId, instanceId)
      const target = targets.get(instanceId)
      if (file === undefined || !isHeldFile(file.state)) return 'unchanged'
      if (target === undefined) {
        const gone = { errorCode: 'InstanceDeregistered', errorInfo: ERROR_TEXTS.InstanceDeregistered } as const
        await change(w, file, { ...gone, deadlineAt: undefined }, 'not-delivered', now)
        return 'over'
      }
      if (file.state === 'Queued' && isTooLate(presence, instanceId, queueUntil, now)) {
        const missed = { errorCode: 'ClientNotRunning', errorInfo: NEVER_BACK, deadlineAt: undefined } as const
        await change(w, file, missed, 'not-delivered', now)
        return 'over'
      }
      const admission = admitFile(target, presence, now)
      if (admission.errorCode === 'ClientNotRunning' && queueUntil !== undefined && queueUntil > now) {
        if (file.state === 'Queued') return 'unchanged'
        await change(w, file, { errorCode: '', errorInfo: '', deadlineAt: queueUntil }, 'queued', now)
        return 'queued'
      }
      const isSent = admission.errorCode === ''
      await change(w, file, admission, isSent ? 'released' : 'not-delivered', now)
      return isSent ? 'sent' : 'over'
    }
  },

  async cancel(w, invokeId, reason, limit, now) {
    const held = await w.files.heldIn(invokeId, limit)
    for (const file of held)
      await change(w, file, { errorCode: ROLLOUT_ENDED, errorInfo: reason, deadlineAt: undefined }, 'cancelled', now)
    return held.length
  },
})

const change = async (
  w: Parameters<TakeTurn>[0],
  file: FileTaskRow,
  { errorCode, errorInfo, deadlineAt }: Omit<FileAdmission, 'instanceId' | 'state'>,
  event: FileEvent,
  now: number,
): Promise<void> => {
  const state = moveFile(file.state, false, event)
  if (state !== undefined) await w.files.save(file, { ...file, state, errorCode, errorInfo, deadlineAt }, now)
}
