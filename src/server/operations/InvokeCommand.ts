// Runs a kept command (api.md §5).
import { text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import {
  clientTokenErrors,
  dispatchFailure,
  forbidden,
  regionErrors,
  resourceGroupErrors,
  tagErrors,
} from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { runErrors } from '../contract/run-errors.js'
import {
  clientToken,
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

const [groupNotFound] = resourceGroupErrors

export const InvokeCommand = defineOperation({
  name: 'InvokeCommand',
  summary: 'Runs a kept or a public command on instances.',
  access: 'write',
  permission: {
    resources: (request) => [...resources.command(request.CommandId), ...resources.instances(request.InstanceId)],
  },

  request: {
    CommandId: text('The command, or the name of a public one for its newest version.', {
      example: 'c-e996287206324975b5fbe1d****',
    }),
    ...runParameters(10),
    WorkingDir: workingDir("Directory to run in, for this run only; the command's own when not given."),
    Timeout: timeout("Seconds that the script may take, for this run only; the command's own when not given."),
    ResourceGroupId: resourceGroupId('Resource group of the invocation.'),
    Tag: tags,
    ClientToken: clientToken,
  },

  response: { InvokeId: text('The invocation.') },

  errors: [
    error('InvalidCmdId.NotFound', 404, 'The specified command ID does not exist.', 'command/not-found'),
    error('InvalidParameter.WorkingDir', 400, 'The specified parameter WorkingDir is not valid.', [
      'WorkingDir/too-long',
      'WorkingDir/malformed',
      'WorkingDir/illegal-character',
    ]),
    error('CmdContent.ExceedLimit', 403, 'The maximum length of a command is exceeded.', 'command/content-too-long'),
    ...runErrors,
    error(
      'Parameter.MissingValue',
      400,
      'The parameter value of this command is required.',
      'parameters/missing-value',
    ),
    ...tagErrors,
    ...clientTokenErrors,
    groupNotFound,
    forbidden,
    ...regionErrors,
    dispatchFailure,
  ],

  check: (request, { limits }: Pick<Domain, 'invocations' | 'limits'>) => runReason(request, limits),

  async handle({ request, scope, caller, repeat }, { invocations }: Pick<Domain, 'invocations' | 'limits'>) {
    const { invokeId } = await invocations.invoke(
      scope,
      caller,
      request.CommandId,
      {
        targets: targetsOf(request),
        parameters: request.Parameters,
        username: request.Username ?? '',
        windowsPasswordName: request.WindowsPasswordName,
        allowSecretOnDisk: request.AllowSecretOnDisk,
        launcher: request.Launcher,
        terminationMode: request.TerminationMode,
        containerId: request.ContainerId,
        containerName: request.ContainerName,
        outputDelivery: request.OssOutputDelivery,
        repeatMode: request.RepeatMode,
        frequency: request.Frequency,
        rollout: rolloutOf(request),
        timeoutSeconds: request.Timeout,
        workingDir: request.WorkingDir,
        resourceGroupId: request.ResourceGroupId ?? '',
        tags: toTags(request.Tag),
      },
      repeat,
    )
    return { InvokeId: invokeId }
  },
})
