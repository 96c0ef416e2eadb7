import type { TagStore } from '../domain/tagging/tag-store.js'
import type { SqlWriter } from './sql.js'
import { tagReader } from './tagging-reader.js'

export const tagStore = (sql: SqlWriter): TagStore => ({
  ...tagReader(sql, sql.dialect.lockInOrder),

  async put(scope, kind, resourceIds, tags) {
    const rows = resourceIds.flatMap((id) => tags.map(({ key, value }) => [id, key, value]))
    // Without a condition SQLite would take what follows for a part of the join.
    await sql.run(
      `insert into tag (account_id, region_id, resource_type, resource_id, tag_key, tag_value)
       select cast($1 as text), cast($2 as text), cast($3 as text), resource_id, tag_key, tag_value
       from ${sql.dialect.batch('$4', ['resource_id text', 'tag_key text', 'tag_value text'])} where true
       on conflict (resource_type, resource_id, tag_key) do update set tag_value = excluded.tag_value`,
      [scope.accountId, scope.regionId, kind, JSON.stringify(rows)],
    )
  },

  async remove(kind, resourceIds, keys) {
    const ofKeys = keys === undefined ? '' : ` and ${sql.dialect.within('tag_key', '$3')}`
    await sql.run(`delete from tag where resource_type = $1 and ${sql.dialect.within('resource_id', '$2')}${ofKeys}`, [
      kind,
      JSON.stringify(resourceIds),
      ...(keys === undefined ? [] : [JSON.stringify(keys)]),
    ])
  },
})
