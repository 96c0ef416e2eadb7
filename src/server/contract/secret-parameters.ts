// What the operations of the parameter store have in common: product Oos, version 2019-06-01 (ADR 0014).
import { integer, optional, record, text, time } from '../../schema/shape.js'
import type { Secret } from '../domain/secrets/secrets.js'
import { error } from './define-operation.js'
import { notValid } from './error-rows.js'
import { PRINTABLE } from './run-parameters.js'

// Upstream: letters, digits, - and _; and none of the vendor's own beginnings, in capitals.
const NAME = '(?!ALIYUN|ACS|ALIBABA|ALICLOUD|OOS)[A-Za-z0-9_-]{1,180}'

export const secretName = text('Name of the secret; scripts refer to it as {{oos-secret:NAME}}.', {
  maxLength: 180,
  pattern: NAME,
  example: 'MySecretParameter',
})

export const secretValue = text('The value. No operation tells it again.', { secret: true, maxLength: 4096 })

export const secretDescription = optional(
  text('Description of the secret; it is told with it.', { maxLength: 200, pattern: PRINTABLE }),
)

/** A secret in an answer, without its value. */
export const secretParameter = {
  Id: text('The secret.'),
  Name: text('Its name.'),
  Type: text('Always Secret.'),
  Description: text('Its description.'),
  ShareType: text('Always Private.'),
  ParameterVersion: integer('Counts from 1, one more with each new value.'),
  CreatedDate: time('When it was made.'),
  CreatedBy: text('AccessKey that made it.'),
  UpdatedDate: time('When it got its value.'),
  UpdatedBy: text('AccessKey that gave it its value.'),
}

export const secretAnswer = { Parameter: record(secretParameter, 'The secret, without its value.') }

export const secretEntry = (secret: Secret) => ({
  Id: secret.secretId,
  Name: secret.name,
  Type: 'Secret',
  Description: secret.description,
  ShareType: 'Private',
  ParameterVersion: secret.version,
  CreatedDate: secret.createdAt,
  CreatedBy: secret.createdBy,
  UpdatedDate: secret.updatedAt,
  UpdatedBy: secret.updatedBy,
})

export const secretNotFound = error(
  'EntityNotExists.Parameter',
  404,
  'The specified parameter does not exist.',
  'secret/not-found',
)

export const secretNameNotValid = notValid('Name', ['Name/malformed', 'Name/too-long', 'Name/illegal-character'])

export const secretValueNotValid = notValid('Value', ['Value/malformed', 'Value/too-long', 'Value/illegal-character'])

export const secretDescriptionNotValid = notValid('Description', [
  'Description/malformed',
  'Description/too-long',
  'Description/illegal-character',
])
