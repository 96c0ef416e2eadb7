import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, membersAt, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages, tagParameters } from '../pages.js'
import { outcomeOf } from '../running/follow.js'
import type { Outcome } from '../running/outcomes.js'

/** States of results that can be asked for (api.md §8.1). */
export const RESULT_STATES = [
  'Running',
  'Finished',
  'Success',
  'Failed',
  'PartialFailed',
  'Stopping',
  'Stopped',
] as const

export interface ResultFilter {
  readonly invokeId: string | undefined
  readonly instanceId: string | undefined
  readonly commandId: string | undefined
  readonly state: string | undefined
  readonly tags: readonly Pair[]
  /** Every run of what repeats, instead of the latest. */
  readonly history: boolean
}

const PAGE = 50

/** Results, the newest invocation first, in pages. */
export async function* resultPages(
  api: Api,
  { invokeId, instanceId, commandId, state, tags, history }: ResultFilter,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly total: number; readonly outcomes: readonly Outcome[] }> {
  const asked: readonly (readonly [string, string | undefined])[] = [
    ['InvokeId', invokeId],
    ['InstanceId', instanceId],
    ['CommandId', commandId],
    ['InvokeRecordStatus', state],
    ['IncludeHistory', history ? 'true' : undefined],
  ]
  const parameters: FlatParameters = [
    ...asked.filter((pair): pair is readonly [string, string] => pair[1] !== undefined),
    ...tagParameters(tags),
  ]
  const tokenOf = (answer: Members): string => textAt(membersAt(answer, 'Invocation'), 'NextToken')
  for await (const answer of pages(api, 'DescribeInvocationResults', parameters, PAGE, signal, tokenOf)) {
    yield {
      total: numberAt(membersAt(answer, 'Invocation'), 'TotalCount'),
      outcomes: listAt(answer, 'Invocation', 'InvocationResults', 'InvocationResult').map((result) =>
        outcomeOf(result, {
          invokeId: textAt(result, 'InvokeId'),
          instanceId: textAt(result, 'InstanceId'),
          // Results of several invocations: each host is named with its own.
          name: invokeId === undefined ? textAt(result, 'InvokeId') : '',
        }),
      ),
    }
  }
}
