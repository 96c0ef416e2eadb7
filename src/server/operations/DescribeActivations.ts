// The activations of an account (api.md §10).
import { flag, flatList, integer, optional, record, text, time } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, pagingErrors, regionErrors, tagErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponse, requestId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { flatTagsAnswer, fromTags, tagFilter, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'
import type { Activation } from '../domain/fleet/activations.js'

export const DescribeActivations = defineOperation({
  name: 'DescribeActivations',
  summary: 'Lists activations, also those that have expired, newest first.',
  access: 'read',
  permission: { resources: (request) => resources.activation(request.ActivationId) },

  request: {
    ActivationId: optional(text('One activation.', { example: '4ECEEE12-56F1-4FBC-9AB1-890F1234****' })),
    InstanceName: optional(text('Only those with this name for hosts.', { example: 'test-InstanceName' })),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50, numbersStay: true }),
  },

  response: {
    TotalCount: pageResponse.TotalCount,
    PageSize: pageResponse.PageSize,
    RequestId: requestId,
    PageNumber: pageResponse.PageNumber,
    NextToken: pageResponse.NextToken,
    ActivationList: flatList(
      'One entry for each activation.',
      record({
        InstanceName: text('Name for hosts that register without one.'),
        DeregisteredCount: integer('Hosts that registered and are gone again.'),
        InstanceCount: integer('Hosts that may register.'),
        Description: text('Description.'),
        CreationTime: time('When it was made.'),
        ActivationId: text('The activation.'),
        RegisteredCount: integer('Hosts that are registered with it.'),
        TimeToLiveInHours: integer('Hours during which hosts may register.'),
        Disabled: flag('Whether it was switched off.'),
        IpAddressRange: text('Addresses that hosts may register from.'),
        ResourceGroupId: text('Resource group.'),
        Tags: flatTagsAnswer,
      }),
    ),
  },

  errors: [...pagingErrors, ...tagErrors, forbiddenNotUsed, ...regionErrors, dispatchFailure],

  async handle({ request, scope, pageTokens }, { activations }: Pick<Domain, 'activations'>) {
    const asked = pageOf(request, pageTokens)
    const filter = {
      activationId: request.ActivationId,
      instanceName: request.InstanceName,
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await activations.list(scope, filter, asked)
    return { ...pageFields(page, asked, pageTokens), ActivationList: page.items.map(entry) }
  },
})

const entry = (activation: Activation) => ({
  InstanceName: activation.instanceName,
  DeregisteredCount: activation.deregisteredCount,
  InstanceCount: activation.instanceCount,
  Description: activation.description,
  CreationTime: activation.createdAt,
  ActivationId: activation.activationId,
  RegisteredCount: activation.registeredCount,
  TimeToLiveInHours: activation.timeToLiveHours,
  Disabled: activation.disabled,
  IpAddressRange: activation.ipAddressRange,
  ResourceGroupId: activation.resourceGroupId,
  Tags: fromTags(activation.tags),
})
