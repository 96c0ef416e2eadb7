import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Scope } from '../access/scope.js'
import type { Clock, Ids } from '../clock.js'
import { Fault, someOf } from '../faults.js'
import { hostsToRunAgain } from '../rollouts/hosts-to-run-again.js'
import type { TargetRow } from '../fleet/instance-store.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { Pacer } from '../rollouts/pacer.js'
import { planOf } from '../rollouts/plan.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { admitFile } from './admit-file.js'
import type { Files, SendRequest } from './files.js'

/** A send is written in one transaction: more instances would hold the event loop (design §4, §8). */
export const MOST_INSTANCES = 500

/** A host may take so long when nobody says otherwise (api.md §9.1). */
const DEFAULT_TIMEOUT_SECONDS = 60

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  readonly presence: PresenceTable
  readonly wake: (instanceIds: readonly string[]) => void
  readonly pacer: Pick<Pacer, 'begin'>
  readonly limits: { readonly instancesPerFileSend: number }
}

/** Sends a file: written down for every instance, then those are told to look for it. */
export const sendFile = ({ stores, clock, ids, presence, wake, pacer, limits }: Parts): Files['send'] =>
  async function send(scope, caller, file, request, repeat) {
    return answerOnce(stores, scope, repeat, async () => {
      const most = request.rollout === undefined ? limits.instancesPerFileSend : MOST_INSTANCES
      const original = request.rerunOf === undefined ? undefined : await stores.read.files.sent(request.rerunOf)
      const { targets, instanceIds } = await findTargets(stores, scope, request, Math.min(most, MOST_INSTANCES))
      // Stricter than a run: they must belong to the group (api.md §2.4).
      const group = request.resourceGroupId === '' ? (original?.resourceGroupId ?? '') : request.resourceGroupId
      if (group !== '' && targets.some((target) => target.resourceGroupId !== group))
        throw new Fault('operation/forbidden')
      await presence.prefetch(instanceIds)

      const now = clock.now()
      const invokeId = ids.next('f')
      const plan = request.rollout === undefined ? undefined : planOf(request.rollout, targets.length, now)
      const tasks =
        plan === undefined
          ? targets.map((target) => admitFile(target, presence, now))
          : instanceIds.map((instanceId, position) => ({ ...HELD, instanceId, position }))
      const answer = { invokeId }
      const owned = { owner: file.owner || (original?.owner ?? ''), group: file.group || (original?.group ?? '') }
      const timeoutSeconds = request.timeoutSeconds ?? original?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
      const { tags } = request
      await stores
        .write(async (w) => {
          const stamp = { invokeId, invokedBy: caller.accessKeyId, createdAt: now }
          await w.files.add(scope, { ...file, ...owned, timeoutSeconds, resourceGroupId: group, tags, ...stamp }, tasks)
          if (plan !== undefined) await w.rollouts.add(scope, { ...plan, invokeId, kind: 'file', createdAt: now })
          if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
          const detail = { instances: tasks.length, name: file.name, directory: file.targetDir }
          w.audit({ ...scope, at: now, actor: actorOf(scope), action: 'SendFile', subject: invokeId, detail })
        })
        .finally(() => {
          // Also where the answer of the commit was lost: the send may be there, and then its hosts must not wait.
          if (plan !== undefined) pacer.begin(invokeId, 'file')
          else wake(tasks.filter((task) => task.state === 'Pending').map((task) => task.instanceId))
        })
      return answer
    })
  }

/** The hosts, in the order in which they get their turn. */
const findTargets = async (
  stores: UnitOfWork,
  scope: Scope,
  { instanceIds: named, rerunOf }: SendRequest,
  most: number,
): Promise<{ readonly targets: readonly TargetRow[]; readonly instanceIds: readonly string[] }> => {
  const isRerun = rerunOf !== undefined
  if (isRerun && !isSame(await stores.read.files.scopeOf(rerunOf), scope)) throw new Fault('invocation/not-found')
  const asked = [...new Set(named)]
  const among = asked.length > 0 ? asked : undefined
  const ids = isRerun ? await hostsToRunAgain(stores, scope, stores.read.files, rerunOf, among, most + 1) : asked
  if (ids.length > most) throw new Fault('instance/too-many')
  const targets = await stores.read.instances.targets(scope, ids)
  const there = new Set(targets.map(({ instanceId }) => instanceId))
  const missing = ids.filter((id) => !there.has(id))
  if (!isRerun && missing.length > 0)
    throw new Fault('instance/not-found', [], { detail: `There is no instance ${someOf(missing)}.` })
  if (isRerun && targets.length === 0) throw new Fault('rerun/nothing-to-run')
  return { targets, instanceIds: ids.filter((id) => there.has(id)) }
}

const isSame = (one: Scope | undefined, other: Scope): boolean =>
  one?.accountId === other.accountId && one.regionId === other.regionId

/** Its turn has not come. */
const HELD = { state: 'Waiting' as const, errorCode: '', errorInfo: '', deadlineAt: undefined }
