import type { Scope } from '../domain/access/scope.js'
import type { TagReader } from '../domain/tagging/tag-store.js'
import type { GroupedResource, ResourceTag, ResourceTagFilter } from '../domain/tagging/tagging.js'
import type { Tag, TaggedResource } from '../domain/tags.js'
import { scanWindows } from './scan-windows.js'
import { numberOf, type Row, type SqlReader, type SqlValue, textOf } from './sql.js'
import { tagsOf } from './tag-store.js'

interface Table {
  readonly name: string
  /** What of it a caller may see. */
  readonly visible: string
  /** Its rows `r` with their resource group. */
  readonly grouped: string
}

/** Where the resources of a kind are. */
const TABLES: Readonly<Record<TaggedResource, readonly Table[]>> = {
  instance: [
    {
      name: 'instance',
      visible: '',
      grouped: 'instance r join instance_detail g on g.id = r.id',
    },
  ],
  command: [{ name: 'command', visible: ' and r.kept = 1', grouped: 'command r' }],
  invocation: [
    { name: 'invocation', visible: ' and r.committed = 1', grouped: 'invocation r' },
    { name: 'file_send', visible: '', grouped: 'file_send r' },
  ],
  activation: [{ name: 'activation', visible: '', grouped: 'activation r' }],
}

/** A condition: what this id column names is there for callers. */
const isVisible = (kind: TaggedResource, column: string): string =>
  kind === 'invocation'
    ? ` and (${TABLES[kind].map(({ name, visible }) => `exists (select 1 from ${name} r where r.id = ${column}${visible})`).join(' or ')})`
    : ''

const resourceTag = (row: Row): ResourceTag => ({
  resourceId: textOf(row['resource_id']),
  key: textOf(row['tag_key']),
  value: textOf(row['tag_value']),
})

const hasStar = (pattern: string): boolean => pattern.startsWith('*') || pattern.endsWith('*')

/** One condition on a tag of a resource. */
interface Condition {
  /** On the alias; appends its values. */
  readonly on: (alias: string, values: SqlValue[]) => string
  /** The more it says, the fewer tags it leaves: 2 a value, 1 a key, 0 a pattern for keys. */
  readonly weight: 0 | 1 | 2
}

const conditionsOf = (sql: SqlReader, filter: ResourceTagFilter): readonly Condition[] => {
  const { dialect } = sql
  const parameter = (values: SqlValue[], value: string): string => {
    values.push(value)
    return `$${values.length}`
  }
  const tags = (filter.tags ?? []).map(
    ({ key, value }): Condition => ({
      weight: value === undefined ? 1 : 2,
      on: (alias, values) =>
        ` and ${alias}.tag_key = ${parameter(values, key)}${value === undefined ? '' : ` and ${alias}.tag_value = ${parameter(values, value)}`}`,
    }),
  )
  const patterns = (filter.patterns ?? []).map(
    ({ key, values: valuePatterns }): Condition => ({
      weight: hasStar(key) ? 0 : 1,
      on: (alias, values) => {
        const ofKey = hasStar(key)
          ? dialect.matches(`${alias}.tag_key`, parameter(values, dialect.pattern(key)))
          : `${alias}.tag_key = ${parameter(values, key)}`
        if (valuePatterns === undefined) return ` and ${ofKey}`
        const any = valuePatterns.map((one) =>
          hasStar(one)
            ? dialect.matches(`${alias}.tag_value`, parameter(values, dialect.pattern(one)))
            : `${alias}.tag_value = ${parameter(values, one)}`,
        )
        return ` and ${ofKey} and (${any.join(' or ')})`
      },
    }),
  )
  return [...tags, ...patterns].sort((a, b) => b.weight - a.weight)
}

/** Tags that one statement looks through where no index helps: some milliseconds. */
const WINDOW = 5_000

/** Where a stretch of the tags of a kind ends; all of a resource's tags are in one. */
const END_OF_WINDOW = `select resource_id from tag where resource_type = $1 and resource_id >= $2
  order by resource_id, tag_key limit 1 offset ${WINDOW - 1}`

/**
 * Ids from `from` on of what fulfils all conditions, in order. A tag with its value is sought by index; for all else the tags
 * of the kind are looked through, a stretch at a time: a key that many carry, or that few carry, would hold the event loop.
 */
const matching = async (
  sql: SqlReader,
  scope: Scope,
  kind: TaggedResource,
  filter: ResourceTagFilter,
  from: string,
  limit: number,
): Promise<readonly string[]> => {
  const [leading, ...others] = conditionsOf(sql, filter)
  if (leading === undefined) return []
  const inStretches = filter.resourceIds === undefined && (leading.weight < 2 || others.length > 0)
  const find = async (first: string, last: string | undefined, most: number): Promise<readonly string[]> => {
    const values: SqlValue[] = [scope.accountId, scope.regionId, kind, first]
    let where = leading.on('f', values)
    if (last !== undefined) {
      values.push(last)
      where += ` and f.resource_id <= $${values.length}`
    }
    if (filter.resourceIds !== undefined) {
      values.push(JSON.stringify(filter.resourceIds))
      where += ` and ${sql.dialect.within('f.resource_id', `$${values.length}`)}`
    }
    for (const other of others)
      where += ` and exists (select 1 from tag o where o.resource_type = $3 and o.resource_id = f.resource_id${other.on('o', values)})`
    values.push(most)
    // Within a stretch, the index by keys would be the wrong one.
    const scoped = !inStretches
      ? 'f.account_id = $1 and f.region_id = $2'
      : `f.account_id || '' = $1 and f.region_id || '' = $2`
    const rows = await sql.all(
      `select distinct f.resource_id from tag f where ${scoped} and f.resource_type = $3
         and f.resource_id >= $4${where}${isVisible(kind, 'f.resource_id')} order by f.resource_id limit $${values.length}`,
      values,
    )
    return rows.map((row) => textOf(row['resource_id']))
  }
  if (!inStretches) return find(from, undefined, limit)
  const found = new Set<string>()
  for (let first = from; ; ) {
    const end = (await sql.get(END_OF_WINDOW, [kind, first]))?.['resource_id']
    const last = end === undefined ? undefined : textOf(end)
    for (const id of await find(first, last, limit - found.size)) found.add(id)
    if (last === undefined || found.size >= limit) return [...found]
    await new Promise((resolve) => setImmediate(resolve))
    // The resource at the end is looked at again with what follows it: one alone is smaller than a stretch.
    first = last
  }
}

