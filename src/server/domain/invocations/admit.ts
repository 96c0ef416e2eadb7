// Whether a host is sent a command, and what stands in the way (api.md §8.5).
import type { Frequency } from '../../../schedule/frequency.js'
import { whyNoSecrets, type SecretUse } from '../secrets/secret-use.js'
import { fillsIn, knowsSchedule, runsInContainers } from '../fleet/agent-version.js'
import type { TargetRow } from '../fleet/instance-store.js'
import type { PresenceTable } from '../fleet/presence.js'
import { ERROR_TEXTS, type ResultErrorCode } from './error-texts.js'
import { type RepeatMode, waitsForReboot } from './repeat-modes.js'
import type { ToldFeatures } from './told-features.js'
import { notApplicable, type RunOptions } from './run-options.js'
import type { TaskState } from './task-states.js'

/** A task must be asked for within this time (api.md §5.5). */
export const DELIVERY_MS = 60_000

/** What a command asks of every host that it is sent to. */
export interface Needs {
  readonly options: RunOptions
  /** Names of the built-in parameters that an agent has to fill in. */
  readonly builtIns: readonly string[]
  readonly secrets: SecretUse
  readonly mode: RepeatMode
  readonly frequency: Frequency | undefined
}

/** How a task begins. */
export interface Admission {
  readonly instanceId: string
  readonly state: TaskState
  /** `''` unless the task is over at once. */
  readonly errorCode: string
  readonly errorInfo: string
  readonly deadlineAt: number | undefined
}

/** A task that waits for its host, or that is over at once because no host will ask for it. */
export const admit = (
  target: TargetRow,
  presence: PresenceTable,
  features: ToldFeatures,
  { options, builtIns, secrets, mode, frequency }: Needs,
  now: number,
): Admission => {
  const { instanceId } = target
  const ended = (code: ResultErrorCode, why?: string): Admission => ({
    instanceId,
    state: why === undefined ? 'Aborted' : 'Invalid',
    errorCode: code,
    errorInfo: why === undefined ? ERROR_TEXTS[code] : `${ERROR_TEXTS[code]}: ${why}`,
    deadlineAt: undefined,
  })
  const supports = features.of(instanceId, presence.agentProcess(instanceId))
  const why = notApplicable(target.osType, options) ?? whyNoSecrets(secrets, target.osType, options.contained, supports)
  if (why !== undefined) return ended('CommandNotApplicable', why)
  if (!presence.isLive(presence.lastSeen(instanceId))) return ended('ClientNotRunning')
  const isNewEnough =
    fillsIn(target.osType, target.agentVersion, builtIns) &&
    (!options.contained || runsInContainers(target.osType, target.agentVersion)) &&
    (frequency === undefined || knowsSchedule(target.osType, target.agentVersion, frequency))
  if (!isNewEnough) return ended('ClientNeedUpgrade')
  // Nothing is to be delivered before the host starts again.
  const waits = waitsForReboot(mode)
  const state = waits ? 'Scheduled' : 'Pending'
  return { instanceId, state, errorCode: '', errorInfo: '', deadlineAt: waits ? undefined : now + DELIVERY_MS }
}
