// Keeps a script (api.md §4.1).
import { flag, optional, text } from '../../schema/shape.js'
import { commandErrors, commandType, description } from '../contract/command-parameters.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { base64Length, CONTENT_LIMIT, scriptOf } from '../contract/encoded-content.js'
import {
  clientTokenErrors,
  dispatchFailure,
  forbiddenNotUsed,
  launcherNotValid,
  notValid,
  regionErrors,
  resourceGroupErrors,
  tagErrors,
} from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import {
  clientToken,
  DEFAULT_TIMEOUT_SECONDS,
  launcher,
  PRINTABLE,
  resourceGroupId,
  timeout,
  workingDir,
} from '../contract/run-parameters.js'
import { tags, toTags } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

export const CreateCommand = defineOperation({
  name: 'CreateCommand',
  summary: 'Keeps a script, to be run later.',
  access: 'write',
  permission: { resources: () => resources.command(undefined) },

  request: {
    CommandContent: text('The script, at most 24 KB in its Base64 form.', {
      maxLength: CONTENT_LIMIT,
      lengthIn: 'no-spaces',
      example: 'ZWNobyAxMjM=',
    }),
    Name: text('Name of the command.', { minLength: 1, maxLength: 128, pattern: PRINTABLE, example: 'testName' }),
    Type: commandType,
    ContentEncoding: optional(
      text('How CommandContent is written: PlainText or Base64. Anything else counts as Base64.', {
        default: 'Base64',
        example: 'PlainText',
      }),
    ),
    Description: description,
    WorkingDir: workingDir('Directory to run in: the home of root on Linux, the directory of the agent on Windows.'),
    Timeout: timeout('Seconds that the script may take.', DEFAULT_TIMEOUT_SECONDS),
    EnableParameter: optional(flag('Whether {{name}} in the script is replaced by a parameter.', { default: false })),
    Launcher: launcher,
    ResourceGroupId: resourceGroupId('Resource group of the command.'),
    Tag: tags,
    ClientToken: clientToken,
  },

  response: { CommandId: text('The command.') },

  errors: [
    ...commandErrors,
    error('CmdContent.ExceedLimit', 403, 'The length of the command content exceeds the upper limit.', [
      'CommandContent/too-long',
      'command/content-too-long',
    ]),
    error(
      'InvalidLauncher.LengthLimitExceeded',
      403,
      'The length of the parameter Launcher exceeds the limit of 1 KB characters.',
      'Launcher/too-long',
    ),
    launcherNotValid,
    error(
      'InvalidTimeout.ExceedLimit',
      403,
      'The specified parameter Timeout exceeds the upper limit.',
      'Timeout/too-big',
    ),
    notValid('Timeout', ['Timeout/too-small', 'Timeout/malformed']),
    ...tagErrors,
    ...clientTokenErrors,
    ...resourceGroupErrors,
    forbiddenNotUsed,
    ...regionErrors,
    dispatchFailure,
  ],

  check(request) {
    const content = contentOf(request)
    if (content === undefined) return 'CommandContent/malformed'
    if (base64Length(content.byteLength) > CONTENT_LIMIT) return 'CommandContent/too-long'
    return undefined
  },

  async handle({ request, scope, repeat }, { commands }: Pick<Domain, 'commands'>) {
    const { commandId } = await commands.create(
      scope,
      {
        name: request.Name,
        description: request.Description ?? '',
        type: request.Type,
        content: contentOf(request) ?? new Uint8Array(),
        enableParameter: request.EnableParameter ?? false,
        workingDir: request.WorkingDir ?? '',
        timeoutSeconds: request.Timeout ?? DEFAULT_TIMEOUT_SECONDS,
        launcher: request.Launcher ?? '',
        resourceGroupId: request.ResourceGroupId ?? '',
        tags: toTags(request.Tag),
      },
      repeat,
    )
    return { CommandId: commandId }
  },
})

// Upstream: an unknown encoding counts as Base64 (api.md §4.1).
const contentOf = (request: {
  readonly CommandContent: string
  readonly ContentEncoding?: string | undefined
}): Uint8Array | undefined =>
  scriptOf(request.CommandContent, request.ContentEncoding === 'PlainText' ? 'PlainText' : 'Base64')
