// Changes a kept command; what runs already keeps the old values (api.md §4.3).
import { flag, optional, text } from '../../schema/shape.js'
import { description } from '../contract/command-parameters.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, launcherNotValid, notValid, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { launcher, PRINTABLE, timeout, workingDir } from '../contract/run-parameters.js'
import type { Domain } from '../domain/domain.js'

export const ModifyCommand = defineOperation({
  name: 'ModifyCommand',
  summary: 'Changes a kept command for later runs. What is not given stays as it is.',
  access: 'write',
  permission: { resources: (request) => resources.command(request.CommandId) },

  request: {
    CommandId: text('The command.', { example: 'c-hz01272yr52****' }),
    Name: optional(text('New name.', { maxLength: 128, pattern: PRINTABLE, example: 'test-CommandName' })),
    Description: description,
    RemoveDescription: optional(
      flag('Whether it has no description from now on, as an empty one is not given. An addition of this server.', {
        default: false,
      }),
    ),
    CommandContent: optional(text('Without effect: a script cannot be changed here.', { deprecated: true })),
    WorkingDir: workingDir('Directory to run in.'),
    Timeout: timeout('Seconds that the script may take.'),
    Launcher: launcher,
  },

  response: {},

  errors: [
    error('InvalidCmdId.NotFound', 404, 'The specified command ID does not exist.', 'command/not-found'),
    error('CmdName.ExceedLimit', 403, 'The length of the command name exceeds the upper limit.', 'Name/too-long'),
    error('InvalidParameterCharacter.CommandName', 403, 'The command Name contains illegal characters.', [
      'Name/malformed',
      'Name/illegal-character',
    ]),
    error('CmdName.Readonly', 403, 'The command name is readonly after publishing.', 'command/public'),
    error(
      'CmdDesc.ExceedLimit',
      403,
      // Upstream: the spelling is the vendor's.
      'The length of the command description exceeds the upperlimit.',
      'Description/too-long',
    ),
    error('InvalidParameterCharacter.CommandDescription', 403, 'The command Description contains illegal characters.', [
      'Description/malformed',
      'Description/illegal-character',
    ]),
    error(
      'InvalidParameter.WorkingDir',
      400,
      'The specified parameter WorkingDir is not valid.',
      'WorkingDir/too-long',
    ),
    error('InvalidParameterCharacter.CommandWorkingDir', 403, 'The command WorkingDir contains illegal characters.', [
      'WorkingDir/malformed',
      'WorkingDir/illegal-character',
    ]),
    error(
      'InvalidTimeout.ExceedLimit',
      403,
      'The specified parameter Timeout exceeds the upper limit.',
      'Timeout/too-big',
    ),
    notValid('Timeout', ['Timeout/too-small', 'Timeout/malformed']),
    error(
      'InvalidLauncher.LengthLimitExceeded',
      403,
      'The length of the parameter Launcher exceeds the limit of 1 KB characters.',
      'Launcher/too-long',
    ),
    launcherNotValid,
    neverAnswered(
      'CmdContent.ExceedLimit',
      403,
      'The length of the command content exceeds the upper limit.',
      'CommandContent is not looked at.',
    ),
    forbiddenNotUsed,
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope }, { commands }: Pick<Domain, 'commands'>) {
    await commands.modify(scope, request.CommandId, {
      name: request.Name,
      description: request.Description ?? (request.RemoveDescription === true ? '' : undefined),
      workingDir: request.WorkingDir,
      timeoutSeconds: request.Timeout,
      launcher: request.Launcher,
    })
    return {}
  },
})
