// Makes a permit for hosts to register with (api.md §10).
import { integer, optional, text } from '../../schema/shape.js'
import { isAddressRange } from '../address-range.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import {
  clientTokenErrors,
  forbiddenNotUsed,
  notValid,
  regionErrors,
  resourceGroupErrors,
  tagErrors,
} from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import { clientToken, PRINTABLE, resourceGroupId } from '../contract/run-parameters.js'
import { tags, toTags } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

const INSTANCES_MAX = 1000
const HOURS_MAX = 24

export const CreateActivation = defineOperation({
  name: 'CreateActivation',
  summary: 'Makes an activation: a permit for hosts to register with.',
  access: 'write',
  permission: { resources: () => resources.activation(undefined) },

  request: {
    InstanceCount: optional(
      integer('How many hosts may register.', { min: 1, max: INSTANCES_MAX, default: 10, example: 10 }),
    ),
    TimeToLiveInHours: optional(
      integer('Hours during which hosts may register.', { min: 1, max: HOURS_MAX, default: 4, example: 4 }),
    ),
    InstanceName: optional(
      text('Hosts that register without a name are called this, a dash and a number.', {
        minLength: 2,
        maxLength: 50,
        pattern: '[A-Za-z][A-Za-z0-9._:-]*',
        example: 'test-InstanceName',
      }),
    ),
    Description: optional(
      text('Description of the activation.', {
        minLength: 1,
        maxLength: 100,
        pattern: PRINTABLE,
        example: 'This is description.',
      }),
    ),
    IpAddressRange: optional(
      text('Addresses that hosts may register from: an IPv4 or IPv6 address or a CIDR block.', {
        maxLength: 64,
        example: '0.0.0.0/0',
      }),
    ),
    ResourceGroupId: resourceGroupId('Resource group of the activation and of what registers with it.'),
    Tag: tags,
    ClientToken: clientToken,
  },

  response: {
    ActivationId: text('The activation.'),
    ActivationCode: text('What a host registers with. It is told this once.'),
  },

  errors: [
    error(
      'ActivationCount.ExceedLimit',
      400,
      'The count of activation in current region exceeds the limit of %s.',
      'activation/quota-exceeded',
    ),
    error(
      'ActivationLimitation.Invalid',
      400,
      'The specified parameter InstanceCount exceeds the limit of %s.',
      'activation/count-exceeded',
    ),
    error(
      'ActivationLimitation.Invalid',
      400,
      `The specified parameter InstanceCount exceeds the limit of ${INSTANCES_MAX}.`,
      ['InstanceCount/too-big', 'InstanceCount/too-small'],
    ),
    error(
      'ActivationTTL.ExceedLimit',
      400,
      `The specified parameter TimeToLiveInHours exceeds the limit of ${HOURS_MAX}.`,
      'TimeToLiveInHours/too-big',
    ),
    error('ActivationDesc.ExceedLimit', 400, 'Activation description length exceeds.', [
      'Description/too-long',
      'activation/description-too-long',
    ]),
    notValid('Description', ['Description/malformed', 'Description/illegal-character']),
    error('InstanceName.ExceedLimit', 400, 'Default instance name prefix length exceeds.', [
      'InstanceName/too-long',
      'activation/name-too-long',
    ]),
    error('InstanceName.InvalidPattern', 400, 'Default instance name prefix pattern invalid.', [
      'InstanceName/malformed',
      'InstanceName/too-short',
      'InstanceName/illegal-character',
      'activation/name-malformed',
    ]),
    error('AddressRange.InvalidPattern', 400, 'Address range should be ipv4 address or cidr.', [
      'IpAddressRange/malformed',
      'IpAddressRange/too-long',
      'IpAddressRange/illegal-character',
      'activation/address-range-malformed',
    ]),
    ...tagErrors,
    ...clientTokenErrors,
    ...resourceGroupErrors,
    neverAnswered(
      'ManagedInstanceCountExceedLimit',
      403,
      'The count of managed instance in current region exceeds the limit of %s.',
      'How many instances may be managed is not limited here.',
    ),
    neverAnswered(
      'RealNameAuthenticationError',
      403,
      'Your account has not passed the real-name authentication yet.',
      'Accounts are made by whoever runs this server; there is no such authentication.',
    ),
    forbiddenNotUsed,
    ...regionErrors,
    error('InternalError.Dispatch', 500, 'An error occurred when dispatch the request.', 'store/unavailable'),
  ],

  check(request) {
    const range = request.IpAddressRange
    return range === undefined || isAddressRange(range) ? undefined : 'IpAddressRange/malformed'
  },

  async handle({ request, scope, repeat }, { activations }: Pick<Domain, 'activations'>) {
    const { activationId, activationCode } = await activations.create(
      scope,
      {
        instanceName: request.InstanceName ?? '',
        description: request.Description ?? '',
        instanceCount: request.InstanceCount ?? 10,
        timeToLiveHours: request.TimeToLiveInHours ?? 4,
        ipAddressRange: request.IpAddressRange ?? '',
        resourceGroupId: request.ResourceGroupId ?? '',
        tags: toTags(request.Tag),
      },
      repeat,
    )
    return { ActivationId: activationId, ActivationCode: activationCode }
  },
})
