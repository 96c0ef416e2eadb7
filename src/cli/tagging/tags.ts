import { UsageError } from '../../command-line/failures.js'
import { listAt, membersAt, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { batches, repeatedParameter } from '../pages.js'

/** One tag of one resource. */
export interface ResourceTag {
  readonly resourceId: string
  readonly key: string
  readonly value: string
}

/** A tag that is in use, and how many hosts carry it. */
export interface TagInUse {
  readonly key: string
  readonly value: string
  readonly hosts: number
}

/** Resources in one call (api.md §13). */
const PER_CALL = 50
const PAIRS_PER_PAGE = 100

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What an id is of, by its beginning (api.md §2.1). @throws UsageError */
const typeOf = (id: string): string => {
  if (/^m?i-./.test(id)) return 'instance'
  if (/^c-./.test(id)) return 'command'
  if (/^[tf]-./.test(id)) return 'invocation'
  if (UUID.test(id)) return 'activation'
  throw new UsageError(
    `${id} is no id of a host (i-…, mi-…), a command (c-…), an invocation (t-…), a file that was sent (f-…) or an activation (a UUID).`,
  )
}

/** Ids by their kind, so many as a call takes. */
const callsFor = (ids: readonly string[]): readonly FlatParameters[] => {
  const byType = new Map<string, string[]>()
  for (const id of new Set(ids)) {
    const type = typeOf(id)
    byType.set(type, [...(byType.get(type) ?? []), id])
  }
  return [...byType].flatMap(([type, ofType]) =>
    batches(ofType, PER_CALL).map(
      (some): FlatParameters => [['ResourceType', type], ...repeatedParameter('ResourceId', some)],
    ),
  )
}

/** One of the operations on all of these resources. */
export const changeTags = async (
  api: Api,
  action: 'TagResources' | 'UntagResources',
  ids: readonly string[],
  what: FlatParameters,
): Promise<void> => {
  for (const resources of callsFor(ids)) await api.call(action, [...resources, ...what])
}

export const tagsOfResources = async (api: Api, ids: readonly string[]): Promise<readonly ResourceTag[]> => {
  const found: ResourceTag[] = []
  for (const resources of callsFor(ids)) {
    for (let token = ''; ; ) {
      const paging: FlatParameters = token === '' ? [] : [['NextToken', token]]
      const answer = await api.call('ListTagResources', [...resources, ...paging])
      found.push(
        ...listAt(answer, 'TagResources', 'TagResource').map((tag) => ({
          resourceId: textAt(tag, 'ResourceId'),
          key: textAt(tag, 'TagKey'),
          value: textAt(tag, 'TagValue'),
        })),
      )
      token = textAt(answer, 'NextToken')
      if (token === '') break
    }
  }
  return found
}

export const tagsInUse = async (api: Api): Promise<readonly TagInUse[]> => {
  const found: TagInUse[] = []
  for (let page = 1; ; page += 1) {
    const answer = await api.call('DescribeTags', [
      ['PageNumber', String(page)],
      ['PageSize', String(PAIRS_PER_PAGE)],
    ])
    const rows = listAt(answer, 'Tags', 'Tag')
    found.push(
      ...rows.map((tag) => ({
        key: textAt(tag, 'TagKey'),
        value: textAt(tag, 'TagValue'),
        hosts: numberAt(membersAt(tag, 'ResourceTypeCount'), 'Instance'),
      })),
    )
    if (rows.length < PAIRS_PER_PAGE) return found
  }
}
