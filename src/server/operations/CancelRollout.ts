// An operation of this server's own (docs/adr/0016-rollouts.md).
import { text } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { rolloutStateErrors } from '../contract/rollout-parameters.js'
import type { Domain } from '../domain/domain.js'

export const CancelRollout = defineOperation({
  name: 'CancelRollout',
  summary: 'Ends a rollout: what waits is not sent any more, what is at work goes on.',
  access: 'write',
  addition: true,
  permission: { resources: () => resources.runs(undefined, undefined) },

  request: {
    InvokeId: text('The invocation or the file send.', { example: 't-7d2a745b412b4601b2d47f6a768d****' }),
  },

  response: {},

  errors: [...rolloutStateErrors, forbiddenNotUsed, ...regionErrors, dispatchFailure],

  async handle({ request, scope, caller }, { rollouts }: Pick<Domain, 'rollouts'>) {
    await rollouts.cancel(scope, caller, request.InvokeId)
    return {}
  },
})
