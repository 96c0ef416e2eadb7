// Changes what an invocation that repeats will run, when, and where (api.md §7.2).
import { flag, jsonMap, optional, repeated, text } from '../../schema/shape.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import { scriptOf } from '../contract/encoded-content.js'
import { notValid } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { clientToken } from '../contract/run-parameters.js'
import type { Domain } from '../domain/domain.js'

export const ModifyInvocationAttribute = defineOperation({
  name: 'ModifyInvocationAttribute',
  summary:
    'Changes the script, the parameters or the schedule of an invocation that repeats or waits for a start of its instances, or adds instances to it. A run under way ends as it began.',
  access: 'write',
  permission: {
    resources: (request) => [
      ...resources.invocation(request.InvokeId),
      ...(request.InstanceId === undefined ? [] : resources.instances(request.InstanceId)),
    ],
  },

  request: {
    InvokeId: text('The invocation, not over yet.', { example: 't-hz0jdfwd9f****' }),
    CommandContent: optional(
      text('Another script, at most 24 KB in its Base64 form; it makes another command.', { example: 'ZWNobyAxMjM=' }),
    ),
    ContentEncoding: optional(
      text('How CommandContent is written: PlainText or Base64, in any case. Anything else counts as PlainText.', {
        default: 'PlainText',
        example: 'PlainText',
      }),
    ),
    EnableParameter: optional(
      flag(
        'Whether {{name}} in the script is replaced by a parameter; as it is when not given, or false without another script or values.',
      ),
    ),
    Parameters: optional(
      jsonMap('Values of the custom parameters, by name, as a JSON object; those before when not given.', { max: 10 }),
    ),
    Frequency: optional(
      text(
        'Another schedule, where there is one: cron, rate(…) or at(…). A rate counts from when the invocation was made.',
        {
          maxLength: 1024,
        },
      ),
    ),
    InstanceId: optional(
      repeated(
        'Instances to add; how many the invocation has at most is configuration, 100 by default. One that has it stays as it is; one that was never given it, as it was away, gets it now.',
        text('An instance.', { example: 'i-bp185dy2o3o6neg****' }),
      ),
    ),
    ClientToken: clientToken,
  },

  response: { CommandId: text('The command that the invocation has: another one for another script.') },

  errors: [
    error('InvalidInvokeId.NotFound', 404, 'The specified parameter InvokeId does not exist.', 'invocation/not-found'),
    error(
      'InvalidOperation.RepeatModeUnsupported',
      403,
      'The operation is not supported for current repeat mode of invocation.',
      'invocation/not-repeating',
    ),
    error(
      'InvalidOperation.InvokeAlreadyFinished',
      403,
      'The operation is not supported for finished invocation.',
      'invocation/over',
    ),
    error(
      'InvalidInstanceId.AlreadyFinished',
      403,
      'The invocation is over on one of the instances to add. What it did there stays as it is; run it there anew.',
      'invocation/instance-over',
    ),
    error(
      'InvalidOperation.CloudAssistantVersionUnsupported',
      403,
      'The operation is not supported for current CloudAssistant version of instance.',
      'invocation/agent-too-old',
    ),
    error(
      'InvalidOperation.CloudAssistantVersionUnsupported',
      403,
      'A script that refers to a secret would be kept on the disk of an instance, or be told to others in a container. Run it anew with AllowSecretOnDisk where that may be.',
      'invocation/agent-keeps-scripts',
    ),
    error(
      'InvalidOperation.ModifyPublicCommandUnsupported',
      403,
      'Modification of the content of Public Command is not supported.',
      'command/public',
    ),
    error(
      'InvalidCommandContent.DecodeError',
      400,
      'The specified parameter CommandContent can not be Base64 decoded.',
      'CommandContent/malformed',
    ),
    error(
      'InvalidCommandContent.LengthLimitExceeded',
      403,
      'The length of the parameter CommandContent exceeds the limit of %s KB characters.',
      'command/content-too-long',
    ),
    error('CommandLimitExceeded', 403, 'The count of command in current region exceeds the limit of %s.', [
      'command/quota-exceeded',
    ]),
    neverAnswered(
      'InvalidCommandId.NotFound',
      404,
      'The specified CommandId does not exist.',
      'The command of an invocation that is not over cannot be deleted.',
    ),
    error(
      'InvalidParameters.CountLimitExceeded',
      403,
      'The count of the parameter Parameters exceeds the limit of 10.',
      ['Parameters/too-many', 'parameters/too-many', 'command-parameter/too-many'],
    ),
    error('InvalidParameters.KeyEmpty', 400, 'The key in the parameter Parameters cannot be empty.', [
      'command-parameter/empty-name',
    ]),
    error('InvalidParameters.KeyMalformed', 400, 'The key in the parameter Parameters is not valid.', [
      'command-parameter/malformed-name',
    ]),
    error(
      'InvalidParameters.KeyLengthLimitExceeded',
      403,
      'The length of the key in the parameter Parameters exceeds the limit of 64 characters.',
      ['parameters/name-too-long', 'command-parameter/name-too-long'],
    ),
    error('InvalidParameters.KeyDuplicate', 400, 'The key in the parameter Parameters cannot be duplicated.', [
      'Parameters/duplicate',
      'parameters/duplicate',
    ]),
    error(
      'InvalidParameters.KeyNotMatch',
      400,
      'The key in the parameter Parameters do not match those defined when creating the command.',
      ['parameters/not-matched', 'parameters/disabled', 'parameters/missing-value'],
    ),
    error(
      'InvalidParameters.ValueTypeUnsupported',
      403,
      'The type of the value in the parameter Parameters is not supported.',
      'parameters/type-not-supported',
    ),
    error(
      'ParameterStore.InvalidParameters',
      403,
      'The parameter is invalid in Parameter Store.',
      'parameters/secret-not-valid',
    ),
    notValid('Parameters', ['Parameters/malformed', 'Parameters/illegal-character', 'parameters/malformed']),
    error('InvalidParameter.Frequency', 400, 'The specified parameter Frequency is not valid.', [
      'Frequency/malformed',
      'Frequency/too-long',
      'Frequency/illegal-character',
      'frequency/not-possible',
    ]),
    error('InvalidInstanceId.NotFound', 404, 'The specified parameter InstanceId does not exist.', [
      'instance/not-found',
      'InstanceId/missing',
    ]),
    error(
      'InvalidInstanceId.OSTypeUnsupported',
      403,
      'The OS type of the instance corresponding to the parameter InstanceId does not support the specified command type.',
      'instance/does-not-match-command',
    ),
    error(
      'InvalidInstanceId.CountLimitExceeded',
      403,
      'The count of the parameter InstanceId exceeds the limit of %s.',
      'invocation/too-many-instances',
    ),
    error('InvalidRegionId.NotFound', 404, 'The specified parameter RegionId does not exist.', 'RegionId/unknown'),
    error('InternalError', 500, 'An error occurred when you dispatched the request.', 'store/unavailable'),
  ],

  check: (request) =>
    request.CommandContent !== undefined && contentOf(request) === undefined ? 'CommandContent/malformed' : undefined,

  async handle({ request, scope, repeat }, { invocations }: Pick<Domain, 'invocations'>) {
    const { commandId } = await invocations.modify(
      scope,
      request.InvokeId,
      {
        content: contentOf(request),
        enableParameter: request.EnableParameter,
        parameters: request.Parameters,
        frequency: request.Frequency,
        // An id that is empty names nothing.
        instanceIds: request.InstanceId?.filter((id) => id !== ''),
      },
      repeat,
    )
    return { CommandId: commandId }
  },
})

const contentOf = ({
  CommandContent,
  ContentEncoding,
}: {
  readonly CommandContent?: string | undefined
  readonly ContentEncoding?: string | undefined
}): Uint8Array | undefined =>
  CommandContent === undefined
    ? undefined
    : scriptOf(CommandContent, ContentEncoding?.toLowerCase() === 'base64' ? 'Base64' : 'PlainText')
