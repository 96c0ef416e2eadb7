// The tags that are in use (api.md §13).
import { integer, list, omitted, optional, record, repeated, text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { requestId } from '../contract/paging.js'
import { kindOf, resourceType, tagRecord, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

export const DescribeTags = defineOperation({
  name: 'DescribeTags',
  summary: 'Lists the tags that are in use, each pair of key and value once.',
  access: 'read',
  permission: { resources: () => ['*'] },

  request: {
    Category: optional(text('Without effect: all tags are of one category.', { deprecated: true })),
    PageNumber: optional(integer('Page to answer, from 1.', { min: 1, default: 1, example: 1 })),
    PageSize: optional(integer('Rows in a page.', { min: 1, max: 100, default: 50, example: 50 })),
    ResourceType: optional(resourceType('Only tags of resources of this kind.')),
    ResourceId: optional(text('Only tags of this resource.', { example: 'i-bp67acfmxazb4ph****' })),
    Tag: optional(repeated('Only these tags; without a value, those with any value.', tagRecord(64), { max: 20 })),
  },

  response: {
    TotalCount: integer('Size of the whole filtered list.'),
    PageSize: integer('Rows in a page.'),
    RequestId: requestId,
    PageNumber: integer('The page.'),
    Tags: omitted(
      list(
        'One entry for each pair.',
        'Tag',
        record({
          TagKey: text('Key of the tag.'),
          TagValue: text('Value of the tag.'),
          ResourceTypeCount: record(
            { Instance: integer('Instances that carry it, whatever ResourceType was asked for.') },
            'How many resources carry it; commands, invocations and activations are not counted.',
          ),
        }),
      ),
    ),
  },

  errors: [
    error('InvalidTagCount', 400, 'The specified tags are beyond the permitted range.', 'Tag/too-many'),
    error('InvalidTagKey.Malformed', 400, 'The parameter Tag.n.Key is illegal.', [
      'Tag.Key/missing',
      'Tag.Key/too-short',
      'Tag.Key/malformed',
      'Tag.Key/too-long',
      'Tag.Key/illegal-character',
    ]),
    error('InvalidRegionId.NotFound', 404, 'The specified RegionId does not exist.', 'RegionId/unknown'),
    error(
      'InvalidResourceType.NotFound',
      404,
      'The ResourceType provided does not exist in our records.',
      'ResourceType/unknown',
    ),
  ],

  async handle({ request, scope }, { tagging }: Pick<Domain, 'tagging'>) {
    const { PageNumber = 1, PageSize = 50, ResourceType } = request
    const kind = ResourceType === undefined ? undefined : kindOf(ResourceType)
    const filter = {
      kinds: ResourceType === undefined ? undefined : kind === undefined ? [] : [kind],
      resourceId: request.ResourceId,
      tags: toTagFilters(request.Tag),
    }
    const found = await tagging.pairs(scope, filter, { style: 'number', number: PageNumber, size: PageSize })
    const rows = found.items.map(({ key, value, instances }) => ({
      TagKey: key,
      TagValue: value,
      ResourceTypeCount: { Instance: instances },
    }))
    return { TotalCount: found.totalCount, PageSize, PageNumber, Tags: rows.length === 0 ? undefined : rows }
  },
})
