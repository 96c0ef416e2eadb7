import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { escapeControl } from '../../command-line/escape-control.js'
import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages, tagParameters } from '../pages.js'
import { isFinal } from '../running/outcomes.js'

/** How it stands on one host, in the words of the API (api.md §8.2). */
export interface InvocationHost {
  readonly instanceId: string
  readonly status: string
  /** Absent unless a process ended by itself. */
  readonly exitCode?: number
  readonly errorCode: string
  readonly errorInfo: string
  readonly startTime: string
  readonly finishTime: string
}

/** An invocation that was asked for earlier. Times are as the server wrote them, `''` for what did not happen. */
export interface Invocation {
  readonly invokeId: string
  readonly status: string
  readonly creationTime: string
  readonly commandId: string
  readonly commandName: string
  readonly commandType: string
  /** To be shown: bytes that are no UTF-8 are lost in it. */
  readonly script: string
  /** The same as the server told it, in Base64: to the byte. */
  readonly scriptBase64: string
  /** JSON text. */
  readonly parameters: string
  readonly username: string
  readonly workingDir: string
  readonly timeoutSeconds: number
  readonly repeatMode: string
  readonly frequency: string
  readonly launcher: string
  readonly terminationMode: string
  readonly containerId: string
  readonly containerName: string
  /** `oss://bucket/prefix` that outputs are delivered to; `''` for nowhere. */
  readonly outputTo: string
  readonly tags: readonly Pair[]
  readonly hosts: readonly InvocationHost[]
}

/** States of a whole invocation that can be asked for (api.md §8.1). */
export const INVOCATION_STATES = [
  'Pending',
  'Scheduled',
  'Running',
  'Success',
  'Failed',
  'PartialFailed',
  'Stopping',
  'Stopped',
  'Finished',
] as const

export interface InvocationFilter {
  readonly state: string | undefined
  /** An id (`c-…`) or a name. */
  readonly command: string | undefined
  readonly instanceId: string | undefined
  readonly tags: readonly Pair[]
}

/** Invocations in one answer; each brings its hosts along. */
const PAGE = 20

/** Refuses what the API would pass over in silence: two filters do not count beside an instance (api.md §8.1). */
const checkFilter = ({ state, command, instanceId }: InvocationFilter): void => {
  if (instanceId === undefined) return
  if (state === 'PartialFailed') throw new UsageError('--state PartialFailed and --instance-id exclude each other.')
  if (command !== undefined && !isCommandId(command)) {
    throw new UsageError('with --instance-id, --command is the id of a command (c-…), not its name.')
  }
}

const isCommandId = (text: string): boolean => /^c-\S+$/.test(text)

/** The filters that DescribeInvocations and DescribeInvocationResults have in common. */
export const commandParameter = (command: string | undefined): FlatParameters =>
  command === undefined ? [] : [[isCommandId(command) ? 'CommandId' : 'CommandName', command]]

/** The newest invocations, in pages. @throws UsageError for filters that exclude each other */
export async function* invocationPages(
  api: Api,
  filter: InvocationFilter,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly total: number; readonly invocations: readonly Invocation[] }> {
  checkFilter(filter)
  const { state, command, instanceId, tags } = filter
  const parameters: FlatParameters = [
    ...(state === undefined ? [] : [['InvokeStatus', state] as const]),
    ...(instanceId === undefined ? [] : [['InstanceId', instanceId] as const]),
    ...commandParameter(command),
    ...tagParameters(tags),
  ]
  for await (const answer of pages(api, 'DescribeInvocations', parameters, PAGE, signal)) {
    yield {
      total: numberAt(answer, 'TotalCount'),
      invocations: listAt(answer, 'Invocations', 'Invocation').map(invocationOf),
    }
  }
}

export const findInvocation = async (
  api: Api,
  invokeId: string,
  signal?: AbortSignal,
): Promise<Invocation | undefined> => {
  const answer = await api.call('DescribeInvocations', [['InvokeId', invokeId]], signal)
  const [found] = listAt(answer, 'Invocations', 'Invocation')
  return found && invocationOf(found)
}

/** @throws CommandFailure when there is none */
export const getInvocation = async (api: Api, invokeId: string, signal?: AbortSignal): Promise<Invocation> => {
  const found = await findInvocation(api, invokeId, signal)
  if (found !== undefined) return found
  if (invokeId.startsWith('f-'))
    throw new CommandFailure(`${escapeControl(invokeId)} is the id of a sent file, not of an invocation.`, {
      advice: [`What became of it: openassist files show ${escapeControl(invokeId)}`],
    })
  throw new CommandFailure(`there is no invocation ${escapeControl(invokeId)}.`, {
    advice: ['Those that there are: openassist invocations list. The oldest ones are removed after a while.'],
  })
}

const invocationOf = (from: Members): Invocation => ({
  invokeId: textAt(from, 'InvokeId'),
  status: textAt(from, 'InvocationStatus'),
  creationTime: textAt(from, 'CreationTime'),
  commandId: textAt(from, 'CommandId'),
  commandName: textAt(from, 'CommandName'),
  commandType: textAt(from, 'CommandType'),
  script: Buffer.from(textAt(from, 'CommandContent'), 'base64').toString('utf8'),
  scriptBase64: textAt(from, 'CommandContent'),
  parameters: textAt(from, 'Parameters'),
  username: textAt(from, 'Username'),
  workingDir: textAt(from, 'WorkingDir'),
  timeoutSeconds: numberAt(from, 'Timeout'),
  repeatMode: textAt(from, 'RepeatMode'),
  frequency: textAt(from, 'Frequency'),
  launcher: textAt(from, 'Launcher'),
  terminationMode: textAt(from, 'TerminationMode'),
  containerId: textAt(from, 'ContainerId'),
  containerName: textAt(from, 'ContainerName'),
  outputTo: textAt(from, 'OssOutputDelivery'),
  tags: listAt(from, 'Tags', 'Tag').map((tag) => ({ name: textAt(tag, 'TagKey'), value: textAt(tag, 'TagValue') })),
  hosts: listAt(from, 'InvokeInstances', 'InvokeInstance').map(hostOf),
})

/** A host in an answer that lists invocations, or sent files, with their hosts. */
export const hostOf = (from: Members): InvocationHost => ({
  instanceId: textAt(from, 'InstanceId'),
  status: textAt(from, 'InvocationStatus'),
  ...(typeof from['ExitCode'] === 'number' ? { exitCode: from['ExitCode'] } : {}),
  errorCode: textAt(from, 'ErrorCode'),
  errorInfo: textAt(from, 'ErrorInfo'),
  startTime: textAt(from, 'StartTime'),
  finishTime: textAt(from, 'FinishTime'),
})

/** The class “fail” of api.md §8.3: what was stopped by somebody (Cancelled, Terminated) did not fail. */
const FAILED = new Set(['Failed', 'Invalid', 'Aborted', 'Timeout', 'Error'])

export const hasFailed = ({ status }: { readonly status: string }): boolean => FAILED.has(status)

export interface HostCounts {
  readonly total: number
  readonly succeeded: number
  readonly failed: number
  readonly stopped: number
  readonly unfinished: number
}

export const countHosts = (hosts: readonly InvocationHost[]): HostCounts => {
  const counts = { succeeded: 0, failed: 0, stopped: 0, unfinished: 0 }
  for (const host of hosts) {
    if (!isFinal(host.status)) counts.unfinished += 1
    else if (host.status === 'Success') counts.succeeded += 1
    else if (hasFailed(host)) counts.failed += 1
    else counts.stopped += 1
  }
  return { total: hosts.length, ...counts }
}
