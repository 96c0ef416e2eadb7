import type { Scope } from '../domain/access/scope.js'
import type { HostKey } from '../domain/fleet/agents.js'
import type {
  InstanceListFilter,
  InstanceReader,
  InstanceRow,
  StatusRow,
  TargetRow,
} from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'
import type { PageRequest } from '../domain/paging.js'
import type { InstanceLists } from './instance-lists.js'
import {
  type Column,
  maybeNumber,
  numberOf,
  type Row,
  type SqlDatabase,
  type SqlReader,
  type SqlValue,
  textOf,
} from './sql.js'
import { scanWindows } from './scan-windows.js'
import type { ReadStatusRows, StatusTable } from './status-table.js'
import { tagConditions, tagsOf } from './tag-store.js'

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

const STATUS_ROWS_AFTER = `select ${STATUS}, account_id, region_id from instance
  where (account_id, region_id, id) > ($1, $2, $3) order by account_id, region_id, id limit $4`

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

interface Conditions {
  readonly where: string
  readonly values: readonly SqlValue[]
}

const listConditions = (sql: SqlReader, scope: Scope, filter: InstanceListFilter): Conditions => {
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

/** Instances that match, behind one id and up to another. */
const listBetween = async (
  sql: SqlReader,
  { where, values }: Conditions,
  after: string,
  upTo: string | undefined,
  limit: number,
  skip: number,
): Promise<InstanceRow[]> => {
  const all = [...values, after, limit, skip, ...(upTo === undefined ? [] : [upTo])]
  const at = values.length
  const end = upTo === undefined ? '' : ` and i.id <= $${at + 4}`
  const text = `${DETAIL} where ${where} and i.id > $${at + 1}${end} order by i.id limit $${at + 2} offset $${at + 3}`
  return (await sql.all(text, all)).map(instanceRow)
}

const countBetween = async (
  sql: SqlReader,
  { where, values }: Conditions,
  after: string,
  upTo: string | undefined,
): Promise<number> => {
  const at = values.length
  const end = upTo === undefined ? '' : ` and i.id <= $${at + 2}`
  const text = `select count(*) as amount from instance i join instance_detail d on d.id = i.id
    where ${where} and i.id > $${at + 1}${end}`
  const row = await sql.get(text, [...values, after, ...(upTo === undefined ? [] : [upTo])])
  return numberOf(row?.['amount'] ?? 0)
}

/** Whether a filter holds the event loop: SQLite runs on it, and looks at every instance. Ids are sought. */
const holdsLoop = (sql: SqlReader, filter: InstanceListFilter): boolean =>
  sql.dialect.name === 'sqlite' && filter.instanceIds === undefined

/** How the table of status rows reads its slices; undefined where other processes write, too. */
export const readStatusRows = (database: SqlDatabase): ReadStatusRows | undefined => {
  const readNow = database.readNow?.bind(database)
  if (readNow === undefined) return undefined
  return (after, most) =>
    readNow(STATUS_ROWS_AFTER, [...after, most]).map((row) => [row[6] as string, row[7] as string, statusRow(row)])
}

/** A page was read with one row more than it holds, which tells whether another one follows. */
const cut = (rows: readonly StatusRow[], totalCount: number, size: number) => {
  const more = rows.length > size
  const kept = more ? rows.slice(0, size) : rows
  return { rows: kept, totalCount, nextCursor: more ? kept.at(-1)?.instanceId : undefined }
}

const pageOf = (list: ReturnType<StatusTable['of']>, osType: OsType | undefined, page: PageRequest) => {
  const rows =
    page.style === 'token'
      ? list.after(osType, page.cursor ?? '', page.size + 1)
      : list.fromRank(osType, (page.number - 1) * page.size, page.size + 1)
  return cut(rows, list.size(osType), page.size)
}

/**
 * Reads instances; see the interface for what each promises.
 * @param table where status rows are answered from once it is loaded; without it they are read each time
 */
export const instanceReader = (sql: SqlReader, lists: InstanceLists, table?: StatusTable): InstanceReader => ({
  async statusPage(scope, osType, page) {
    if (table?.complete === true) {
      const found = pageOf(table.of(scope), osType, page)
      await sql.durable?.()
      return found
    }
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
    return cut(rows.map(statusRow), totalCount, page.size)
  },

  async statusOf(scope, instanceIds) {
    if (table?.complete === true) {
      const list = table.of(scope)
      const found = instanceIds.map((id) => list.find(id)).filter((row) => row !== undefined)
      await sql.durable?.()
      return found
    }
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
    const conditions = listConditions(sql, scope, filter)
    if (!holdsLoop(sql, filter)) return listBetween(sql, conditions, after ?? '', undefined, limit, skip)
    const found: InstanceRow[] = []
    let toSkip = skip
    await scanWindows(sql, scope, after ?? '', async (from, upTo) => {
      const here = toSkip === 0 ? 0 : await countBetween(sql, conditions, from, upTo)
      if (toSkip > 0 && here <= toSkip) toSkip -= here
      else {
        found.push(...(await listBetween(sql, conditions, from, upTo, limit - found.length, toSkip)))
        toSkip = 0
      }
      return found.length < limit
    })
    return found
  },

  async countList(scope, filter) {
    const conditions = listConditions(sql, scope, filter)
    if (!holdsLoop(sql, filter)) return countBetween(sql, conditions, '', undefined)
    let amount = 0
    await scanWindows(sql, scope, '', async (from, upTo) => {
      amount += await countBetween(sql, conditions, from, upTo)
      return true
    })
    return amount
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
