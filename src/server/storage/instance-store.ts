import type { Scope } from '../domain/access/scope.js'
import type { HostKey } from '../domain/fleet/agents.js'
import type {
  InstanceListFilter,
  InstanceReader,
  InstanceRow,
  InstanceStore,
  StatusRow,
  TargetRow,
} from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'
import { RankAnchors } from './rank-anchors.js'
import {
  type Column,
  maybeNumber,
  numberOf,
  type Row,
  type SqlReader,
  type SqlValue,
  type SqlWriter,
  textOf,
} from './sql.js'
import { addTags, removeTags, tagConditions, tagsOf } from './tag-store.js'

const STATUS = 'id, os_type, agent_version, invocation_count, active_task_count, last_invoked_at'

const statusRow = (row: readonly Column[]): StatusRow => ({
  instanceId: row[0] as string,
  osType: row[1] as OsType,
  agentVersion: row[2] as string,
  invocationCount: row[3] as number,
  activeTaskCount: row[4] as number,
  lastInvokedAt: (row[5] as number | null) ?? undefined,
})

const PAGE_FROM = `select ${STATUS} from instance
  where account_id = $1 and region_id = $2 and id >= $3 order by id limit $4 offset $5`
const PAGE_FROM_OS = `select ${STATUS} from instance
  where account_id = $1 and region_id = $2 and os_type = $6 and id >= $3 order by id limit $4 offset $5`
const PAGE_AFTER = `select ${STATUS} from instance
  where account_id = $1 and region_id = $2 and id > $3 order by id limit $4`
const PAGE_AFTER_OS = `select ${STATUS} from instance
  where account_id = $1 and region_id = $2 and os_type = $5 and id > $3 order by id limit $4`
const COUNT = 'select coalesce(sum(amount), 0) as amount from instance_count where account_id = $1 and region_id = $2'
const COUNT_OS = 'select amount from instance_count where account_id = $1 and region_id = $2 and os_type = $3'
const ONE = `select ${STATUS} from instance where account_id = $1 and region_id = $2 and id = $3`
const IDS_AFTER = `select id from instance where account_id = $1 and region_id = $2 and id > $3 order by id limit $4`
const IDS_AFTER_OS = `select id from instance
  where account_id = $1 and region_id = $2 and os_type = $5 and id > $3 order by id limit $4`

const DETAIL = `select i.account_id, i.region_id, i.id, i.os_type, i.agent_version, i.invocation_count, i.active_task_count,
  i.last_invoked_at, d.name, d.hostname, d.description, d.os_version, d.machine_id, d.activation_id, d.intranet_ip,
  d.internet_ip, d.resource_group_id, d.registered_at, d.booted_at
  from instance i join instance_detail d on d.id = i.id`

const instanceRow = (row: Row): InstanceRow => ({
  accountId: textOf(row['account_id']),
  regionId: textOf(row['region_id']),
  instanceId: textOf(row['id']),
  osType: textOf(row['os_type']) as OsType,
  agentVersion: textOf(row['agent_version']),
  invocationCount: numberOf(row['invocation_count']),
  activeTaskCount: numberOf(row['active_task_count']),
  lastInvokedAt: maybeNumber(row['last_invoked_at']),
  instanceName: textOf(row['name']),
  hostname: textOf(row['hostname']),
  description: textOf(row['description']),
  osVersion: textOf(row['os_version']),
  machineId: textOf(row['machine_id']),
  activationId: textOf(row['activation_id']),
  intranetIp: textOf(row['intranet_ip']),
  internetIp: textOf(row['internet_ip']),
  resourceGroupId: textOf(row['resource_group_id']),
  registeredAt: numberOf(row['registered_at']),
  bootedAt: maybeNumber(row['booted_at']),
})

/** Rank anchors of every list that was asked for by page number. One per process. */
export class InstanceLists {
  readonly #reader: SqlReader
  readonly #lists = new Map<string, RankAnchors>()

  constructor(reader: SqlReader) {
    this.#reader = reader
  }

  /** @param osType undefined for the unfiltered list */
  of(scope: Scope, osType: OsType | undefined): RankAnchors {
    const key = `${scope.accountId}\n${scope.regionId}\n${osType ?? ''}`
    let list = this.#lists.get(key)
    if (list === undefined) {
      list = new RankAnchors(async (after, most) => {
        const base = [scope.accountId, scope.regionId, after ?? '', most]
        const rows =
          osType === undefined
            ? await this.#reader.arrays(IDS_AFTER, base)
            : await this.#reader.arrays(IDS_AFTER_OS, [...base, osType])
        return rows.map((row) => row[0] as string)
      })
      this.#lists.set(key, list)
      void list.build().catch(() => undefined)
    }
    return list
  }

