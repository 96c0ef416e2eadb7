// Keeps a secret for scripts (docs/secrets.md).
import { optional, text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, notValid, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import {
  secretAnswer,
  secretDescription,
  secretDescriptionNotValid,
  secretEntry,
  secretName,
  secretNameNotValid,
  secretValue,
  secretValueNotValid,
} from '../contract/secret-parameters.js'
import type { Domain } from '../domain/domain.js'

export const CreateSecretParameter = defineOperation({
  name: 'CreateSecretParameter',
  summary: 'Keeps a secret, for scripts to refer to.',
  access: 'write',
  product: 'Oos',
  permission: { resources: (request) => resources.secret(request.Name) },

  request: {
    Name: secretName,
    Value: secretValue,
    Type: optional(text('What it is.', { oneOf: ['Secret'], default: 'Secret' })),
    Description: secretDescription,
  },

  response: secretAnswer,

  errors: [
    error('EntityAlreadyExists.Parameter', 409, 'The specified parameter already exists.', 'secret/exists'),
    error(
      'QuotaExceed.Parameter',
      403,
      'The number of parameters in the current region exceeds the limit of %s.',
      'secret/quota-exceeded',
    ),
    secretNameNotValid,
    secretValueNotValid,
    secretDescriptionNotValid,
    notValid('Type', 'Type/unknown'),
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope }, { secrets }: Pick<Domain, 'secrets'>) {
    const secret = await secrets.create(scope, request.Name, request.Value, request.Description ?? '')
    return { Parameter: secretEntry(secret) }
  },
})
