// Forgets a secret.
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { secretName, secretNameNotValid, secretNotFound } from '../contract/secret-parameters.js'
import type { Domain } from '../domain/domain.js'

export const DeleteSecretParameter = defineOperation({
  name: 'DeleteSecretParameter',
  summary: 'Removes a secret. A script that refers to it ends as invalid from now on.',
  access: 'write',
  product: 'Oos',
  permission: { resources: (request) => resources.secret(request.Name) },

  request: { Name: secretName },

  response: {},

  errors: [secretNotFound, secretNameNotValid, ...regionErrors, dispatchFailure],

  async handle({ request, scope }, { secrets }: Pick<Domain, 'secrets'>) {
    await secrets.remove(scope, request.Name)
    return {}
  },
})