  /** Calls `change` for the lists of a scope that are in memory and hold instances of this OS. */
  changed(scope: Scope, osType: OsType, change: (list: RankAnchors) => void): void {
    for (const name of ['', osType]) {
      const list = this.#lists.get(`${scope.accountId}\n${scope.regionId}\n${name}`)
      if (list !== undefined) change(list)
    }
  }
}

const listConditions = (
  sql: SqlReader,
  scope: Scope,
  filter: InstanceListFilter,
): { where: string; values: SqlValue[] } => {
  const values: SqlValue[] = [scope.accountId, scope.regionId]
  const where = ['i.account_id = $1', 'i.region_id = $2']
  const add = (condition: (parameter: string) => string, value: string | undefined): void => {
    if (value === undefined) return
    values.push(value)
    where.push(condition(`$${values.length}`))
  }
  const addList = (column: string, list: readonly string[] | undefined): void =>
    add((p) => sql.dialect.within(column, p), list === undefined ? undefined : JSON.stringify(list))
  if (filter.managedOnly) where.push(`d.activation_id <> ''`)
  addList('i.id', filter.instanceIds)
  addList('d.intranet_ip', filter.privateIps)
  addList('d.internet_ip', filter.publicIps)
  add((p) => `d.resource_group_id = ${p}`, filter.resourceGroupId)
  add((p) => `i.os_type = ${p}`, filter.osType)
  add((p) => `d.activation_id = ${p}`, filter.activationId)
  add((p) => `d.machine_id = ${p}`, filter.machineId)
  add((p) => `(d.intranet_ip = ${p} or d.internet_ip = ${p})`, filter.ip)
  add(
    (p) => sql.dialect.matches('d.name', p),
    filter.instanceName === undefined ? undefined : sql.dialect.pattern(filter.instanceName),
  )
  return { where: where.join(' and ') + tagConditions('instance', 'i.id', filter.tags ?? [], values), values }
}

/** Reads instances; see the interface for what each promises. */
export const instanceReader = (sql: SqlReader, lists: InstanceLists): InstanceReader => ({
  async statusPage(scope, osType, page) {
    const base = [scope.accountId, scope.regionId]
    const filter = osType === undefined ? [] : [osType]
    const counted = await sql.get(osType === undefined ? COUNT : COUNT_OS, [...base, ...filter])
    const totalCount = counted === undefined ? 0 : numberOf(counted['amount'])
    let rows: readonly (readonly Column[])[]
    if (page.style === 'token') {
      const text = osType === undefined ? PAGE_AFTER : PAGE_AFTER_OS
      rows = await sql.arrays(text, [...base, page.cursor ?? '', page.size + 1, ...filter])
    } else {
      const rank = (page.number - 1) * page.size
      if (rank >= totalCount) rows = []
      else {
        const { from, skip } = lists.of(scope, osType).seek(rank)
        const text = osType === undefined ? PAGE_FROM : PAGE_FROM_OS
        rows = await sql.arrays(text, [...base, from ?? '', page.size + 1, skip, ...filter])
      }
    }
    const more = rows.length > page.size
    const kept = (more ? rows.slice(0, page.size) : rows).map(statusRow)
    return { rows: kept, totalCount, nextCursor: more ? kept.at(-1)?.instanceId : undefined }
  },

  async statusOf(scope, instanceIds) {
    const found: StatusRow[] = []
    for (const id of instanceIds) {
      const [row] = await sql.arrays(ONE, [scope.accountId, scope.regionId, id])
      if (row !== undefined) found.push(statusRow(row))
    }
    return found
  },

  async targets(scope, instanceIds) {
    const rows = await sql.all(
      `select i.id, i.os_type, i.agent_version, d.name, d.resource_group_id
       from instance i join instance_detail d on d.id = i.id
       where i.account_id = $1 and i.region_id = $2 and ${sql.dialect.within('i.id', '$3')}`,
      [scope.accountId, scope.regionId, JSON.stringify(instanceIds)],
    )
    return rows.map(
      (row): TargetRow => ({
        instanceId: textOf(row['id']),
        osType: textOf(row['os_type']) as OsType,
        agentVersion: textOf(row['agent_version']),
        instanceName: textOf(row['name']),
        resourceGroupId: textOf(row['resource_group_id']),
      }),
    )
  },

  async withTags(scope, tags, limit) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = tagConditions('instance', 'i.id', tags, values)
    values.push(limit)
    const rows = await sql.all(
      `select i.id from instance i where i.account_id = $1 and i.region_id = $2${where} order by i.id limit $${values.length}`,
      values,
    )
    return rows.map((row) => textOf(row['id']))
  },

  async list(scope, filter, after, limit, skip = 0) {
    const { where, values } = listConditions(sql, scope, filter)
    values.push(after ?? '', limit, skip)
    const at = values.length
    const text = `${DETAIL} where ${where} and i.id > $${at - 2} order by i.id limit $${at - 1} offset $${at}`
    return (await sql.all(text, values)).map(instanceRow)
  },

  async countList(scope, filter) {
    const { where, values } = listConditions(sql, scope, filter)
    const text = `select count(*) as amount from instance i join instance_detail d on d.id = i.id where ${where}`
    return numberOf((await sql.get(text, values))?.['amount'] ?? 0)
  },

  tagsOf: (instanceIds) => tagsOf(sql, 'instance', instanceIds),

  async findHostKey(instanceId): Promise<HostKey | undefined> {
    const row = await sql.get('select id, machine_id, public_key from instance_detail where id = $1', [instanceId])
    if (row === undefined || row['public_key'] === '') return undefined
    return {
      instanceId: textOf(row['id']),
      machineId: textOf(row['machine_id']),
      publicKeyPem: textOf(row['public_key']),
    }
  },

  async scopeOf(instanceId): Promise<Scope | undefined> {
    const row = await sql.get('select account_id, region_id from instance_detail where id = $1', [instanceId])
    return row === undefined ? undefined : { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) }
  },
})

