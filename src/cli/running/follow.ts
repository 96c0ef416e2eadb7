import { setTimeout as delay } from 'node:timers/promises'
import { escapeControl } from '../../command-line/escape-control.js'
import { CommandFailure } from '../../command-line/failures.js'
import { listAt, type Members, membersAt, numberAt, textAt } from '../answer.js'
import { NoAnswer } from '../call-failures.js'
import type { Api } from '../call-operation.js'
import { pages } from '../pages.js'
import { type Delivery, isFinal, type Outcome } from './outcomes.js'
import type { Submitted } from './submit.js'

/** How many hosts are where. */
export interface Progress {
  readonly total: number
  readonly waiting: number
  readonly running: number
  readonly succeeded: number
  readonly failed: number
  /** Why the server gives no news at the moment; `''` when it does. */
  readonly trouble: string
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 2_000
/** A server that restarts is back long before; one that stays away is told to the person. */
const PATIENCE_MS = 120_000
const CALLS_AT_ONCE = 4

/** State of each host, by its id. */
export type States = ReadonlyMap<string, string>

/** Asks how one invocation, or sent file, stands on its hosts; undefined when the server has none of this id. */
export type StatesOf = (api: Api, invokeId: string, signal?: AbortSignal) => Promise<States | undefined>

/**
 * Asks for the states of all hosts until every one is final, or until the signal is aborted. @throws NoAnswer when the
 * server does not answer for two minutes; CommandFailure when one was removed meanwhile
 */
export const follow = async (
  api: Api,
  submitted: readonly Submitted[],
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  statesOf: StatesOf = statesOfRun,
): Promise<void> => {
  const states = new Map<string, States>()
  let open = [...submitted]
  let pauseMs = FIRST_PAUSE_MS
  let lastAnswer = Date.now()
  while (open.length > 0 && !signal.aborted) {
    let trouble = ''
    try {
      await eachAtOnce(open, async ({ invokeId }) => {
        states.set(invokeId, (await statesOf(api, invokeId, signal)) ?? throwRemoved(invokeId, submitted))
      })
      lastAnswer = Date.now()
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof NoAnswer) || Date.now() - lastAnswer > PATIENCE_MS) throw error
      trouble = error.message
    }
    onProgress(progressOf(submitted, states, trouble))
    open = open.filter(({ invokeId, targets }) => !isFinished(states.get(invokeId), targets.length))
    if (open.length === 0) return
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.3)
  }
}

export const eachAtOnce = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
}

export const statesOfRun: StatesOf = async (api, invokeId, signal) =>
  statesIn(await api.call('DescribeInvocations', [['InvokeId', invokeId]], signal))

/** The state of each host in an answer that lists an invocation with its instances; undefined when it lists none. */
export const statesIn = (answer: Members): States | undefined => {
  const invocations = listAt(answer, 'Invocations', 'Invocation')
  if (invocations.length === 0) return undefined
  const instances = invocations.flatMap((one) => listAt(one, 'InvokeInstances', 'InvokeInstance'))
  return new Map(instances.map((one) => [textAt(one, 'InstanceId'), textAt(one, 'InvocationStatus')]))
}

/** What is over is removed after a while: who looked away for long may come back to nothing. */
const throwRemoved = (invokeId: string, among: readonly Submitted[]): never => {
  const others = among.map((one) => one.invokeId).filter((id) => id !== invokeId)
  throw new CommandFailure(
    `${escapeControl(invokeId)} was removed meanwhile: it was over, and how it ended is no longer kept.`,
    {
      advice: [
        'How long there is something to look at is a setting of the server.',
        ...(others.length > 0 ? [`The others: openassist invocations watch ${escapeControl(others.join(' '))}`] : []),
      ],
    },
  )
}

/** The same where only some of its hosts are missing in an answer of several parts. */
export const checkNotRemoved = async (
  api: Api,
  submitted: readonly Submitted[],
  isFound: (invokeId: string, instanceId: string) => boolean,
  statesOf: StatesOf,
): Promise<void> => {
  for (const { invokeId, targets } of submitted) {
    if (targets.every(({ instanceId }) => isFound(invokeId, instanceId))) continue
    if ((await statesOf(api, invokeId)) === undefined) throwRemoved(invokeId, submitted)
  }
}

const isFinished = (states: States | undefined, hosts: number): boolean =>
  states !== undefined && states.size >= hosts && [...states.values()].every(isFinal)

const progressOf = (
  submitted: readonly Submitted[],
  states: ReadonlyMap<string, States>,
  trouble: string,
): Progress => {
  const counts = { waiting: 0, running: 0, succeeded: 0, failed: 0 }
  let total = 0
  for (const { invokeId, targets } of submitted) {
    total += targets.length
    const known = states.get(invokeId)
    for (const { instanceId } of targets) {
      const status = known?.get(instanceId) ?? ''
      if (status === 'Success') counts.succeeded += 1
      else if (isFinal(status)) counts.failed += 1
      else if (status === 'Running' || status === 'Stopping') counts.running += 1
      else counts.waiting += 1
    }
  }
  return { total, ...counts, trouble }
}

/** How it stands on every host, with the output, in the order of the targets. @throws CommandFailure when one was removed */
export const fetchOutcomes = async (api: Api, submitted: readonly Submitted[]): Promise<readonly Outcome[]> => {
  const found = new Map<string, Members>()
  await eachAtOnce(submitted, async ({ invokeId }) => {
    const tokenOf = (answer: Members) => textAt(membersAt(answer, 'Invocation'), 'NextToken')
    const action = 'DescribeInvocationResults'
    for await (const answer of pages(api, action, [['InvokeId', invokeId]], 50, undefined, tokenOf)) {
      for (const result of listAt(answer, 'Invocation', 'InvocationResults', 'InvocationResult')) {
        found.set(`${invokeId} ${textAt(result, 'InstanceId')}`, result)
      }
    }
  })
  await checkNotRemoved(api, submitted, (...ids) => found.has(ids.join(' ')), statesOfRun)
  return submitted.flatMap(({ invokeId, targets }) =>
    targets.map(({ instanceId, name }) =>
      outcomeOf(found.get(`${invokeId} ${instanceId}`) ?? {}, { invokeId, instanceId, name }),
    ),
  )
}

/** A result as DescribeInvocationResults tells it. */
export const outcomeOf = (
  result: Members,
  known: { readonly invokeId: string; readonly instanceId: string; readonly name: string },
): Outcome => ({
  ...known,
  status: textAt(result, 'InvocationStatus'),
  errorCode: textAt(result, 'ErrorCode'),
  errorInfo: textAt(result, 'ErrorInfo'),
  ...(typeof result['ExitCode'] === 'number' ? { exitCode: result['ExitCode'] } : {}),
  output: Buffer.from(textAt(result, 'Output'), 'base64').toString('utf8'),
  dropped: numberAt(result, 'Dropped'),
  ...deliveryOf(result),
  startTime: textAt(result, 'StartTime'),
  finishTime: textAt(result, 'FinishedTime'),
})

const deliveryOf = (result: Members): { readonly delivery?: Delivery } => {
  const status = textAt(result, 'OssOutputStatus')
  if (status === '') return {}
  const [uri, errorCode, errorInfo] = [
    textAt(result, 'OssOutputUri'),
    textAt(result, 'OssOutputErrorCode'),
    textAt(result, 'OssOutputErrorInfo'),
  ]
  return { delivery: { status, uri, errorCode, errorInfo } }
}
