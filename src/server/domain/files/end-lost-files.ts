// Files whose result will not be reported: their agent's process is gone, their host is, or a deadline passed
// (design §5). As end-lost-tasks.ts does for scripts.
import type { Clock } from '../clock.js'
import { isOfAnotherProcess } from '../fleet/agent-process.js'
import { deadlineCounts, outageText } from '../fleet/outage.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { LostTasks } from '../invocations/end-lost-tasks.js'
import { DELIVERY_MS } from '../invocations/admit.js'
import { isTooLate, LOOK_AGAIN_MS, NEVER_BACK } from '../rollouts/paced-tasks.js'
import { ERROR_TEXTS } from '../invocations/error-texts.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { UNKNOWN_TEXTS, type UnknownCode } from './file-errors.js'
import { FILES_PER_FETCH } from './serve-files.js'
import { type FileEvent, isFinalFileState, isHeldFile, moveFile } from './file-states.js'
import type { FileTaskRow } from './file-store.js'

/** Overdue files ended in one transaction, and unfinished ones of one host. */
const CHUNK = 200

const GONE = 'the instance was deregistered before it took the file'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  /** When a host last said that it is installing an update. */
  readonly rejections: ReadonlyMap<string, number>
}

export const endLostFiles = ({ stores, clock, presence, rejections }: Parts): LostTasks => {
  const end = async (w: Writing, file: FileTaskRow, event: FileEvent, code: string, info: string): Promise<void> => {
    const state = isFinalFileState(file.state) ? undefined : moveFile(file.state, false, event)
    const scope = await w.files.scopeOf(file.invokeId)
    if (state === undefined || scope === undefined) return
    const now = clock.now()
    const isUnknown = event !== 'not-delivered'
    const after: FileTaskRow = {
      ...file,
      state,
      outcomeUnknown: isUnknown,
      errorCode: code,
      errorInfo: isUnknown ? info + outageText(presence, file.handedOutAt) : info,
      // A timeout ends at the deadline (api.md §8.1); what never began has no end.
      finishedAt: event === 'timed-out' ? file.deadlineAt : isUnknown ? now : undefined,
      deadlineAt: undefined,
    }
    await w.files.save(file, after, now)
    w.audit({
      ...scope,
      at: now,
      actor: 'server',
      action: 'sweep/end-file',
      subject: file.invokeId,
      detail: { instance: file.instanceId, to: state, code },
    })
  }

  const endUnfinished = (
    instanceId: string,
    concerns: (file: FileTaskRow) => boolean,
    code: Exclude<UnknownCode, 'ExecutionTimeout'>,
  ): Promise<void> =>
    stores.write(async (w) => {
      for (const file of await w.files.unfinishedOf(instanceId, CHUNK)) {
        if (!concerns(file)) continue
        if (file.state === 'Running') await end(w, file, 'lost', code, UNKNOWN_TEXTS[code])
        else await end(w, file, 'not-delivered', code, GONE)
      }
      if (code !== 'InstanceDeregistered') return
      for (const file of await w.files.heldOf(instanceId, CHUNK)) await end(w, file, 'not-delivered', code, GONE)
    })

  const undelivered = async ({ instanceId, createdAt, deadlineAt }: FileTaskRow) => {
    // In a rollout it was sent long after it was submitted.
    const sentAt = (deadlineAt ?? createdAt + DELIVERY_MS) - DELIVERY_MS
    if ((rejections.get(instanceId) ?? Number.NEGATIVE_INFINITY) >= sentAt) return 'ClientIsUpgrading'
    const others = await stores.read.files.unfinishedOf(instanceId, CHUNK)
    const inHand = others.filter((other) => other.state === 'Running').length
    return inHand >= FILES_PER_FETCH ? 'TaskConcurrencyLimit' : 'DeliveryTimeout'
  }

  /** As for scripts: docs/adr/0016-rollouts.md. */
  const waitOn = async (w: Writing, file: FileTaskRow, now: number): Promise<boolean> => {
    if (isHeldFile(file.state)) {
      const isThere =
        presence.isLive(presence.lastSeen(file.instanceId)) &&
        !isTooLate(presence, file.instanceId, await w.rollouts.queueUntil(file.invokeId), now)
      if (isThere) await w.files.save(file, { ...file, deadlineAt: now + LOOK_AGAIN_MS }, now)
      return isThere
    }
    const queueUntil = await w.rollouts.queueUntil(file.invokeId)
    const state = moveFile(file.state, false, 'queued')
    if (queueUntil === undefined || queueUntil <= now || state === undefined) return false
    await w.files.save(file, { ...file, state, deadlineAt: queueUntil }, now)
    return true
  }

  const endOverdue = async (w: Writing, file: FileTaskRow, now: number): Promise<void> => {
    if (file.state === 'Running') return end(w, file, 'timed-out', 'ExecutionTimeout', UNKNOWN_TEXTS.ExecutionTimeout)
    const code = isHeldFile(file.state) ? 'ClientNotRunning' : await undelivered(file)
    if (code !== 'TaskConcurrencyLimit' && (await waitOn(w, file, now))) return
    if (code === 'ClientNotRunning') return end(w, file, 'not-delivered', code, NEVER_BACK)
    return end(w, file, 'not-delivered', code, ERROR_TEXTS[code])
  }

  return {
    async processSeen(instanceId, identity, coldStart) {
      if ((await stores.read.files.unfinishedOf(instanceId, 1)).length === 0) return
      const code = coldStart ? 'InstanceRestarted' : 'ClientRestarted'
      await endUnfinished(instanceId, (file) => file.state === 'Running' && isOfAnotherProcess(file, identity), code)
    },

    deregistered: (instanceId) => endUnfinished(instanceId, () => true, 'InstanceDeregistered'),

    async expire() {
      const now = clock.now()
      const due = (await stores.read.files.overdue(now, CHUNK)).filter((file) =>
        deadlineCounts(presence, file.handedOutAt ?? file.createdAt),
      )
      if (due.length === 0) return 0
      return stores.write(async (w) => {
        let ended = 0
        // Held in the order in which fetches come to them.
        for (const { invokeId, instanceId } of due.toSorted(bySendAndInstance)) {
          const file = await w.files.find(invokeId, instanceId)
          if (file === undefined || (file.deadlineAt ?? Number.POSITIVE_INFINITY) > now) continue
          await endOverdue(w, file, now)
          ended += 1
        }
        return ended
      })
    },
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const bySendAndInstance = (a: FileTaskRow, b: FileTaskRow): number =>
  byText(a.invokeId, b.invokeId) || byText(a.instanceId, b.instanceId)