/** @param lock ends a SELECT of resources whose tags are going to be changed */
export const tagReader = (sql: SqlReader, lock = ''): TagReader => ({
  async existing(scope, kind, resourceIds) {
    const found = new Set<string>()
    const ids = JSON.stringify(resourceIds)
    for (const { name, visible } of TABLES[kind]) {
      const rows = await sql.all(
        `select r.id from ${name} r where r.account_id = $1 and r.region_id = $2 and ${sql.dialect.within('r.id', '$3')}${visible}${lock}`,
        [scope.accountId, scope.regionId, ids],
      )
      for (const row of rows) found.add(textOf(row['id']))
    }
    return found
  },

  of: (kind, resourceIds) => tagsOf(sql, kind, resourceIds),

  async list(scope, kind, filter, after, limit) {
    const byTag = (filter.tags?.length ?? 0) + (filter.patterns?.length ?? 0) > 0
    const ids = byTag
      ? // One more, as all of the first one's tags may have been told already.
        await matching(sql, scope, kind, filter, after?.resourceId ?? '', limit + 1)
      : (filter.resourceIds ?? [])
    const rows = await sql.all(
      `select t.resource_id, t.tag_key, t.tag_value from tag t
       where t.account_id = $1 and t.region_id = $2 and t.resource_type = $3 and ${sql.dialect.within('t.resource_id', '$4')}
         and (t.resource_id, t.tag_key) > ($5, $6) order by t.resource_id, t.tag_key limit $7`,
      [scope.accountId, scope.regionId, kind, JSON.stringify(ids), after?.resourceId ?? '', after?.key ?? '', limit],
    )
    return rows.map(resourceTag)
  },

  async groups(scope, kind, { resourceIds, resourceGroupId }, after, limit) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const column = kind === 'instance' ? 'g.resource_group_id' : 'r.resource_group_id'
    let where = `r.account_id = $1 and r.region_id = $2 and ${column} <> ''`
    if (resourceGroupId !== undefined) {
      values.push(resourceGroupId)
      where += ` and ${column} = $${values.length}`
    }
    if (resourceIds !== undefined) {
      values.push(JSON.stringify(resourceIds))
      where += ` and ${sql.dialect.within('r.id', `$${values.length}`)}`
    }
    const at = values.length
    const find = async (
      { grouped, visible }: Table,
      from: string,
      upTo: string | undefined,
    ): Promise<readonly GroupedResource[]> => {
      const rows = await sql.all(
        `select r.id, ${column} from ${grouped} where ${where}${visible} and r.id > $${at + 1}
         ${upTo === undefined ? '' : `and r.id <= $${at + 3}`} order by r.id limit $${at + 2}`,
        [...values, from, limit, ...(upTo === undefined ? [] : [upTo])],
      )
      return rows.map((row) => ({
        resourceId: textOf(row['id']),
        resourceGroupId: textOf(row['resource_group_id']),
      }))
    }
    const found: GroupedResource[] = []
    for (const table of TABLES[kind]) {
      if (kind !== 'instance' || resourceIds !== undefined) found.push(...(await find(table, after, undefined)))
      else
        await scanWindows(sql, scope, after, async (from, upTo) => {
          found.push(...(await find(table, from, upTo)))
          return found.length < limit
        })
    }
    return found.sort((a, b) => (a.resourceId < b.resourceId ? -1 : 1)).slice(0, limit)
  },

  async pairsAfter(scope, kind, filter, after) {
    const values: SqlValue[] = [scope.accountId, scope.regionId, kind]
    let where = ''
    if (filter !== undefined) {
      values.push(filter.key)
      where += ` and t.tag_key = $${values.length}`
      if (filter.value !== undefined) {
        values.push(filter.value)
        where += ` and t.tag_value = $${values.length}`
      }
    }
    if (after !== undefined) {
      values.push(after.key, after.value)
      where += ` and (t.tag_key, t.tag_value) > ($${values.length - 1}, $${values.length})`
    }
    // A pair that more resources carry fills a stretch, and the next one begins behind it.
    const rows = await sql.all(
      `select distinct tag_key, tag_value from (
         select t.tag_key, t.tag_value from tag t
         where t.account_id = $1 and t.region_id = $2 and t.resource_type = $3${where}
         order by t.tag_key, t.tag_value limit ${WINDOW}) as stretch
       order by tag_key, tag_value`,
      values,
    )
    return rows.map((row): Tag => ({ key: textOf(row['tag_key']), value: textOf(row['tag_value']) }))
  },

  async countInstances(scope, { key, value }) {
    const row = await sql.get(
      `select count(*) as amount from tag where account_id = $1 and region_id = $2 and resource_type = 'instance'
         and tag_key = $3 and tag_value = $4`,
      [scope.accountId, scope.regionId, key, value],
    )
    return numberOf(row?.['amount'] ?? 0)
  },
})
