import { listAt, membersAt, textAt } from '../answer.js'
import type { Api } from '../call-operation.js'
import { findInvocation } from '../history/invocations.js'
import { pages } from '../pages.js'
import { eachAtOnce, outcomeOf, type StatesOf } from './follow.js'
import { isFinal, type Outcome } from './outcomes.js'

/** Runs in one answer: of a host there is seldom more than one that is new. */
const PAGE = 10

/** What was seen of a host: how it stood, and when its last run that is over began. */
interface Seen {
  readonly mark: string
  readonly last: string
}

/**
 * The states of an invocation that runs again and again; each run that ends from now on is told, once and in order for
 * each host.
 */
export const withRuns = (onRun: (run: Outcome) => void): StatesOf => {
  const seen = new Map<string, Seen>()
  return async (api, invokeId, signal) => {
    const invocation = await findInvocation(api, invokeId, signal)
    if (invocation === undefined) return undefined
    const { hosts } = invocation
    await eachAtOnce(hosts, async ({ instanceId, status, startTime, finishTime }) => {
      const key = `${invokeId} ${instanceId}`
      const mark = `${status} ${startTime} ${finishTime}`
      const known = seen.get(key)
      if (known?.mark === mark) return
      const runs = await endedSince(api, invokeId, instanceId, known?.last, signal)
      if (known !== undefined) for (const run of runs) onRun(run)
      seen.set(key, { mark, last: beganOf(runs.at(-1)) ?? known?.last ?? '' })
    })
    return new Map(hosts.map(({ instanceId, status }) => [instanceId, status]))
  }
}

/** When a run began, or ended where it never began; wire times sort as text. */
const beganOf = (run: Outcome | undefined): string | undefined => run?.startTime || run?.finishTime || undefined

/** Runs of a host that are over and began later than that, oldest first; the newest page of them when nothing is said. */
const endedSince = async (
  api: Api,
  invokeId: string,
  instanceId: string,
  since: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Outcome[]> => {
  const found: Outcome[] = []
  const parameters = [
    ['InvokeId', invokeId],
    ['InstanceId', instanceId],
    ['IncludeHistory', 'true'],
  ] as const
  const tokenOf = (answer: Parameters<typeof membersAt>[0]) => textAt(membersAt(answer, 'Invocation'), 'NextToken')
  for await (const answer of pages(api, 'DescribeInvocationResults', parameters, PAGE, signal, tokenOf)) {
    const results = listAt(answer, 'Invocation', 'InvocationResults', 'InvocationResult')
    const runs = results.map((result) => outcomeOf(result, { invokeId, instanceId, name: '' }))
    const ended = runs.filter((run) => isFinal(run.status) && (beganOf(run) ?? '') > (since ?? ''))
    found.push(...ended)
    // Newest first: what follows is older.
    if (since === undefined || runs.some((run) => (beganOf(run) ?? since) <= since && beganOf(run) !== undefined)) break
  }
  return found.toReversed()
}
