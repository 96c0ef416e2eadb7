import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Clock, Ids } from '../clock.js'
import { Fault } from '../faults.js'
import { takesFiles } from '../fleet/agent-version.js'
import type { TargetRow } from '../fleet/instance-store.js'
import type { PresenceTable } from '../fleet/presence.js'
import { ERROR_TEXTS } from '../invocations/error-texts.js'
import { DELIVERY_MS } from '../invocations/admit.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { Files } from './files.js'

/** A send is written in one transaction: more instances would hold the event loop (design §4, §8). */
export const MOST_INSTANCES = 500

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  readonly presence: PresenceTable
  readonly wake: (instanceIds: readonly string[]) => void
  readonly limits: { readonly instancesPerFileSend: number }
}

/** Sends a file: written down for every instance, then those are told to look for it. */
export const sendFile = ({ stores, clock, ids, presence, wake, limits }: Parts): Files['send'] =>
  async function send(scope, caller, file, request, repeat) {
    return answerOnce(stores, scope, repeat, async () => {
      const instanceIds = [...new Set(request.instanceIds)]
      if (instanceIds.length > Math.min(limits.instancesPerFileSend, MOST_INSTANCES))
        throw new Fault('instance/too-many')
      const targets = await stores.read.instances.targets(scope, instanceIds)
      if (targets.length < instanceIds.length) throw new Fault('instance/not-found')
      // Stricter than a run: they must belong to the group (api.md §2.4).
      const group = request.resourceGroupId
      if (group !== '' && targets.some((target) => target.resourceGroupId !== group))
        throw new Fault('operation/forbidden')
      await presence.prefetch(instanceIds)

      const now = clock.now()
      const invokeId = ids.next('f')
      const tasks = targets.map((target) => newTask(target, presence, now))
      const answer = { invokeId }
      const { timeoutSeconds, tags } = request
      await stores
        .write(async (w) => {
          const stamp = { invokeId, invokedBy: caller.accessKeyId, createdAt: now }
          await w.files.add(scope, { ...file, timeoutSeconds, resourceGroupId: group, tags, ...stamp }, tasks)
          if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
          const detail = { instances: tasks.length, name: file.name, directory: file.targetDir }
          w.audit({ ...scope, at: now, actor: actorOf(scope), action: 'SendFile', subject: invokeId, detail })
        })
        .finally(() => {
          // Also where the answer of the commit was lost: the send may be there, and then its hosts must not wait.
          wake(tasks.filter((task) => task.state === 'Pending').map((task) => task.instanceId))
        })
      return answer
    })
  }

/** A file that waits for its host, or that is over at once because no host will ask for it. */
const newTask = (target: TargetRow, presence: PresenceTable, now: number) => {
  const { instanceId } = target
  const code = !presence.isLive(presence.lastSeen(instanceId))
    ? ('ClientNotRunning' as const)
    : !takesFiles(target.osType, target.agentVersion)
      ? ('ClientNeedUpgrade' as const)
      : undefined
  return code === undefined
    ? { instanceId, state: 'Pending' as const, errorCode: '', errorInfo: '', deadlineAt: now + DELIVERY_MS }
    : { instanceId, state: 'Aborted' as const, errorCode: code, errorInfo: ERROR_TEXTS[code], deadlineAt: undefined }
}
