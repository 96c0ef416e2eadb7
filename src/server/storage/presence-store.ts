import type { PresenceRow, PresenceStore } from '../domain/fleet/presence-store.js'
import { maybeNumber, numberOf, type Row, textOf } from './sql.js'
import type { PostgresDatabase } from './postgres/database.js'
import type { SqliteConnection } from './sqlite/driver.js'

const LOAD = `select slot, instance_id, last_seen_at, signature_mark, clock_offset, agent_process from presence
  where slot > $1 order by slot limit $2`
const FIND = (within: string): string =>
  `select slot, instance_id, last_seen_at, signature_mark, clock_offset, agent_process from presence where ${within}`
const LAST = 'select max(slot) as slot from presence'
const ALIVE = `insert into node_life (id, alive_at) values ($1, $2) on conflict (id) do update set alive_at = excluded.alive_at`
const LAST_ALIVE = 'select max(alive_at) as at from node_life'
const UPSERT_TAIL = `on conflict (slot) do update set last_seen_at = excluded.last_seen_at,
  signature_mark = excluded.signature_mark, clock_offset = excluded.clock_offset, agent_process = excluded.agent_process`

/** An offset that was never learned. No clock is this wrong. */
const NO_OFFSET = -(2 ** 52)

const presenceRow = (row: Row): PresenceRow => {
  const offset = numberOf(row['clock_offset'])
  return {
    slot: numberOf(row['slot']),
    instanceId: textOf(row['instance_id']),
    lastSeenAt: numberOf(row['last_seen_at']),
    mark: numberOf(row['signature_mark']),
    offset: offset === NO_OFFSET ? undefined : offset,
    agentProcess: textOf(row['agent_process']),
  }
}

/** A file of its own, written without fsync: a crash may lose seconds of it, never a fact (design D7). */
export const sqlitePresenceStore = (connection: SqliteConnection): PresenceStore => ({
  async load(afterSlot, limit) {
    return connection.allSync(LOAD, [afterSlot, limit]).map(presenceRow)
  },
  async find(instanceIds) {
    return connection
      .allSync(FIND('instance_id in (select value from json_each($1))'), [JSON.stringify(instanceIds)])
      .map(presenceRow)
  },
  async lastSlot() {
    return maybeNumber(connection.getSync(LAST)?.['slot']) ?? -1
  },
  async save(rows) {
    connection.runSync('begin')
    try {
      for (const row of rows) {
        connection.runSync(
          `insert into presence (slot, instance_id, last_seen_at, signature_mark, clock_offset, agent_process)
           values ($1, $2, $3, $4, $5, $6) ${UPSERT_TAIL}`,
          [row.slot, row.instanceId, row.lastSeenAt, row.mark, row.offset ?? NO_OFFSET, row.agentProcess],
        )
      }
      connection.runSync('commit')
    } catch (cause) {
      connection.runSync('rollback')
      throw cause
    }
  },
  async remove(instanceId) {
    connection.runSync('delete from presence where instance_id = $1', [instanceId])
  },
  async alive(nodeId, now) {
    connection.runSync(ALIVE, [nodeId, now])
  },
  async lastAlive() {
    return maybeNumber(connection.getSync(LAST_ALIVE)?.['at'])
  },
})

/** In the same database; its commits do not wait for the disk. */
export const postgresPresenceStore = (database: PostgresDatabase): PresenceStore => {
  const soft = async (
    work: (run: (sql: string, values: unknown[]) => Promise<unknown>) => Promise<void>,
  ): Promise<void> =>
    database.session(async (client) => {
      await client.query('begin')
      try {
        await client.query('set local synchronous_commit = off')
        await work((sql, values) => client.query(sql, values))
        await client.query('commit')
      } catch (cause) {
        await client.query('rollback')
        throw cause
      }
    })
  return {
    async load(afterSlot, limit) {
      return (await database.reader.all(LOAD, [afterSlot, limit])).map(presenceRow)
    },
    async find(instanceIds) {
      const within = database.dialect.within('instance_id', '$1')
      return (await database.reader.all(FIND(within), [JSON.stringify(instanceIds)])).map(presenceRow)
    },
    async lastSlot() {
      return maybeNumber((await database.reader.get(LAST))?.['slot']) ?? -1
    },
    async save(rows) {
      await soft(async (run) => {
        await run(
          `insert into presence (slot, instance_id, last_seen_at, signature_mark, clock_offset, agent_process)
           select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) ${UPSERT_TAIL}`,
          [
            rows.map((row) => row.slot),
            rows.map((row) => row.instanceId),
            rows.map((row) => row.lastSeenAt),
            rows.map((row) => row.mark),
            rows.map((row) => row.offset ?? NO_OFFSET),
            rows.map((row) => row.agentProcess),
          ],
        )
      })
    },
    async remove(instanceId) {
      await soft(async (run) => {
        await run('delete from presence where instance_id = $1', [instanceId])
      })
    },
    async alive(nodeId, now) {
      await soft(async (run) => {
        await run(ALIVE, [nodeId, now])
      })
    },
    async lastAlive() {
      return maybeNumber((await database.reader.get(LAST_ALIVE))?.['at'])
    },
  }
}
