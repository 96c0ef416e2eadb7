import { actorOf } from '../access/audit.js'
import type { Scope } from '../access/scope.js'
import type { Clock, Ids } from '../clock.js'
import { Fault } from '../faults.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import type { Secret, Secrets } from './secrets.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  /** Secrets in one region of an account. */
  readonly quota: number
}

/** The verbs of the parameter store. */
export const keepSecrets = ({ stores, clock, ids, quota }: Parts): Secrets => {
  const audit = (w: Writing, scope: Scope, action: string, { name, version }: Secret, now: number): void =>
    w.audit({ ...scope, at: now, actor: actorOf(scope), action, subject: name, detail: { version } })

  return {
    create: (scope, name, value, description) =>
      stores.write(async (w) => {
        if ((await w.secrets.hold(scope, name)) !== undefined) throw new Fault('secret/exists')
        if ((await w.secrets.count(scope)) >= quota) throw new Fault('secret/quota-exceeded', [quota])
        const now = clock.now()
        const by = actorOf(scope)
        const secret: Secret = {
          secretId: ids.next('p'),
          name,
          description,
          version: 1,
          createdAt: now,
          createdBy: by,
          updatedAt: now,
          updatedBy: by,
        }
        await w.secrets.add(scope, secret, value)
        audit(w, scope, 'CreateSecretParameter', secret, now)
        return secret
      }),

    update: (scope, name, value, description) =>
      stores.write(async (w) => {
        const before = await w.secrets.hold(scope, name)
        if (before === undefined) throw new Fault('secret/not-found')
        const now = clock.now()
        const secret: Secret = {
          ...before,
          description: description ?? before.description,
          version: before.version + 1,
          updatedAt: now,
          updatedBy: actorOf(scope),
        }
        await w.secrets.replace(scope, secret, value)
        audit(w, scope, 'UpdateSecretParameter', secret, now)
        return secret
      }),

    async get(scope, name) {
      const secret = await stores.read.secrets.find(scope, name)
      if (secret === undefined) throw new Fault('secret/not-found')
      return secret
    },

    remove: (scope, name) =>
      stores.write(async (w) => {
        const secret = await w.secrets.hold(scope, name)
        if (secret === undefined || !(await w.secrets.remove(scope, name))) throw new Fault('secret/not-found')
        audit(w, scope, 'DeleteSecretParameter', secret, clock.now())
      }),

    list: (scope, filter, page) => stores.read.secrets.list(scope, filter, page),
  }
}
