import type { ActivationPermit, ActivationReader, ActivationStore } from '../domain/fleet/activation-store.js'
import type { Activation } from '../domain/fleet/activations.js'
import type { Tag } from '../domain/tags.js'
import { readPage } from './page.js'
import { lockQuota } from './quota-lock.js'
import { numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'
import { addTags, tagConditions, tagsOf } from './tag-store.js'

const activationOf = (row: Row, tags: readonly Tag[]): Activation => ({
  activationId: textOf(row['id']),
  instanceName: textOf(row['name']),
  description: textOf(row['description']),
  instanceCount: numberOf(row['instance_count']),
  timeToLiveHours: numberOf(row['time_to_live_hours']),
  ipAddressRange: textOf(row['ip_address_range']),
  registeredCount: numberOf(row['registered_count']),
  deregisteredCount: numberOf(row['deregistered_count']),
  disabled: row['disabled'] === 1,
  resourceGroupId: textOf(row['resource_group_id']),
  tags,
  createdAt: numberOf(row['created_at']),
})

export const activationReader = (sql: SqlReader): ActivationReader => ({
  async list(scope, filter, page) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = ['a.account_id = $1', 'a.region_id = $2']
    const add = (column: string, value: string | undefined): void => {
      if (value === undefined) return
      values.push(value)
      where.push(`${column} = $${values.length}`)
    }
    add('a.id', filter.activationId)
    add('a.name', filter.instanceName)
    add('a.resource_group_id', filter.resourceGroupId)
    const tags = tagConditions('activation', 'a.id', filter.tags ?? [], values)
    where[where.length - 1] += tags
    // Ids are random here, so the age orders the list.
    const query = { select: 'a.*', from: 'activation a', where, values, keys: ['a.created_at', 'a.id'] }
    const found = await readPage(sql, query, page)
    const tagged = await tagsOf(
      sql,
      'activation',
      found.rows.map((row) => textOf(row['id'])),
    )
    return {
      items: found.rows.map((row) => activationOf(row, tagged.get(textOf(row['id'])) ?? [])),
      totalCount: found.totalCount,
      nextCursor: found.nextCursor,
    }
  },

  async count(scope) {
    const row = await sql.get('select count(*) as amount from activation where account_id = $1 and region_id = $2', [
      scope.accountId,
      scope.regionId,
    ])
    return numberOf(row?.['amount'] ?? 0)
  },

  async findPermit(activationId): Promise<ActivationPermit | undefined> {
    const row = await sql.get('select * from activation where id = $1', [activationId])
    if (row === undefined) return undefined
    return {
      scope: { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) },
      activationId: textOf(row['id']),
      codeHash: textOf(row['code_hash']),
      instanceName: textOf(row['name']),
      instanceCount: numberOf(row['instance_count']),
      registeredCount: numberOf(row['registered_count']),
      deregisteredCount: numberOf(row['deregistered_count']),
      disabled: row['disabled'] === 1,
      ipAddressRange: textOf(row['ip_address_range']),
      resourceGroupId: textOf(row['resource_group_id']),
      expiresAt: numberOf(row['expires_at']),
    }
  },
})

export const activationStore = (sql: SqlWriter): ActivationStore => ({
  ...activationReader(sql),

  async count(scope) {
    await lockQuota(sql, 'activation', scope)
    return activationReader(sql).count(scope)
  },

  async add(scope, activation) {
    await sql.run(
      `insert into activation (account_id, region_id, id, code_hash, name, description, instance_count, time_to_live_hours,
         ip_address_range, resource_group_id, registered_count, deregistered_count, disabled,
         created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $12)`,
      [
        scope.accountId,
        scope.regionId,
        activation.activationId,
        activation.codeHash,
        activation.instanceName,
        activation.description,
        activation.instanceCount,
        activation.timeToLiveHours,
        activation.ipAddressRange,
        activation.resourceGroupId,
        activation.createdAt,
        activation.expiresAt,
      ],
    )
    await addTags(sql, scope, 'activation', activation.activationId, activation.tags)
  },

  async takeOne(activationId) {
    const row = await sql.get(
      `update activation set registered_count = registered_count + 1
       where id = $1 and registered_count + deregistered_count < instance_count
       returning registered_count + deregistered_count as number`,
      [activationId],
    )
    return row === undefined ? undefined : numberOf(row['number'])
  },

  async giveBack(activationId, counted) {
    await sql.run(
      `update activation set registered_count = registered_count - 1, deregistered_count = deregistered_count + $2
       where id = $1 and registered_count > 0`,
      [activationId, counted ? 1 : 0],
    )
  },
})
