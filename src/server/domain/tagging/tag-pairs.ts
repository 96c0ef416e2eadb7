import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import { type Tag, TAGGED_RESOURCES, type TagFilter, type TaggedResource } from '../tags.js'
import type { TagReader } from './tag-store.js'
import type { TagPair, TagPairFilter } from './tagging.js'

/** One page of the different tags that are in use, each with the number of instances that carry it. */
export const tagPairs = async (
  reader: TagReader,
  scope: Scope,
  { kinds = TAGGED_RESOURCES, resourceId, tags }: TagPairFilter,
  page: PageRequest & { style: 'number' },
): Promise<Page<TagPair>> => {
  const first = (page.number - 1) * page.size
  const wanted: Tag[] = []
  let totalCount = 0
  const count = (pairs: readonly Tag[]): void => {
    const from = Math.max(0, first - totalCount)
    if (from < pairs.length) wanted.push(...pairs.slice(from, from + page.size - wanted.length))
    totalCount += pairs.length
  }
  if (resourceId !== undefined) {
    const own = await tagsOfOne(reader, scope, kinds, resourceId)
    count(own.filter((pair) => tags === undefined || tags.some((filter) => matches(filter, pair))))
  } else {
    const filters = tags === undefined ? [undefined] : tags.toSorted((a, b) => byBytes(a.key, b.key))
    for (const filter of filters) for await (const pairs of walk(reader, scope, kinds, filter)) count(pairs)
  }
  const items: TagPair[] = []
  for (const pair of wanted) {
    items.push({ ...pair, instances: await reader.countInstances(scope, pair) })
    await turn()
  }
  return { items, totalCount }
}

const matches = (filter: TagFilter, tag: Tag): boolean =>
  filter.key === tag.key && (filter.value === undefined || filter.value === tag.value)

const tagsOfOne = async (
  reader: TagReader,
  scope: Scope,
  kinds: readonly TaggedResource[],
  resourceId: string,
): Promise<readonly Tag[]> => {
  for (const kind of kinds) {
    if (!(await reader.existing(scope, kind, [resourceId])).has(resourceId)) continue
    return (await reader.of(kind, [resourceId])).get(resourceId) ?? []
  }
  return []
}

/** The pairs of several kinds together, some at a time. */
async function* walk(
  reader: TagReader,
  scope: Scope,
  kinds: readonly TaggedResource[],
  filter: TagFilter | undefined,
): AsyncGenerator<readonly Tag[]> {
  let after: Tag | undefined
  for (;;) {
    const next: (readonly Tag[])[] = []
    for (const kind of kinds) next.push(await reader.pairsAfter(scope, kind, filter, after))
    // Each told some of its next ones: together they are all up to where the first of them ended.
    const [end] = next.flatMap((pairs) => pairs.slice(-1)).sort(byPair)
    if (end === undefined) return
    const upToEnd = next.flat().filter((pair) => byPair(pair, end) <= 0)
    yield [...new Map(upToEnd.sort(byPair).map((pair) => [JSON.stringify([pair.key, pair.value]), pair])).values()]
    after = end
    await turn()
  }
}

/** As both databases order text. */
const byBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))
const byPair = (a: Tag, b: Tag): number => byBytes(a.key, b.key) || byBytes(a.value, b.value)

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
