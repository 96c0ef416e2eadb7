// `Tag.N`: labels on what is made, and the filter by them (api.md §2.3).
import { flatList, list, omitted, optional, record, repeated, text } from '../../schema/shape.js'
import type { Tag, TagFilter, TaggedResource } from '../domain/tags.js'

const KEY = '(?!aliyun|acs:)(?![\\s\\S]*https?://)[\\s\\S]*'
const VALUE = '(?![\\s\\S]*https?://)[\\s\\S]*'

/** @param longestKey 64, but for tags on what is there already: 128 */
export const tagRecord = (longestKey: number) =>
  record({
    Key: text('Key. Not starting with aliyun or acs:, without http:// or https://.', {
      minLength: 1,
      maxLength: longestKey,
      pattern: KEY,
      example: 'TestKey',
    }),
    Value: optional(
      text('Value. Without http:// or https://.', { maxLength: 128, pattern: VALUE, example: 'TestValue' }),
    ),
  })

const tag = tagRecord(64)

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

/** Kinds of resources as the tag operations name them. */
const RESOURCE_TYPES = [
  'instance',
  'disk',
  'snapshot',
  'image',
  'securitygroup',
  'volume',
  'eni',
  'ddh',
  'ddhcluster',
  'keypair',
  'launchtemplate',
  'reservedinstance',
  'snapshotpolicy',
  'elasticityassurance',
  'capacityreservation',
  'command',
  'invocation',
  'activation',
  'managedinstance',
] as const

export type ResourceType = (typeof RESOURCE_TYPES)[number]

/** `ResourceType`; `about` says what it is for. */
export const resourceType = (about: string) =>
  text(
    `${about} Here are instance and managedinstance (each is any host), command, invocation (of a command or of a file) and activation; of the others this server has none.`,
    { oneOf: RESOURCE_TYPES, example: 'instance' },
  )

const KINDS: Readonly<Partial<Record<ResourceType, TaggedResource>>> = {
  instance: 'instance',
  managedinstance: 'instance',
  command: 'command',
  invocation: 'invocation',
  activation: 'activation',
}

/** What a ResourceType is here; undefined for what this server has none of. */
export const kindOf = (type: ResourceType): TaggedResource | undefined => KINDS[type]

/** `ResourceId.N` of the tag operations. */
export const resourceIds = (about: string, limits: { readonly min?: number } = {}) =>
  repeated(about, text('A resource.', { example: 'i-bp67acfmxazb4ph****' }), { ...limits, max: 50, counts: 'distinct' })

/** Each id once; an empty one names nothing. */
export const namedIds = (given: readonly string[]): readonly string[] => [...new Set(given.filter((id) => id !== ''))]
