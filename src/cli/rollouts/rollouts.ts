import { escapeControl } from '../../command-line/escape-control.js'
import { CommandFailure } from '../../command-line/failures.js'
import { listAt, type Members, numberAt, textAt } from '../answer.js'
import { RefusedCall } from '../call-failures.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages } from '../pages.js'
import type { StatesOf } from '../running/follow.js'

export const ROLLOUT_STATUSES = ['InProgress', 'Paused', 'Halted', 'Cancelled', 'Finished'] as const

/** How far hosts of an invocation got their turn. Times are as the server wrote them, `''` for what is not there. */
export interface Rollout {
  readonly invokeId: string
  readonly status: string
  readonly reason: string
  readonly maxConcurrency: number | undefined
  readonly stopAfterFailures: number | undefined
  readonly waves: string
  readonly wave: number
  readonly pauseBetweenWaves: string
  readonly resumeTime: string
  readonly offlineDeadline: string
  readonly total: number
  readonly waiting: number
  readonly queued: number
  readonly active: number
  readonly scheduled: number
  readonly succeeded: number
  readonly failed: number
  readonly stopped: number
  readonly creationTime: string
  readonly updateTime: string
}

const maybeNumber = (from: Members, name: string): number | undefined =>
  typeof from[name] === 'number' ? from[name] : undefined

const rolloutOf = (from: Members): Rollout => ({
  invokeId: textAt(from, 'InvokeId'),
  status: textAt(from, 'Status'),
  reason: textAt(from, 'Reason'),
  maxConcurrency: maybeNumber(from, 'MaxConcurrency'),
  stopAfterFailures: maybeNumber(from, 'StopAfterFailures'),
  waves: textAt(from, 'Waves'),
  wave: numberAt(from, 'Wave'),
  pauseBetweenWaves: textAt(from, 'PauseBetweenWaves'),
  resumeTime: textAt(from, 'ResumeTime'),
  offlineDeadline: textAt(from, 'OfflineDeadline'),
  total: numberAt(from, 'Total'),
  waiting: numberAt(from, 'Waiting'),
  queued: numberAt(from, 'Queued'),
  active: numberAt(from, 'Active'),
  scheduled: numberAt(from, 'Scheduled'),
  succeeded: numberAt(from, 'Succeeded'),
  failed: numberAt(from, 'Failed'),
  stopped: numberAt(from, 'Stopped'),
  creationTime: textAt(from, 'CreationTime'),
  updateTime: textAt(from, 'UpdateTime'),
})

const rolloutsIn = (answer: Members): readonly Rollout[] => listAt(answer, 'Rollouts', 'Rollout').map(rolloutOf)

/** Rollouts, the newest first, in pages. */
export async function* rolloutPages(
  api: Api,
  status: string | undefined,
): AsyncGenerator<{ readonly total: number; readonly rollouts: readonly Rollout[] }> {
  const parameters: FlatParameters = status === undefined ? [] : [['Status', status]]
  for await (const answer of pages(api, 'DescribeRollouts', parameters, 50))
    yield { total: numberAt(answer, 'TotalCount'), rollouts: rolloutsIn(answer) }
}

/** The rollout of an invocation or a file send; undefined when it has none. */
export const findRollout = async (api: Api, invokeId: string, signal?: AbortSignal): Promise<Rollout | undefined> =>
  rolloutsIn(await api.call('DescribeRollouts', [['InvokeId.1', invokeId]], signal))[0]

/** @throws CommandFailure when there is none */
export const getRollout = async (api: Api, invokeId: string): Promise<Rollout> => {
  const found = await findRollout(api, invokeId)
  if (found !== undefined) return found
  throw new CommandFailure(`${escapeControl(invokeId)} is no rollout.`, {
    advice: ['Those that there are: openassist rollouts list. Only what is submitted with turns of its hosts is one.'],
  })
}

/**
 * Also asks how the rollout is, and tells when that is another than it was. What has none is asked about once.
 * @param known how each was at the last look
 */
export const withRollout = (
  statesOf: StatesOf,
  tell: (rollout: Rollout) => void,
  known: Map<string, Rollout>,
): StatesOf => {
  const told = new Map<string, string | undefined>()
  return async (api, invokeId, signal) => {
    const states = await statesOf(api, invokeId, signal)
    if (told.has(invokeId) && told.get(invokeId) === undefined) return states
    // Whoever may not see rollouts, and a server that has none, watch the hosts alone.
    const rollout = await findRollout(api, invokeId, signal).catch((error: unknown) => {
      if (error instanceof RefusedCall) return undefined
      throw error
    })
    const now = rollout === undefined ? undefined : `${rollout.status} ${rollout.reason}`.trim()
    const isNews = now !== (told.get(invokeId) ?? 'InProgress') && now !== 'Finished'
    if (rollout !== undefined && isNews) tell(rollout)
    if (rollout !== undefined) known.set(invokeId, rollout)
    told.set(invokeId, now)
    return states
  }
}
