// What the three operations on one rollout have in common: they differ by a verb (docs/adr/0016-rollouts.md).
import { text } from '../../schema/shape.js'
import type { Domain } from '../domain/domain.js'
import { defineOperation } from './define-operation.js'
import { dispatchFailure, forbiddenNotUsed, regionErrors } from './error-rows.js'
import * as resources from './resource-ids.js'
import { rolloutStateErrors } from './rollout-parameters.js'

export const rolloutControl = (
  name: 'PauseRollout' | 'ResumeRollout' | 'CancelRollout',
  verb: 'pause' | 'resume' | 'cancel',
  summary: string,
) =>
  defineOperation({
    name,
    summary,
    access: 'write',
    addition: true,
    permission: { resources: () => resources.runs(undefined, undefined) },

    request: {
      InvokeId: text('The invocation or the file send.', { example: 't-7d2a745b412b4601b2d47f6a768d****' }),
    },

    response: {},

    errors: [...rolloutStateErrors, forbiddenNotUsed, ...regionErrors, dispatchFailure],

    async handle({ request, scope, caller }, { rollouts }: Pick<Domain, 'rollouts'>) {
      await rollouts[verb](scope, caller, request.InvokeId)
      return {}
    },
  })