const COUNT_UP = `insert into instance_count (account_id, region_id, os_type, amount) values ($1, $2, $3, $4)
  on conflict (account_id, region_id, os_type) do update set amount = instance_count.amount + excluded.amount`

/** Reads and writes instances inside a transaction. */
export const instanceStore = (sql: SqlWriter, lists: InstanceLists): InstanceStore => ({
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
    sql.afterCommit(() => lists.changed(scope, osType, (list) => list.inserted(instanceId)))
  },

  async remove(instanceId) {
    const row = await sql.get(
      `select i.account_id, i.region_id, i.os_type from instance_detail d
       join instance i on i.account_id = d.account_id and i.region_id = d.region_id and i.id = d.id where d.id = $1`,
      [instanceId],
    )
    if (row === undefined) return
    const scope = { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) }
    const osType = textOf(row['os_type']) as OsType
    await sql.run('delete from instance where account_id = $1 and region_id = $2 and id = $3', [
      scope.accountId,
      scope.regionId,
      instanceId,
    ])
    await sql.run('delete from instance_detail where id = $1', [instanceId])
    await removeTags(sql, 'instance', instanceId)
    await sql.run(COUNT_UP, [scope.accountId, scope.regionId, osType, -1])
    sql.afterCommit(() => lists.changed(scope, osType, (list) => list.removed(instanceId)))
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
      await sql.run(
        'update instance set os_type = $4, agent_version = $5 where account_id = $1 and region_id = $2 and id = $3',
        [scope.accountId, scope.regionId, instanceId, told.osType, told.agentVersion],
      )
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
    await sql.run(
      `update instance set invocation_count = invocation_count + 1, last_invoked_at = $4
       where account_id = $1 and region_id = $2 and ${sql.dialect.within('id', '$3')}`,
      [scope.accountId, scope.regionId, JSON.stringify(instanceIds), now],
    )
  },

  async uncountInvocation(scope, instanceIds) {
    await sql.run(
      `update instance set invocation_count = invocation_count - 1
       where account_id = $1 and region_id = $2 and ${sql.dialect.within('id', '$3')}`,
      [scope.accountId, scope.regionId, JSON.stringify(instanceIds)],
    )
  },

  async addActiveTasks(scope, instanceId, amount) {
    await sql.run(
      'update instance set active_task_count = active_task_count + $4 where account_id = $1 and region_id = $2 and id = $3',
      [scope.accountId, scope.regionId, instanceId, amount],
    )
  },

  async findUnproven(before, limit) {
    const rows = await sql.all(
      `select id from instance_detail where first_beat_at is null and activation_id <> '' and registered_at < $1 limit $2`,
      [before, limit],
    )
    return rows.map((row) => textOf(row['id']))
  },
})
