// Which resources carry which tags (api.md §13).
import { list, optional, record, repeated, text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { quotaNotUsed, taggedResourceErrors } from '../contract/tag-errors.js'
import { kindOf, namedIds, resourceIds, resourceType, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'
import type { ResourceTagFilter } from '../domain/tagging/tagging.js'

/** The key that stands for the resource group (api.md §13). */
const GROUP_KEY = 'acs:rm:rgId'

const WITHOUT_URL = '(?![\\s\\S]*https?://)[\\s\\S]*'
const key = text(
  `Key. Not starting with aliyun or acs:, without http:// or https://; or ${GROUP_KEY}, alone, for the resource group.`,
  {
    minLength: 1,
    maxLength: 128,
    pattern: `(?:${GROUP_KEY}|(?!aliyun|acs:)${WITHOUT_URL})`,
    example: 'TestKey',
  },
)
const value = text('Value; any when it is not given.', { maxLength: 128, pattern: WITHOUT_URL, example: 'TestValue' })

interface Filters {
  readonly ResourceId?: readonly string[] | undefined
  readonly Tag?: readonly { readonly Key: string; readonly Value?: string | undefined }[] | undefined
  readonly TagFilter?:
    | readonly { readonly TagKey: string; readonly TagValues?: readonly string[] | undefined }[]
    | undefined
}

export const ListTagResources = defineOperation({
  name: 'ListTagResources',
  summary:
    'Lists the tags of the resources that are named, that carry all of some tags, or both: one entry for each tag of each resource.',
  access: 'read',
  // rpc.md §4.3
  permission: { resources: () => ['*'] },

  request: {
    ResourceType: resourceType('Kind of the resources.'),
    ResourceId: optional(resourceIds('Only these resources.')),
    Tag: optional(
      repeated('Only what carries all of these tags.', record({ Key: key, Value: optional(value) }), { max: 20 }),
    ),
    TagFilter: optional(
      repeated(
        'The same by patterns: * at the beginning or the end stands for anything. Not together with Tag.',
        record({
          TagKey: text('Key; a pattern where no values are given.', { minLength: 1, maxLength: 128, example: 'env' }),
          TagValues: optional(
            repeated(
              'Values, of which one must match.',
              text('A value or a pattern.', { maxLength: 128, example: 'TestTagFilter' }),
              { max: 5 },
            ),
          ),
        }),
        { max: 5 },
      ),
    ),
    NextToken: optional(text('Where the answer goes on: NextToken of the answer before.')),
  },

  response: {
    NextToken: text('Where the next answer begins; empty on the last page.'),
    TagResources: list(
      'One entry for each tag of each resource.',
      'TagResource',
      record({
        ResourceId: text('The resource.'),
        TagKey: text('Key of the tag.'),
        ResourceType: text('Its kind, as it was asked for.'),
        TagValue: text('Value of the tag.'),
      }),
    ),
  },

  errors: [
    ...taggedResourceErrors(),
    error(
      'BothEmpty.TagsAndResources',
      403,
      'The specified Tags and ResourcesIds are not allow to both empty.',
      'ResourceId/too-few',
    ),
    error('Invalid.NextToken', 403, 'The specified NextToken is not valid.', [
      'page-token/malformed',
      'NextToken/malformed',
      'NextToken/too-long',
      'NextToken/illegal-character',
    ]),
    error(
      'InvalidTags.MalFormed',
      400,
      'The tags must be empty, when the tagFilters is not empty.',
      'TagFilter/conflict',
    ),
    error(
      'InvalidTag.NotSupported',
      400,
      'You can only specify Tag for either resource tag or resource group.',
      'Tag/conflict',
    ),
    error('NumberExceed.Tags', 400, "The Tags parameter's number is exceed , Valid : 20.", 'Tag/too-many'),
    error('InvalidTagCount', 400, 'The specified tags are beyond the permitted range.', [
      'TagFilter/too-many',
      'TagFilter.TagValues/too-many',
    ]),
    error('InvalidTag.Mismatch', 400, 'The specified Tag.n.Key and Tag.n.Value are not match.', [
      'Tag.Key/missing',
      'Tag.Key/too-short',
      'TagFilter.TagKey/missing',
      'TagFilter.TagKey/too-short',
    ]),
    error('Duplicate.TagKey', 400, 'The Tag.N.Key contain duplicate key.', 'Tag/duplicate'),
    error('InvalidTagKey.Malformed', 400, 'The specified Tag.n.Key is not valid.', [
      'Tag.Key/malformed',
      'Tag.Key/too-long',
      'Tag.Key/illegal-character',
      'TagFilter.TagKey/malformed',
      'TagFilter.TagKey/too-long',
      'TagFilter.TagKey/illegal-character',
    ]),
    error('InvalidTagValue.Malformed', 400, 'The specified Tag.n.Value is not valid.', [
      'Tag.Value/malformed',
      'Tag.Value/too-long',
      'Tag.Value/illegal-character',
      'TagFilter.TagValues/malformed',
      'TagFilter.TagValues/too-long',
      'TagFilter.TagValues/illegal-character',
      // Values beside a pattern for keys.
      'TagFilter.TagValues/conflict',
    ]),
    quotaNotUsed,
  ],

  check(request) {
    const { ids, tags, patterns } = filtersOf(request)
    if (tags.length > 0 && patterns.length > 0) return 'TagFilter/conflict'
    if (tags.length > 1 && tags.some((tag) => tag.Key === GROUP_KEY)) return 'Tag/conflict'
    if (patterns.some(({ TagKey, TagValues = [] }) => TagValues.length > 0 && /^\*|\*$/.test(TagKey)))
      return 'TagFilter.TagValues/conflict'
    return ids.length + tags.length + patterns.length === 0 ? 'ResourceId/too-few' : undefined
  },

  async handle({ request, scope, pageTokens }, { tagging }: Pick<Domain, 'tagging'>) {
    const { ids, tags, patterns } = filtersOf(request)
    const { ResourceType } = request
    const cursor = request.NextToken === undefined ? undefined : pageTokens.open(request.NextToken)
    const resourceIds = ids.length === 0 ? undefined : ids
    const [group] = tags.filter((tag) => tag.Key === GROUP_KEY)
    if (group !== undefined) {
      const found = await tagging.listGroups(
        scope,
        kindOf(ResourceType),
        { resourceIds, resourceGroupId: group.Value },
        cursor,
      )
      const rows = found.items.map(({ resourceId, resourceGroupId }) => ({
        ResourceId: resourceId,
        TagKey: GROUP_KEY,
        ResourceType,
        TagValue: resourceGroupId,
      }))
      return { NextToken: pageTokens.seal(found.nextCursor), TagResources: rows }
    }
    const filter: ResourceTagFilter = {
      resourceIds,
      tags: toTagFilters(tags),
      patterns: patterns.map(({ TagKey, TagValues }) => ({ key: TagKey, values: TagValues })),
    }
    const found = await tagging.list(scope, kindOf(ResourceType), filter, cursor)
    const rows = found.items.map((tag) => ({
      ResourceId: tag.resourceId,
      TagKey: tag.key,
      ResourceType,
      TagValue: tag.value,
    }))
    return { NextToken: pageTokens.seal(found.nextCursor), TagResources: rows }
  },
})

const filtersOf = ({ ResourceId, Tag, TagFilter }: Filters) => ({
  ids: namedIds(ResourceId ?? []),
  tags: Tag ?? [],
  patterns: TagFilter ?? [],
})
