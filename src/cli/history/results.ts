import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, membersAt, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages, tagParameters } from '../pages.js'
import { outcomeOf } from '../running/follow.js'
import type { Outcome } from '../running/outcomes.js'

/** States of results that can be asked for: those of a task, and two older words for several of them (api.md §8.2, §8.4). */
export const RESULT_STATES = [
  'Pending',
  'Scheduled',
  'Running',
  'Success',
  'Failed',
  'Error',
  'Timeout',
  'Invalid',
  'Aborted',
  'Cancelled',
  'Stopping',
  'Terminated',
  'Finished',
  'Stopped',
] as const
export type ResultState = (typeof RESULT_STATES)[number]

/** Those that the API can be asked for. It answers more under some of these names, and what is older is its own word. */
const ASKED_FOR: ReadonlySet<ResultState> = new Set(['Running', 'Success', 'Failed', 'Stopping', 'Finished', 'Stopped'])
const OLDER: ReadonlySet<ResultState> = new Set(['Finished', 'Stopped'])

export interface ResultFilter {
  readonly invokeId: string | undefined
  readonly instanceId: string | undefined
  readonly commandId: string | undefined
  readonly state: ResultState | undefined
  readonly tags: readonly Pair[]
  /** Every run of what repeats, instead of the latest. */
  readonly history: boolean
}

const PAGE = 50

/** Results, the newest invocation first, in pages; `read` are those that were looked through, of `total`. */
export async function* resultPages(
  api: Api,
  { invokeId, instanceId, commandId, state, tags, history }: ResultFilter,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly total: number; readonly read: number; readonly outcomes: readonly Outcome[] }> {
  const asked: readonly (readonly [string, string | undefined])[] = [
    ['InvokeId', invokeId],
    ['InstanceId', instanceId],
    ['CommandId', commandId],
    ['InvokeRecordStatus', state !== undefined && ASKED_FOR.has(state) ? state : undefined],
    ['IncludeHistory', history ? 'true' : undefined],
  ]
  const parameters: FlatParameters = [
    ...asked.filter((pair): pair is readonly [string, string] => pair[1] !== undefined),
    ...tagParameters(tags),
  ]
  const tokenOf = (answer: Members): string => textAt(membersAt(answer, 'Invocation'), 'NextToken')
  for await (const answer of pages(api, 'DescribeInvocationResults', parameters, PAGE, signal, tokenOf)) {
    const results = listAt(answer, 'Invocation', 'InvocationResults', 'InvocationResult').map((result) =>
      outcomeOf(result, { invokeId: textAt(result, 'InvokeId'), instanceId: textAt(result, 'InstanceId'), name: '' }),
    )
    const isAny = state === undefined || OLDER.has(state)
    yield {
      total: numberAt(membersAt(answer, 'Invocation'), 'TotalCount'),
      read: results.length,
      outcomes: isAny ? results : results.filter(({ status }) => status === state),
    }
  }
}
