import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import type { Pair } from '../../command-line/options.js'
import type { Terminal } from '../../command-line/terminal.js'
import { listAt, type Members, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { repeatedParameter, tagParameters } from '../pages.js'
import { checkNotRemoved, eachAtOnce, type StatesOf, statesIn } from '../running/follow.js'
import type { Outcome } from '../running/outcomes.js'
import { IN_ONE_CALL, type Submission, submitInCalls, type Submitted } from '../running/submit.js'
import type { Target } from '../running/targets.js'

/** Hosts that one SendFile takes (api.md §9.1); a server may be configured to take fewer. */
export const FILE_HOSTS_PER_CALL = 50
/** Bytes of a file: 32 KB in the Base64 form. */
const MOST_BYTES = 24_576

export interface FileDetails {
  readonly name: string
  readonly content: Uint8Array
  readonly directory: string
  readonly mode: string | undefined
  readonly owner: string | undefined
  readonly group: string | undefined
  readonly overwrite: boolean
  readonly timeoutSeconds: number | undefined
  readonly description: string | undefined
  readonly resourceGroup: string | undefined
  readonly tags: readonly Pair[]
  /** How hosts get their turn, in the words of the API; empty: all at once. */
  readonly rollout: FlatParameters
}

/** The file to send and its name on the hosts; `-` is what comes on stdin, which has no name of its own. */
export const readFileToSend = async (
  file: string,
  name: string | undefined,
  { stdin, cwd }: Pick<Terminal, 'stdin' | 'cwd'>,
): Promise<Pick<FileDetails, 'name' | 'content'>> => {
  if (file === '-' && name === undefined) throw new UsageError('what comes on stdin needs a name: give --name.')
  const content = file === '-' ? await readStream(stdin) : readFile(resolve(cwd, file))
  if (content.length === 0) throw new CommandFailure(`${file} is empty, and agents take no empty file.`)
  if (content.length > MOST_BYTES) throw tooLarge(file)
  return { name: name ?? basename(resolve(cwd, file)), content }
}

const tooLarge = (file: string): CommandFailure =>
  new CommandFailure(
    `${file} is too large: a file that is sent has at most ${MOST_BYTES.toLocaleString('en-US')} bytes.`,
  )

const readStream = async (stream: AsyncIterable<unknown>): Promise<Uint8Array> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > MOST_BYTES) throw tooLarge('what comes on stdin')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

const readFile = (path: string): Uint8Array => {
  try {
    // Asked first: the file may be larger than the memory of this machine.
    if (statSync(path).size > MOST_BYTES) throw tooLarge(path)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(`the file cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Sends a file to any number of hosts. @throws what the server said when it accepted nothing at all */
export const sendFile = (
  api: Api,
  targets: readonly Target[],
  details: FileDetails,
  signal: AbortSignal,
  onSubmitted: (targets: number) => void,
): Promise<Submission> =>
  submitInCalls(
    targets,
    details.rollout.length > 0 ? IN_ONE_CALL : FILE_HOSTS_PER_CALL,
    (batch) => api.call('SendFile', parametersOf(batch, details)),
    signal,
    onSubmitted,
  )

const parametersOf = (targets: readonly Target[], details: FileDetails): FlatParameters => {
  const optional: (readonly [string, string | undefined])[] = [
    ['FileMode', details.mode],
    ['FileOwner', details.owner],
    ['FileGroup', details.group],
    ['Timeout', details.timeoutSeconds?.toString()],
    ['Description', details.description],
    ['ResourceGroupId', details.resourceGroup],
  ]
  return [
    ['Name', details.name],
    ['TargetDir', details.directory],
    ['ContentType', 'Base64'],
    ['Content', Buffer.from(details.content).toString('base64')],
    ['Overwrite', String(details.overwrite)],
    ...optional.filter((pair): pair is readonly [string, string] => pair[1] !== undefined),
    ...tagParameters(details.tags),
    // A repeated call must not write anything twice.
    ['ClientToken', randomUUID()],
    ...details.rollout,
    ...repeatedParameter(
      'InstanceId',
      targets.map(({ instanceId }) => instanceId),
    ),
  ]
}

const ask = (api: Api, invokeId: string, signal?: AbortSignal): Promise<Members> =>
  api.call('DescribeSendFileResults', [['InvokeId', invokeId]], signal)

export const statesOfSend: StatesOf = async (api, invokeId, signal) => statesIn(await ask(api, invokeId, signal))

/** How it stands on every host, in the order of the targets. @throws CommandFailure when one was removed */
export const fetchFileOutcomes = async (api: Api, submitted: readonly Submitted[]): Promise<readonly Outcome[]> => {
  const found = new Map<string, Members>()
  await eachAtOnce(submitted, async ({ invokeId }) => {
    for (const send of listAt(await ask(api, invokeId), 'Invocations', 'Invocation')) {
      for (const result of listAt(send, 'InvokeInstances', 'InvokeInstance')) {
        found.set(`${invokeId} ${textAt(result, 'InstanceId')}`, result)
      }
    }
  })
  await checkNotRemoved(api, submitted, (...ids) => found.has(ids.join(' ')), statesOfSend)
  return submitted.flatMap(({ invokeId, targets }) =>
    targets.map(({ instanceId, name }) => {
      const result = found.get(`${invokeId} ${instanceId}`) ?? {}
      return {
        invokeId,
        instanceId,
        name,
        status: textAt(result, 'InvocationStatus'),
        errorCode: textAt(result, 'ErrorCode'),
        errorInfo: textAt(result, 'ErrorInfo'),
        output: '',
        dropped: 0,
        startTime: textAt(result, 'StartTime'),
        finishTime: textAt(result, 'FinishTime'),
      }
    }),
  )
}
