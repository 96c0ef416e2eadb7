// Stops an invocation, or a part of it (api.md §7.1).
import { optional, repeated, text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import type { Domain } from '../domain/domain.js'

export const StopInvocation = defineOperation({
  name: 'StopInvocation',
  summary:
    'Stops an invocation. One that is over stays as it is; a schedule on an instance that is away is stopped when that is back.',
  access: 'write',
  permission: { resources: (request) => resources.instances(request.InstanceId) },

  request: {
    InvokeId: text('The invocation.', { example: 't-7d2a745b412b4601b2d47f6a768d****' }),
    InstanceId: optional(
      repeated('Instances to stop on; all of them when not given.', text('An instance.'), {
        max: 50,
        counts: 'distinct',
      }),
    ),
  },

  response: {},

  errors: [
    error('InvalidInvokeId.NotFound', 404, 'The specified invoke ID does not exist.', 'invocation/not-found'),
    error(
      'InvalidInstanceId.NotFound',
      404,
      'The specified parameter InstanceId does not exist.',
      'invocation/instance-not-found',
    ),
    error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', 'InstanceId/too-many'),
    forbiddenNotUsed,
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope, caller }, { invocations }: Pick<Domain, 'invocations'>) {
    const ids = request.InstanceId?.filter((id) => id !== '')
    const some = ids !== undefined && ids.length > 0 ? [...new Set(ids)] : undefined
    await invocations.stop(scope, caller, request.InvokeId, some)
    return {}
  },
})
