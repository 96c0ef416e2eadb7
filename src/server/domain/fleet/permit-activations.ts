import { createHash } from 'node:crypto'
import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Clock, Ids } from '../clock.js'
import { Fault } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { Activations } from './activations.js'

const HOUR_MS = 3_600_000

/** A code is stored as this hash only (design §4). It has 128 random bits or more, so it needs no salt. */
export const hashOfCode = (code: string): string => createHash('sha256').update(code).digest('hex')

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  /** Activations in one region of an account. */
  readonly quota: number
}

/** The verbs of activations. */
export const permitActivations = ({ stores, clock, ids, quota }: Parts): Activations => ({
  async create(scope, activation, repeat) {
    return answerOnce(stores, scope, repeat, () =>
      stores.write(async (w) => {
        if ((await w.activations.count(scope)) >= quota) throw new Fault('activation/quota-exceeded', [quota])
        const now = clock.now()
        const answer = { activationId: ids.uuid(), activationCode: ids.activationCode() }
        await w.activations.add(scope, {
          ...activation,
          activationId: answer.activationId,
          codeHash: hashOfCode(answer.activationCode),
          createdAt: now,
          expiresAt: now + activation.timeToLiveHours * HOUR_MS,
        })
        if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
        w.audit({
          ...scope,
          at: now,
          actor: actorOf(scope),
          action: 'CreateActivation',
          subject: answer.activationId,
          detail: { instanceCount: activation.instanceCount, hours: activation.timeToLiveHours },
        })
        return answer
      }),
    )
  },

  list: (scope, filter, page) => stores.read.activations.list(scope, filter, page),
})
