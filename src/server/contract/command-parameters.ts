// What CreateCommand and RunCommand have in common (api.md §4.1).
import { optional, text } from '../../schema/shape.js'
import { error } from './define-operation.js'
import { PRINTABLE } from './run-parameters.js'

export const commandType = text('What the script is for: a shell on Linux, PowerShell or a batch on Windows.', {
  oneOf: ['RunBatScript', 'RunPowerShellScript', 'RunShellScript'],
  example: 'RunShellScript',
})

export const description = optional(
  text('Description of the command.', { maxLength: 512, pattern: PRINTABLE, example: 'testDescription' }),
)

/** The error rows about a script that both operations document with the same words. */
export const commandErrors = [
  error('InvalidCmdType.NotFound', 404, 'The specified command type does not exist.', 'Type/unknown'),
  error('CmdName.ExceedLimit', 403, 'The length of the command name exceeds the upper limit.', 'Name/too-long'),
  error('InvalidParameterCharacter.CommandName', 403, 'The command Name contains illegal characters.', [
    'Name/malformed',
    'Name/illegal-character',
  ]),
  error(
    'CmdDesc.ExceedLimit',
    403,
    'The length of the command description exceeds the upper limit.',
    'Description/too-long',
  ),
  error('InvalidParameterCharacter.CommandDescription', 403, 'The command Description contains illegal characters.', [
    'Description/malformed',
    'Description/illegal-character',
  ]),
  error('InvalidParameter.WorkingDir', 400, 'The specified parameter WorkingDir is not valid.', 'WorkingDir/too-long'),
  error('InvalidParameterCharacter.CommandWorkingDir', 403, 'The command WorkingDir contains illegal characters.', [
    'WorkingDir/malformed',
    'WorkingDir/illegal-character',
  ]),
  error('CmdContent.DecodeError', 400, 'The CommandContent can not be base64 decoded.', [
    'CommandContent/malformed',
    'command/content-not-base64',
  ]),
  error(
    'CmdCount.ExceedQuota',
    403,
    'The total number of commands in the current region exceeds the quota.',
    'command/quota-exceeded',
  ),
  error('CmdParam.EmptyKey', 400, 'You must specify the parameter names.', 'command-parameter/empty-name'),
  error(
    'CmdParam.InvalidParamName',
    400,
    'Invalid parameter name. The name can contain only lowercase letters (a to z), uppercase letters (A to Z), numbers (0 to 9), hyphens (-), and underscores (_).',
    'command-parameter/malformed-name',
  ),
  error(
    'CmdParamName.ExceedLimit',
    403,
    'The maximum length of a parameter name is exceeded.',
    'command-parameter/name-too-long',
  ),
  error(
    'CmdParamCount.ExceedLimit',
    403,
    'The maximum number of custom parameters is exceeded.',
    'command-parameter/too-many',
  ),
] as const
