// `Tag.N`: labels on what is made, and the filter by them (api.md §2.3).
import { flatList, list, omitted, optional, record, repeated, text } from '../../schema/shape.js'
import type { Tag, TagFilter } from '../domain/tags.js'

const KEY = '(?!aliyun|acs:)(?![\\s\\S]*https?://)[\\s\\S]*'
const VALUE = '(?![\\s\\S]*https?://)[\\s\\S]*'

const tag = record({
  Key: text('Key. Not starting with aliyun or acs:, without http:// or https://.', {
    minLength: 1,
    maxLength: 64,
    pattern: KEY,
    example: 'TestKey',
  }),
  Value: optional(
    text('Value. Without http:// or https://.', { maxLength: 128, pattern: VALUE, example: 'TestValue' }),
  ),
})

/** `Tag.N` of something that is made. */
export const tags = optional(repeated('Labels, each key once.', tag, { max: 20 }))

/** `Tag.N` of a list. */
export const tagFilter = optional(
  repeated('Only what carries all of these tags; without a value any value matches.', tag, { max: 20 }),
)

/** `ResourceTag.N`: instances chosen by their tags. */
export const resourceTags = (max: number) =>
  optional(repeated('Run on the instances that carry all of these tags. Excludes InstanceId.', tag, { max }))

interface TagParameter {
  readonly Key: string
  readonly Value?: string | undefined
}

export const toTags = (given: readonly TagParameter[] | undefined): readonly Tag[] =>
  (given ?? []).map((one) => ({ key: one.Key, value: one.Value ?? '' }))

export const toTagFilters = (given: readonly TagParameter[] | undefined): readonly TagFilter[] | undefined =>
  given?.map((one) => ({ key: one.Key, value: one.Value }))

const tagAnswer = record({ TagKey: text('Key of the tag.'), TagValue: text('Value of the tag.') })

/** Tags of an answer: `Tags.Tag[]`, left out when there are none. */
export const tagsAnswer = omitted(list('Labels.', 'Tag', tagAnswer))

/** Tags of an answer whose lists have no wrapper. */
export const flatTagsAnswer = omitted(flatList('Labels.', tagAnswer))

export const fromTags = (tagsOfIt: readonly Tag[]) =>
  tagsOfIt.length === 0 ? undefined : tagsOfIt.map((one) => ({ TagKey: one.key, TagValue: one.value }))
