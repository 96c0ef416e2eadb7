// What RunCommand and InvokeCommand have in common (api.md §5): where to run, as whom, how often.
import { flag, integer, jsonMap, optional, repeated, text } from '../../schema/shape.js'
import type { Limits } from '../domain/domain.js'
import type { Targets } from '../domain/invocations/invocations.js'
import type { Reason } from './define-operation.js'
import { parseFrequency } from '../../schedule/frequency.js'
import { hasRollout, type RolloutParameters, rolloutParameters, rolloutReason } from './rollout-parameters.js'
import { resourceTags, toTagFilters } from './tag-parameters.js'

/** No control characters. */
export const PRINTABLE = '[^\\u0000-\\u001f\\u007f-\\u009f]*'

// The name reaches a root shell on the vendor's agent (agent-protocol.md §6.3), so nothing that a shell reads is let
// through. `DOMAIN\user` is a Windows account.
const USER_NAME = '(?:[A-Za-z0-9_][A-Za-z0-9_.-]*\\\\)?[A-Za-z_][A-Za-z0-9_.@-]*\\$?'

/** Seconds that a script may take when nobody says otherwise. */
export const DEFAULT_TIMEOUT_SECONDS = 60

export const clientToken = optional(
  text('The same token with the same request has one effect.', {
    maxLength: 64,
    pattern: '[\\x20-\\x7E]{1,64}',
    example: '123e4567-e89b-12d3-a456-426655440000',
  }),
)

/** `Timeout` of a script; without a value for the case that it is not given, something else decides then. */
export const timeout = (about: string, whenAbsent?: number) =>
  optional(
    integer(about, {
      min: 10,
      max: 86_400,
      example: 3600,
      ...(whenAbsent === undefined ? {} : { default: whenAbsent }),
    }),
  )

export const workingDir = (about: string) =>
  optional(text(about, { maxLength: 200, pattern: PRINTABLE, example: '/home/user' }))

export const launcher = optional(
  text(
    'Line that starts the script: a program and its arguments, quoted as in a shell. {{ACS::ScriptFileName}} in it stands for the path of the script, {{ACS::ScriptFileName|Ext(".py")}} for one that ends so.',
    {
      maxLength: 1024,
      lengthIn: 'bytes',
      pattern: PRINTABLE,
      example: 'python3 -u {{ACS::ScriptFileName|Ext(".py")}}',
    },
  ),
)

export const resourceGroupId = (about: string) =>
  optional(text(about, { maxLength: 128, example: 'rg-bp67acfmxazb4p****' }))

