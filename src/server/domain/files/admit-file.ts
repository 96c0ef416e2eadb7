import { takesFiles } from '../fleet/agent-version.js'
import type { TargetRow } from '../fleet/instance-store.js'
import type { PresenceTable } from '../fleet/presence.js'
import { DELIVERY_MS } from '../invocations/admit.js'
import { ERROR_TEXTS } from '../invocations/error-texts.js'
import type { FileTaskRow } from './file-store.js'

/** How a file begins on a host. */
export type FileAdmission = Pick<FileTaskRow, 'instanceId' | 'state' | 'errorCode' | 'errorInfo' | 'deadlineAt'>

/** A file that waits for its host, or that is over at once because no host will ask for it. */
export const admitFile = (
  { instanceId, osType, agentVersion }: TargetRow,
  presence: PresenceTable,
  now: number,
): FileAdmission => {
  const code = !presence.isLive(presence.lastSeen(instanceId))
    ? ('ClientNotRunning' as const)
    : !takesFiles(osType, agentVersion)
      ? ('ClientNeedUpgrade' as const)
      : undefined
  return code === undefined
    ? { instanceId, state: 'Pending', errorCode: '', errorInfo: '', deadlineAt: now + DELIVERY_MS }
    : { instanceId, state: 'Aborted', errorCode: code, errorInfo: ERROR_TEXTS[code], deadlineAt: undefined }
}
