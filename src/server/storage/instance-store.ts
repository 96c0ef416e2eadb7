import type { InstanceStore } from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'
import type { InstanceLists } from './instance-lists.js'
import { instanceReader } from './instance-reader.js'
import { type SqlWriter, textOf } from './sql.js'
import type { StatusTable } from './status-table.js'
import { addTags, removeTags } from './tag-store.js'

const COUNT_UP = `insert into instance_count (account_id, region_id, os_type, amount) values ($1, $2, $3, $4)
  on conflict (account_id, region_id, os_type) do update set amount = instance_count.amount + excluded.amount`

/**
 * Reads and writes instances inside a transaction.
 * @param lists told of every row that comes and goes, behind the commit
 * @param table told of every change of a status row, behind the commit
 */
export const instanceStore = (sql: SqlWriter, lists: InstanceLists, table?: StatusTable): InstanceStore => ({
  ...instanceReader(sql, lists),

  async add(instance) {
    const { accountId, regionId } = instance.scope
    await sql.run(
      `insert into instance (account_id, region_id, id, os_type, agent_version, invocation_count, active_task_count, last_invoked_at)
       values ($1, $2, $3, $4, $5, 0, 0, null)`,
      [accountId, regionId, instance.instanceId, instance.osType, instance.agentVersion],
    )
    await sql.run(
      `insert into instance_detail (account_id, region_id, id, name, hostname, description, os_version, machine_id, public_key,
         activation_id, intranet_ip, internet_ip, resource_group_id, registered_at, first_beat_at, booted_at)
       values ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, $11, $12, $13, null, null)`,
      [
        accountId,
        regionId,
        instance.instanceId,
        instance.instanceName,
        instance.hostname,
        instance.osVersion,
        instance.machineId,
        instance.publicKey,
        instance.activationId,
        instance.intranetIp,
        instance.internetIp,
        instance.resourceGroupId,
        instance.registeredAt,
      ],
    )
    await addTags(sql, instance.scope, 'instance', instance.instanceId, instance.tags)
    await sql.run(COUNT_UP, [accountId, regionId, instance.osType, 1])
    const { scope, osType, instanceId } = instance
    sql.afterCommit(() => {
      lists.changed(scope, osType, (list) => list.inserted(instanceId))
      table?.inserted(scope, {
        instanceId,
        osType,
        agentVersion: instance.agentVersion,
        invocationCount: 0,
        activeTaskCount: 0,
        lastInvokedAt: undefined,
      })
    })
  },

  async remove(instanceId) {
    const row = await sql.get(
      `select i.account_id, i.region_id, i.os_type from instance_detail d
       join instance i on i.account_id = d.account_id and i.region_id = d.region_id and i.id = d.id where d.id = $1`,
      [instanceId],
    )
    if (row === undefined) return false
    const scope = { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) }
    const osType = textOf(row['os_type']) as OsType
    const gone = await sql.run('delete from instance where account_id = $1 and region_id = $2 and id = $3', [
      scope.accountId,
      scope.regionId,
      instanceId,
    ])
    // Another transaction removed it since it was read, and counted it.
    if (gone === 0) return false
    await sql.run('delete from instance_detail where id = $1', [instanceId])
    await removeTags(sql, 'instance', instanceId)
    await sql.run(COUNT_UP, [scope.accountId, scope.regionId, osType, -1])
    sql.afterCommit(() => {
      lists.changed(scope, osType, (list) => list.removed(instanceId))
      table?.removed(scope, instanceId)
    })
    return true
  },

  async describe(instanceId, told) {
    const row = await sql.get(
      `select i.account_id, i.region_id, i.os_type, i.agent_version, d.os_version, d.first_beat_at, d.booted_at
       from instance_detail d join instance i on i.account_id = d.account_id and i.region_id = d.region_id and i.id = d.id
       where d.id = $1`,
      [instanceId],
    )
    if (row === undefined) return
    const scope = { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) }
    const before = textOf(row['os_type']) as OsType
    if (before !== told.osType || row['agent_version'] !== told.agentVersion) {
      const changed = await sql.run(
        `update instance set os_type = $4, agent_version = $5
         where account_id = $1 and region_id = $2 and id = $3 and os_type = $6`,
        [scope.accountId, scope.regionId, instanceId, told.osType, told.agentVersion, before],
      )
      // Another transaction removed it, or told of another OS, since it was read: that one counted, and the next heartbeat
      // finds out.
      if (changed === 0) return
      sql.afterCommit(() => table?.described(scope, instanceId, told.osType, told.agentVersion))
    }
    if (before !== told.osType) {
      await sql.run(COUNT_UP, [scope.accountId, scope.regionId, before, -1])
      await sql.run(COUNT_UP, [scope.accountId, scope.regionId, told.osType, 1])
      sql.afterCommit(() => {
        lists.changed(scope, before, (list) => list.removed(instanceId))
        lists.changed(scope, told.osType, (list) => list.inserted(instanceId))
      })
    }
    await sql.run(
      `update instance_detail set os_version = coalesce($2, os_version), first_beat_at = coalesce(first_beat_at, $3),
         booted_at = coalesce($4, booted_at) where id = $1`,
      [instanceId, told.osVersion ?? null, told.now, told.bootedAt ?? null],
    )
  },

  async countInvocation(scope, instanceIds, now) {
    await lockInOrder(sql, instanceIds)
    await sql.run(
      `update instance set invocation_count = invocation_count + 1, last_invoked_at = $4
       where account_id = $1 and region_id = $2 and ${sql.dialect.within('id', '$3')}`,
      [scope.accountId, scope.regionId, JSON.stringify(instanceIds), now],
    )
    if (table !== undefined) sql.afterCommit(() => table.invoked(scope, instanceIds, 1, now))
  },

  async uncountInvocation(scope, instanceIds) {
    await lockInOrder(sql, instanceIds)
    await sql.run(
      `update instance set invocation_count = invocation_count - 1
       where account_id = $1 and region_id = $2 and ${sql.dialect.within('id', '$3')}`,
      [scope.accountId, scope.regionId, JSON.stringify(instanceIds)],
    )
    if (table !== undefined) sql.afterCommit(() => table.invoked(scope, instanceIds, -1, undefined))
  },

  async addActiveTasks(scope, instanceId, amount) {
    await sql.run(
      'update instance set active_task_count = active_task_count + $4 where account_id = $1 and region_id = $2 and id = $3',
      [scope.accountId, scope.regionId, instanceId, amount],
    )
    if (table !== undefined) sql.afterCommit(() => table.activeTasksChanged(scope, instanceId, amount))
  },

  async findUnproven(before, limit) {
    const rows = await sql.all(
      `select id from instance_detail where first_beat_at is null and activation_id <> '' and registered_at < $1 limit $2`,
      [before, limit],
    )
    return rows.map((row) => textOf(row['id']))
  },
})

/** Two submissions to the same hosts would else wait for each other's rows in a circle. */
const lockInOrder = async (sql: SqlWriter, instanceIds: readonly string[]): Promise<void> => {
  const { dialect } = sql
  if (dialect.lockInOrder === undefined) return
  const text = `select id from instance where ${dialect.within('id', '$1')}${dialect.lockInOrder}`
  await sql.all(text, [JSON.stringify(instanceIds)])
}