/** Parameters of a run, in the order in which they are checked. `resourceTagMax` differs by operation. */
export const runParameters = (resourceTagMax: number) => ({
  InstanceId: optional(
    repeated(
      'Instances to run on, all or none; how many at most is configuration, 100 by default. With RerunOf, those of them that it is about. Excludes ResourceTag.',
      text('An instance.', { example: 'i-bp185dy2o3o6neg****' }),
    ),
  ),
  ResourceTag: resourceTags(resourceTagMax),
  RerunOf: optional(
    text(
      'An earlier invocation: run on those of its instances on which it failed (Failed, Error, Timeout, Invalid, Aborted), and which a rollout that halted left out; with InstanceId, on those alone that it names. Excludes ResourceTag. EnableParameter, Description, ResourceGroupId and, for the same user, WindowsPasswordName are then those of that run where they are not given. An addition of this server.',
      { example: 't-7d2a745b412b4601b2d47f6a768d****' },
    ),
  ),
  RepeatMode: optional(
    text('When to run: once, by a schedule, at the next start or at every start of the instance, or only checked.', {
      oneOf: ['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'DryRun'],
      default: 'Once',
    }),
  ),
  Frequency: optional(
    text('Schedule: cron, rate(…) or at(…); makes the run periodic, whatever RepeatMode says.', {
      maxLength: 1024,
      example: '0 */20 * * * *',
    }),
  ),
  Timed: optional(flag('Without effect; RepeatMode and Frequency decide.', { deprecated: true })),
  Parameters: optional(
    jsonMap('Values of the custom parameters, by name, as a JSON object. Those not given are empty.', { max: 10 }),
  ),
  Username: optional(
    text('User that the script runs as: root or System when not given.', {
      maxLength: 255,
      pattern: USER_NAME,
      example: 'test',
    }),
  ),
  WindowsPasswordName: optional(
    text(
      'Name under which the host keeps the password of Username; needed for a user of Windows, else without effect.',
      {
        maxLength: 255,
        pattern: PRINTABLE,
        example: 'axtSecretPassword',
      },
    ),
  ),
  ContainerId: optional(
    text('Running container to run in; Username and WorkingDir do not count there. Linux only.', {
      pattern: '(?:(?:docker|containerd|cri-o)://)?[0-9a-f]{64}',
    }),
  ),
  ContainerName: optional(
    text('The same by its name. With both, they must denote the same container.', {
      maxLength: 255,
      pattern: '[0-9A-Za-z][0-9A-Za-z._-]{0,254}',
      example: 'test-container',
    }),
  ),
  TerminationMode: optional(
    text(
      "What is ended on a stop or a timeout: the script's own process, or that and all that it started. Not given, an agent of ours ends all that it started, and of the vendor's the script's own process is ended.",
      { oneOf: ['Process', 'ProcessTree'] },
    ),
  ),
  Launcher: launcher,
  // Beyond the vendor's.
  AllowSecretOnDisk: optional(
    flag(
      "Whether a script that refers to a secret may run where it lies on a disk or is told to others: by the vendor's agent, or in a container. Otherwise it ends as invalid there.",
      { default: false },
    ),
  ),
  OssOutputDelivery: optional(
    text(
      'Directory of a store that what is written on each instance is delivered to; configuration says which stores there are.',
      {
        pattern: 'oss://[^/]+/[\\s\\S]*',
        example: 'oss://testBucket/testPrefix',
      },
    ),
  ),
  ...rolloutParameters,
})

interface RunParameters extends RolloutParameters {
  readonly RerunOf?: string | undefined
  readonly InstanceId?: readonly string[] | undefined
  readonly ResourceTag?: readonly { readonly Key: string; readonly Value?: string | undefined }[] | undefined
  readonly RepeatMode?: string | undefined
  readonly Frequency?: string | undefined
  readonly Timeout?: number | undefined
}

const targetReason = (request: RunParameters, limits: Limits): Reason | undefined => {
  // An id that is empty names nothing.
  const ids = request.InstanceId?.filter((id) => id !== '')
  const byId = ids !== undefined && ids.length > 0
  const byTag = request.ResourceTag !== undefined && request.ResourceTag.length > 0
  const isRerun = request.RerunOf !== undefined
  if (byId && byTag) return 'ResourceTag/conflict'
  if (isRerun && byTag) return 'RerunOf/conflict'
  if (!byId && !byTag && !isRerun) return 'InstanceId/missing'
  const most = hasRollout(request) ? limits.instancesPerRollout : limits.instancesPerInvocation
  if (byId && new Set(ids).size > most) return 'InstanceId/too-many'
  return undefined
}

const scheduleReason = (request: RunParameters): Reason | undefined => {
  if (request.RepeatMode === 'Period' && request.Frequency === undefined) return 'Frequency/missing'
  if (request.Frequency === undefined) return undefined
  return parseFrequency(request.Frequency) === undefined ? 'Frequency/malformed' : undefined
}

/** What crosses parameters of a run. */
export const runReason = (request: RunParameters, limits: Limits): Reason | undefined =>
  targetReason(request, limits) ?? scheduleReason(request) ?? rolloutReason(request)

/** Where to run, of a request that `runReason` found nothing wrong with. */
export const targetsOf = (request: RunParameters): Targets => {
  const instanceIds = [...new Set(request.InstanceId?.filter((id) => id !== ''))]
  if (request.RerunOf !== undefined)
    return { by: 'failure', invokeId: request.RerunOf, among: instanceIds.length > 0 ? instanceIds : undefined }
  return instanceIds.length > 0
    ? { by: 'id', instanceIds }
    : { by: 'tag', tags: toTagFilters(request.ResourceTag) ?? [] }
}
