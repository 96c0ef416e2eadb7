// Removes a kept command; what it did stays readable (api.md §4.4).
import { text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import type { Domain } from '../domain/domain.js'

export const DeleteCommand = defineOperation({
  name: 'DeleteCommand',
  summary: 'Removes a kept command that nothing is running with.',
  access: 'write',
  permission: { resources: (request) => resources.command(request.CommandId) },

  request: { CommandId: text('The command.', { example: 'c-4d34302d02424c5c8e10281e3a31****' }) },

  response: {},

  errors: [
    error('InvalidCmdId.NotFound', 404, 'The specified command ID does not exist.', 'command/not-found'),
    error(
      'InvalidStatus.CmdIdInUse',
      403,
      // Upstream: the spelling is the vendor's.
      'The specified commandId is in use by some runing Invocation.',
      'command/in-use',
    ),
    // A public command.
    error('Operation.Forbidden', 403, 'The operation is not permitted.', ['operation/forbidden', 'command/public']),
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope }, { commands }: Pick<Domain, 'commands'>) {
    await commands.delete(scope, request.CommandId)
    return {}
  },
})
