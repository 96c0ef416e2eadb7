// Runs a script that comes with the request (api.md §5).
import { flag, optional, text } from '../../schema/shape.js'
import { base64Length, CONTENT_LIMIT, scriptOf } from '../contract/encoded-content.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import {
  clientTokenErrors,
  dispatchFailure,
  forbidden,
  regionErrors,
  resourceGroupErrors,
  tagErrors,
} from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { commandErrors, commandType, description } from '../contract/command-parameters.js'
import { runErrors } from '../contract/run-errors.js'
import {
  clientToken,
  DEFAULT_TIMEOUT_SECONDS,
  PRINTABLE,
  resourceGroupId,
  runParameters,
  runReason,
  targetsOf,
  timeout,
  workingDir,
} from '../contract/run-parameters.js'
import { rolloutOf } from '../contract/rollout-parameters.js'
import { tags, toTags } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

export const RunCommand = defineOperation({
  name: 'RunCommand',
  summary: 'Runs a script on instances.',
  access: 'write',
  permission: {
    resources: (request) => [
      ...resources.instances(request.InstanceId),
      ...(request.KeepCommand === true ? resources.command(undefined) : []),
    ],
  },

  request: {
    CommandContent: text('The script, at most 24 KB in its Base64 form.', {
      maxLength: CONTENT_LIMIT,
      lengthIn: 'no-spaces',
      example: 'ZWNobyAxMjM=',
    }),
    Type: commandType,
    ...runParameters(20),
    ContentEncoding: optional(
      text('How CommandContent is written: PlainText or Base64, in any case. Anything else counts as PlainText.', {
        default: 'PlainText',
        example: 'Base64',
      }),
    ),
    Name: optional(text('Name of the command.', { maxLength: 128, pattern: PRINTABLE, example: 'testName' })),
    Description: description,
    WorkingDir: workingDir('Directory to run in: the home of root on Linux, the directory of the agent on Windows.'),
    Timeout: timeout('Seconds that the script may take.', DEFAULT_TIMEOUT_SECONDS),
    EnableParameter: optional(
      flag('Whether {{name}} in the script is replaced by a parameter. With RerunOf, as in that run when not given.', {
        default: false,
      }),
    ),
    KeepCommand: optional(flag('Whether the command stays afterwards, listed and counted.', { default: false })),
    ResourceGroupId: resourceGroupId('Resource group of the invocation.'),
    Tag: tags,
    ClientToken: clientToken,
  },

  response: {
    CommandId: text('The command that was made of the script.'),
    InvokeId: text('The invocation.'),
  },

  errors: [
    ...commandErrors,
    error(
      'CmdContent.ExceedLimit',
      403,
      'The length of the command content exceeds the upper limit.',
      'CommandContent/too-long',
    ),
    error('CmdContent.ExceedLimit', 403, 'The maximum length of a command is exceeded.', 'command/content-too-long'),
    ...runErrors,
    neverAnswered(
      'Parameter.MissingValue',
      400,
      'The parameter value of this command is required.',
      'A script that comes with the request says of none that it is required.',
    ),
    neverAnswered(
      'InvalidCmdId.NotFound',
      404,
      'The specified command ID does not exist.',
      'This operation takes no CommandId.',
    ),
    ...tagErrors,
    ...clientTokenErrors,
    ...resourceGroupErrors,
    forbidden,
    ...regionErrors,
    dispatchFailure,
  ],

  check(request, { limits }: Pick<Domain, 'invocations' | 'limits'>) {
    const content = contentOf(request)
    if (content === undefined) return 'CommandContent/malformed'
    if (base64Length(content.byteLength) > CONTENT_LIMIT) return 'CommandContent/too-long'
    return runReason(request, limits)
  },

  async handle({ request, scope, caller, repeat }, { invocations }: Pick<Domain, 'invocations' | 'limits'>) {
    const { commandId, invokeId } = await invocations.run(
      scope,
      caller,
      {
        name: request.Name ?? '',
        description: request.Description,
        type: request.Type,
        content: contentOf(request) ?? new Uint8Array(),
        enableParameter: request.EnableParameter,
        workingDir: request.WorkingDir ?? '',
        timeoutSeconds: request.Timeout ?? DEFAULT_TIMEOUT_SECONDS,
        launcher: request.Launcher ?? '',
        resourceGroupId: '',
        tags: [],
        keep: request.KeepCommand ?? false,
      },
      {
        targets: targetsOf(request),
        parameters: request.Parameters,
        username: request.Username ?? '',
        windowsPasswordName: request.WindowsPasswordName,
        allowSecretOnDisk: request.AllowSecretOnDisk,
        terminationMode: request.TerminationMode,
        containerId: request.ContainerId,
        containerName: request.ContainerName,
        outputDelivery: request.OssOutputDelivery,
        repeatMode: request.RepeatMode,
        frequency: request.Frequency,
        rollout: rolloutOf(request),
        resourceGroupId: request.ResourceGroupId ?? '',
        tags: toTags(request.Tag),
      },
      repeat,
    )
    return { CommandId: commandId, InvokeId: invokeId }
  },
})

// Upstream: the encoding is taken in any letter case, and an unknown one counts as PlainText (api.md §5.1).
const contentOf = (request: {
  readonly CommandContent: string
  readonly ContentEncoding?: string | undefined
}): Uint8Array | undefined =>
  scriptOf(request.CommandContent, request.ContentEncoding?.toLowerCase() === 'base64' ? 'Base64' : 'PlainText')
