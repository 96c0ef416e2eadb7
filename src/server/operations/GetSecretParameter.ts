// What is known of a secret, but for its value.
import { flag, optional } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, notValid, regionErrors } from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import {
  secretAnswer,
  secretEntry,
  secretName,
  secretNameNotValid,
  secretNotFound,
} from '../contract/secret-parameters.js'
import type { Domain } from '../domain/domain.js'

export const GetSecretParameter = defineOperation({
  name: 'GetSecretParameter',
  summary: 'Tells of a secret, but for its value.',
  access: 'read',
  product: 'Oos',
  permission: { resources: (request) => resources.secret(request.Name) },

  request: {
    Name: secretName,
    WithDecryption: optional(
      flag('Whether its value is wanted. This server tells it to nobody: true is refused.', { default: false }),
    ),
  },

  response: secretAnswer,

  errors: [
    secretNotFound,
    secretNameNotValid,
    error(
      'InvalidParameter.WithDecryption',
      400,
      'The value of a secret is not told by this server.',
      'WithDecryption/not-supported',
    ),
    notValid('WithDecryption', 'WithDecryption/malformed'),
    ...regionErrors,
    dispatchFailure,
  ],

  check: (request) => (request.WithDecryption === true ? 'WithDecryption/not-supported' : undefined),

  async handle({ request, scope }, { secrets }: Pick<Domain, 'secrets'>) {
    return { Parameter: secretEntry(await secrets.get(scope, request.Name)) }
  },
})
