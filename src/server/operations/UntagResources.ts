// Takes tags off what is there (api.md §13).
import { flag, optional, repeated, text } from '../../schema/shape.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import * as resources from '../contract/resource-ids.js'
import { quotaNotUsed, tagCountNotUsed, taggedResourceErrors } from '../contract/tag-errors.js'
import { kindOf, namedIds, resourceIds, resourceType } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

const NO_VALUES = 'Tags are named by their keys here.'

export const UntagResources = defineOperation({
  name: 'UntagResources',
  summary: 'Takes tags off resources, all or none. A key that a resource does not have is no error.',
  access: 'write',
  permission: { resources: (request) => resources.tagged(request.ResourceType, request.ResourceId) },

  request: {
    ResourceType: resourceType('Kind of the resources.'),
    ResourceId: resourceIds('Resources of that kind.', { min: 1 }),
    All: optional(flag('Whether every tag is taken off; only without TagKey.', { default: false })),
    TagKey: optional(
      repeated('Keys of the tags to take off.', text('A key.', { maxLength: 128, example: 'TestKey' }), {
        max: 20,
        mayBeEmpty: true,
      }),
    ),
  },

  response: {},

  errors: [
    ...taggedResourceErrors("The ResourceIds parameter's number is exceed , Valid : 50"),
    error('NumberExceed.Tags', 400, "The Tags parameter's number is exceed , Valid : 20.", 'TagKey/too-many'),
    error('Duplicate.TagKey', 400, 'The Tag.N.Key contain duplicate key.', 'TagKey/duplicate'),
    error('InvalidTagKey.Malformed', 400, 'The specified Tag.n.Key is not valid.', [
      'TagKey/malformed',
      'TagKey/too-long',
      'TagKey/illegal-character',
    ]),
    error('Param.Conflict', 403, 'The specified all is true, but the specified TagKey.N is not empty.', 'All/conflict'),
    neverAnswered('InvalidTag.Mismatch', 400, 'The specified Tag.n.Key and Tag.n.Value are not match.', NO_VALUES),
    neverAnswered('InvalidTagValue.Malformed', 400, 'The specified Tag.n.Value is not valid.', NO_VALUES),
    tagCountNotUsed,
    quotaNotUsed,
  ],

  check(request) {
    if (namedIds(request.ResourceId).length === 0) return 'ResourceId/missing'
    const keys = request.TagKey
    if (keys === undefined) return request.All === true ? undefined : 'TagKey/missing'
    if (request.All === true) return 'All/conflict'
    return new Set(keys).size < keys.length ? 'TagKey/duplicate' : undefined
  },

  async handle({ request, scope }, { tagging }: Pick<Domain, 'tagging'>) {
    await tagging.untag(scope, kindOf(request.ResourceType), namedIds(request.ResourceId), request.TagKey)
    return {}
  },
})
