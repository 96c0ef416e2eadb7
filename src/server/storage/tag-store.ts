import type { Scope } from '../domain/access/scope.js'
import type { Tag, TagFilter, TaggedResource } from '../domain/tags.js'
import { type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'

/** Conditions that a resource carries all these tags; appends their values. */
export const tagConditions = (
  type: TaggedResource,
  idColumn: string,
  tags: readonly TagFilter[],
  values: SqlValue[],
): string => {
  let where = ''
  for (const tag of tags) {
    values.push(tag.key)
    const key = `$${values.length}`
    let value = ''
    if (tag.value !== undefined) {
      values.push(tag.value)
      value = ` and g.tag_value = $${values.length}`
    }
    where += ` and exists (select 1 from tag g where g.resource_type = '${type}' and g.resource_id = ${idColumn} and g.tag_key = ${key}${value})`
  }
  return where
}

/** Tags of these resources, by id; resources without tags are absent. */
export const tagsOf = async (
  sql: SqlReader,
  type: TaggedResource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Tag[]>> => {
  const found = new Map<string, Tag[]>()
  if (ids.length === 0) return found
  const rows = await sql.all(
    `select resource_id, tag_key, tag_value from tag where resource_type = $1 and ${sql.dialect.within('resource_id', '$2')}
     order by resource_id, tag_key`,
    [type, JSON.stringify(ids)],
  )
  for (const row of rows) {
    const id = textOf(row['resource_id'])
    const tags = found.get(id) ?? []
    tags.push({ key: textOf(row['tag_key']), value: textOf(row['tag_value']) })
    found.set(id, tags)
  }
  return found
}

/** Writes the tags of a new resource. */
export const addTags = async (
  sql: SqlWriter,
  scope: Scope,
  type: TaggedResource,
  id: string,
  tags: readonly Tag[],
): Promise<void> => {
  for (const tag of tags) {
    await sql.run(
      `insert into tag (account_id, region_id, resource_type, resource_id, tag_key, tag_value) values ($1, $2, $3, $4, $5, $6)
       on conflict (resource_type, resource_id, tag_key) do update set tag_value = excluded.tag_value`,
      [scope.accountId, scope.regionId, type, id, tag.key, tag.value],
    )
  }
}

export const removeTags = async (sql: SqlWriter, type: TaggedResource, id: string): Promise<void> => {
  await sql.run('delete from tag where resource_type = $1 and resource_id = $2', [type, id])
}
