// Gives a secret another value.
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import {
  secretAnswer,
  secretDescription,
  secretDescriptionNotValid,
  secretEntry,
  secretName,
  secretNameNotValid,
  secretNotFound,
  secretValue,
  secretValueNotValid,
} from '../contract/secret-parameters.js'
import type { Domain } from '../domain/domain.js'

export const UpdateSecretParameter = defineOperation({
  name: 'UpdateSecretParameter',
  summary: 'Gives a secret another value; what is handed out from now on has that one.',
  access: 'write',
  product: 'Oos',
  permission: { resources: (request) => resources.secret(request.Name) },

  request: { Name: secretName, Value: secretValue, Description: secretDescription },

  response: secretAnswer,

  errors: [
    secretNotFound,
    secretNameNotValid,
    secretValueNotValid,
    secretDescriptionNotValid,
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope }, { secrets }: Pick<Domain, 'secrets'>) {
    const secret = await secrets.update(scope, request.Name, request.Value, request.Description)
    return { Parameter: secretEntry(secret) }
  },
})
