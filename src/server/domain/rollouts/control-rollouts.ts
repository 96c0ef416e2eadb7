import { actorOf } from '../access/audit.js'
import type { Caller, Scope } from '../access/scope.js'
import type { Clock } from '../clock.js'
import { Fault } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { Pacer } from './pacer.js'
import type { RolloutChange } from './rollout-store.js'
import { isEnded, type Rollout, type Rollouts } from './rollouts.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly pacer: Pick<Pacer, 'begin'>
}

/** What people do with a rollout that goes on. */
export const controlRollouts = ({ stores, clock, pacer }: Parts): Rollouts => {
  const change = async (
    action: string,
    scope: Scope,
    caller: Caller,
    invokeId: string,
    to: (rollout: Rollout) => Pick<RolloutChange, 'status' | 'reason'>,
  ): Promise<void> => {
    const kind = await stores.read.rollouts.kindOf(scope, invokeId)
    if (kind === undefined) throw new Fault('rollout/not-found')
    await stores.write(async (w) => {
      await w.rollouts.hold(invokeId)
      const held = await w.rollouts.standing(invokeId, kind)
      if (held === undefined || isEnded(held)) throw new Fault('rollout/over')
      const now = clock.now()
      const { status, reason } = to(held)
      if (status === held.status && held.resumeAt === undefined) return
      await w.rollouts.change(invokeId, { status, reason, wave: held.wave, resumeAt: undefined, isOver: false }, now)
      const detail = { from: held.status, to: status, key: caller.accessKeyId }
      w.audit({ ...scope, at: now, actor: actorOf(scope), action, subject: invokeId, detail })
    })
    pacer.begin(invokeId, kind)
  }
  return {
    list: (scope, filter, page) => stores.read.rollouts.list(scope, filter, page),
    pause: (scope, caller, invokeId) =>
      change('PauseRollout', scope, caller, invokeId, ({ reason }) => ({
        status: 'Paused',
        reason: reason === '' ? 'paused by PauseRollout' : reason,
      })),
    resume: (scope, caller, invokeId) =>
      change('ResumeRollout', scope, caller, invokeId, () => ({ status: 'InProgress', reason: '' })),
    cancel: (scope, caller, invokeId) =>
      change('CancelRollout', scope, caller, invokeId, () => ({
        status: 'Cancelled',
        reason: 'cancelled by CancelRollout',
      })),
  }
}
