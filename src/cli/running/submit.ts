import { randomUUID } from 'node:crypto'
import { CommandFailure } from '../../command-line/failures.js'
import type { Pair } from '../../command-line/options.js'
import { type Members, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { FittingBatches, isTooMany } from '../fitting-batches.js'
import { repeatedParameter, tagParameters } from '../pages.js'
import { parameterValues, type Script } from './script.js'
import type { CommandType, Target } from './targets.js'

/** Hosts that one RunCommand takes (api.md §5.2); a server may be configured to take fewer. */
export const HOSTS_PER_CALL = 100
/** Hosts that get their turns are one invocation, however many they are: the server has a bound of its own for those. */
export const IN_ONE_CALL = Number.MAX_SAFE_INTEGER
const CALLS_AT_ONCE = 4

/** What can be done where turns make it one call, and the server takes fewer hosts in one. */
export const FEWER_IN_TURNS =
  'Hosts that get their turns are one call: choose fewer of them at a time, or leave the turns out. How many it takes is the ' +
  'server’s configuration (OPENASSIST_INSTANCES_PER_ROLLOUT), of a file 500.'

/** A script that the server has, and what runs it. */
export interface KeptScript {
  readonly commandId: string
  readonly type: CommandType
}

export interface RunDetails {
  readonly script: Script | KeptScript
  readonly timeoutSeconds: number | undefined
  readonly workingDir: string | undefined
  readonly username: string | undefined
  readonly windowsPasswordName: string | undefined
  readonly containerId: string | undefined
  readonly containerName: string | undefined
  readonly launcher: string | undefined
  readonly terminationMode: string | undefined
  readonly allowSecretOnDisk?: boolean
  readonly repeatMode: string | undefined
  readonly frequency: string | undefined
  /** `oss://bucket/prefix` */
  readonly outputTo: string | undefined
  readonly name: string | undefined
  readonly description: string | undefined
  readonly keep: boolean
  readonly resourceGroup: string | undefined
  readonly tags: readonly Pair[]
  readonly enableParameter: boolean
  readonly parameters: readonly Pair[]
  /** How hosts get their turn, in the words of the API; empty: all at once. */
  readonly rollout: FlatParameters
}

/** One accepted call: an invocation on up to 100 hosts. */
export interface Submitted {
  readonly invokeId: string
  readonly targets: readonly Target[]
  /** The command that its script was kept as; absent where it was not. */
  readonly keptAs?: string
}

/** A call that was not accepted, and why. */
export interface Refused {
  readonly targets: readonly Target[]
  readonly failure: CommandFailure
}

export interface Submission {
  readonly submitted: readonly Submitted[]
  readonly refused: readonly Refused[]
}

/**
 * Submits something for any number of hosts, in as many calls as it takes, of fewer hosts each where the server takes no
 * more; calls not yet begun are left out once the signal is aborted. @throws what the server said when it accepted nothing at all
 * @param keeps an answer tells the command that was kept
 */
export const submitInCalls = async (
  targets: readonly Target[],
  hostsPerCall: number,
  call: (targets: readonly Target[]) => Promise<Members>,
  signal: AbortSignal,
  onSubmitted: (targets: number) => void,
  keeps = false,
): Promise<Submission> => {
  const waiting = new FittingBatches(targets, hostsPerCall)
  const submitted: Submitted[] = []
  const refused: Refused[] = []
  const worker = async (): Promise<void> => {
    for (let batch = waiting.next(); batch !== undefined && !signal.aborted; batch = waiting.next()) {
      try {
        // Not given the signal: a call that was sent is waited for, so that what it started is known and can be stopped.
        const answer = await call(batch)
        const kept = keeps ? { keptAs: textAt(answer, 'CommandId') } : {}
        submitted.push({ invokeId: textAt(answer, 'InvokeId'), targets: batch, ...kept })
        onSubmitted(batch.length)
      } catch (error) {
        const isOneCall = hostsPerCall === IN_ONE_CALL
        if (!isOneCall && waiting.takeBack(batch, error)) continue
        if (!(error instanceof CommandFailure)) throw error
        const failure = isOneCall && isTooMany(error) ? error.withAdvice(FEWER_IN_TURNS) : error
        refused.push({ targets: batch, failure })
      }
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
  const [first] = refused
  if (submitted.length === 0 && first !== undefined) throw first.failure
  return { submitted, refused }
}

/** A call that runs something, apart from its hosts. */
export interface RunCall {
  readonly action: 'RunCommand' | 'InvokeCommand'
  readonly parameters: FlatParameters
}

/** Submits a run on any number of hosts. @throws what the server said when it accepted nothing at all */
export const submit = (
  api: Api,
  targets: readonly Target[],
  details: RunDetails,
  signal: AbortSignal,
  onSubmitted: (targets: number) => void,
): Promise<Submission> => {
  const { action, parameters } = callOf(details)
  return submitInCalls(
    targets,
    details.rollout.length > 0 ? IN_ONE_CALL : HOSTS_PER_CALL,
    (batch) => {
      const instanceIds = batch.map(({ instanceId }) => instanceId)
      // A repeated call must not run anything twice.
      const once = ['ClientToken', randomUUID()] as const
      return api.call(action, [...parameters, once, ...repeatedParameter('InstanceId', instanceIds)])
    },
    signal,
    onSubmitted,
    details.keep,
  )
}

/** Such a script is one with parameters, whatever was said: as text, it would run with the reference in it. */
export const refersToSecrets = (script: Uint8Array): boolean =>
  /\{\{\s*oos(?:-secret)?\s*:/i.test(Buffer.from(script).toString('latin1'))

const callOf = (details: RunDetails): RunCall => {
  const { script } = details
  if ('commandId' in script)
    return { action: 'InvokeCommand', parameters: [['CommandId', script.commandId], ...parametersOf(details)] }
  return {
    action: 'RunCommand',
    parameters: [
      ['Type', script.type],
      ['ContentEncoding', 'Base64'],
      ['CommandContent', Buffer.from(script.content).toString('base64')],
      ...given([
        ['Name', details.name],
        ['Description', details.description],
        ['KeepCommand', details.keep ? 'true' : undefined],
        ['EnableParameter', enablesParameters(details, script.content) ? 'true' : undefined],
      ]),
      ...parametersOf(details),
    ],
  }
}

const enablesParameters = ({ enableParameter, parameters }: RunDetails, script: Uint8Array): boolean =>
  enableParameter || parameters.length > 0 || refersToSecrets(script)

const given = (pairs: readonly (readonly [string, string | undefined])[]): FlatParameters =>
  pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined)

/** What a run is told, whatever its script. */
const parametersOf = (details: RunDetails): FlatParameters => {
  return [
    ...given([
      ['Timeout', details.timeoutSeconds?.toString()],
      ['WorkingDir', details.workingDir],
      ['Username', details.username],
      ['WindowsPasswordName', details.windowsPasswordName],
      ['ContainerId', details.containerId],
      ['ContainerName', details.containerName],
      ['Launcher', details.launcher],
      ['TerminationMode', details.terminationMode],
      ['AllowSecretOnDisk', details.allowSecretOnDisk === true ? 'true' : undefined],
      ['RepeatMode', details.repeatMode],
      ['Frequency', details.frequency],
      ['OssOutputDelivery', details.outputTo],
      ['ResourceGroupId', details.resourceGroup],
    ]),
    ...(details.parameters.length === 0 ? [] : [['Parameters', parameterValues(details.parameters)] as const]),
    ...tagParameters(details.tags),
    ...details.rollout,
  ]
}
