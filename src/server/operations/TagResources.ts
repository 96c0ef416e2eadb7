// Puts tags on what is there (api.md §13).
import { repeated } from '../../schema/shape.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import * as resources from '../contract/resource-ids.js'
import { tagCountNotUsed, taggedResourceErrors } from '../contract/tag-errors.js'
import { kindOf, namedIds, resourceIds, resourceType, tagRecord, toTags } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

export const TagResources = defineOperation({
  name: 'TagResources',
  summary: 'Puts tags on resources, all or none. A key that a resource has already gets the new value.',
  access: 'write',
  permission: { resources: (request) => resources.tagged(request.ResourceType, request.ResourceId) },

  request: {
    ResourceType: resourceType('Kind of the resources.'),
    ResourceId: resourceIds('Resources of that kind.', { min: 1 }),
    Tag: repeated('Tags, each key once; a resource carries 20 at most. Without a value it is empty.', tagRecord(128), {
      min: 1,
      max: 20,
    }),
  },

  response: {},

  errors: [
    ...taggedResourceErrors(),
    error('MissingParameter.Tags', 404, 'The parameter - Tags.N should not be null.', ['Tag/missing', 'Tag/malformed']),
    error('NumberExceed.Tags', 400, "The Tags parameter's number is exceed , Valid : 20.", 'Tag/too-many'),
    error('InvalidTag.Mismatch', 400, 'The specified Tag.n.Key and Tag.n.Value are not match.', [
      'Tag.Key/missing',
      'Tag.Key/too-short',
    ]),
    error('Duplicate.TagKey', 400, 'The Tag.N.Key contain duplicate key.', 'Tag/duplicate'),
    error('InvalidTagKey.Malformed', 400, 'The specified Tag.n.Key is not valid.', [
      'Tag.Key/malformed',
      'Tag.Key/too-long',
      'Tag.Key/illegal-character',
    ]),
    error('InvalidTagValue.Malformed', 400, 'The specified Tag.n.Value is not valid.', [
      'Tag.Value/malformed',
      'Tag.Value/too-long',
      'Tag.Value/illegal-character',
    ]),
    error(
      'OperationDenied.QuotaExceed',
      400,
      'The quota of tags on resource is beyond permitted range.',
      'tag/too-many',
    ),
    error(
      'TagKey.Duplication',
      403,
      'The TagKey has duplication with others, case-insensitive.',
      'tag/key-differs-in-case',
    ),
    tagCountNotUsed,
    neverAnswered(
      'QuotaExceed.Tags',
      403,
      "The Tags parameter's number is exceed, Valid: %s",
      'A resource that would carry too many is told as OperationDenied.QuotaExceed.',
    ),
  ],

  check: (request) => (namedIds(request.ResourceId).length === 0 ? 'ResourceId/missing' : undefined),

  async handle({ request, scope }, { tagging }: Pick<Domain, 'tagging'>) {
    await tagging.tag(scope, kindOf(request.ResourceType), namedIds(request.ResourceId), toTags(request.Tag))
    return {}
  },
})
