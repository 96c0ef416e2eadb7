import type { Scope } from '../access/scope.js'
import { Fault, someOf } from '../faults.js'
import type { Page, PageRequest } from '../paging.js'
import type { InstanceListFilter, InstanceReader, InstanceRow, StatusRow } from './instance-store.js'
import type { AgentStatus, Instances, InventoryInstance, ManagedInstance } from './instances.js'
import type { PresenceTable } from './presence.js'

interface Parts {
  readonly instances: InstanceReader
  readonly presence: PresenceTable
}

/** Rows read at a time where presence decides which ones count. */
const WINDOW = 500

/** What can be asked about the fleet: facts from the store, liveness from presence. */
export const observeInstances = ({ instances, presence }: Parts): Instances => {
  const status = (row: StatusRow): AgentStatus => {
    const lastHeartbeatAt = presence.lastSeen(row.instanceId)
    const spoke = row.agentVersion !== ''
    return {
      instanceId: row.instanceId,
      osType: row.osType,
      online: presence.isLive(lastHeartbeatAt),
      agentVersion: row.agentVersion,
      activeTaskCount: row.activeTaskCount,
      invocationCount: row.invocationCount,
      lastInvokedAt: row.lastInvokedAt,
      lastHeartbeatAt,
      // Sessions are not served, so no agent supports them here (design §6).
      supportsSessions: spoke ? false : undefined,
    }
  }

  /** Live and reachable: DescribeManagedInstances' Connected. */
  const reachable = (instanceId: string): boolean =>
    presence.isConnected(instanceId) && presence.isLive(presence.lastSeen(instanceId))

  const complete = async (rows: readonly InstanceRow[]): Promise<readonly ManagedInstance[]> => {
    const tags = await instances.tagsOf(rows.map((row) => row.instanceId))
    return rows.map((row) => ({ ...row, online: reachable(row.instanceId), tags: tags.get(row.instanceId) ?? [] }))
  }

  const toInventory = (
    row: ManagedInstance & { regionId?: string; description?: string; bootedAt?: number | undefined },
  ): InventoryInstance => ({
    ...row,
    regionId: row.regionId ?? '',
    description: row.description ?? '',
    status: presence.isLive(presence.lastSeen(row.instanceId)) ? 'Running' : 'Stopped',
    startedAt: row.bootedAt,
  })

  /** A page of rows that the database alone can tell. */
  const plainPage = async (scope: Scope, filter: InstanceListFilter, page: PageRequest): Promise<Page<InstanceRow>> => {
    const { managedOnly: _, ...narrowing } = filter
    const unfiltered = Object.values(narrowing).every(
      (value) => value === undefined || (Array.isArray(value) && value.length === 0),
    )
    if (unfiltered) {
      // Every instance is a registered one, so this is the status list, which seeks any page at once.
      const found = await instances.statusPage(scope, undefined, page)
      const ids = found.rows.map((row) => row.instanceId)
      const items =
        ids.length === 0
          ? []
          : await instances.list(scope, { managedOnly: false, instanceIds: ids }, undefined, ids.length)
      return { items, totalCount: found.totalCount, nextCursor: found.nextCursor }
    }
    const totalCount = await instances.countList(scope, filter)
    const rows =
      page.style === 'token'
        ? await instances.list(scope, filter, page.cursor, page.size + 1)
        : await instances.list(scope, filter, undefined, page.size + 1, (page.number - 1) * page.size)
    const more = rows.length > page.size
    const items = more ? rows.slice(0, page.size) : rows
    return { items, totalCount, nextCursor: more ? items.at(-1)?.instanceId : undefined }
  }

  /** A page of rows that presence narrows further: walks the list in windows and counts what fits. */
  const narrowedPage = async (
    scope: Scope,
    filter: InstanceListFilter,
    page: PageRequest,
    fits: (instanceId: string) => boolean,
  ): Promise<Page<InstanceRow>> => {
    const items: InstanceRow[] = []
    const first = page.style === 'number' ? (page.number - 1) * page.size : 0
    let counted = 0
    let more = false
    let after: string | undefined
    for (;;) {
      const window = await instances.list(scope, filter, after, WINDOW)
      await presence.prefetch(window.map((row) => row.instanceId))
      for (const row of window) {
        if (!fits(row.instanceId)) continue
        counted += 1
        const wanted =
          page.style === 'number' ? counted > first : page.cursor === undefined || row.instanceId > page.cursor
        if (!wanted) continue
        if (items.length < page.size) items.push(row)
        else more = true
      }
      if (window.length < WINDOW) break
      after = window.at(-1)?.instanceId
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { items, totalCount: counted, nextCursor: more ? items.at(-1)?.instanceId : undefined }
  }

  return {
    async agentStatus(scope, filter, page) {
      if (filter.instanceIds !== undefined) {
        const rows = await instances.statusOf(scope, filter.instanceIds)
        if (rows.length < filter.instanceIds.length) {
          const there = new Set(rows.map(({ instanceId }) => instanceId))
          const missing = filter.instanceIds.filter((id) => !there.has(id))
          throw new Fault('instance/not-found', [], { detail: `There is no instance ${someOf(missing)}.` })
        }
        if (!presence.loaded) await presence.prefetch(filter.instanceIds)
        const fitting = filter.osType === undefined ? rows : rows.filter((row) => row.osType === filter.osType)
        const items = fitting.map(status)
        return { items, totalCount: items.length }
      }
      const { rows, totalCount, nextCursor } = await instances.statusPage(scope, filter.osType, page)
      if (!presence.loaded) await presence.prefetch(rows.map((row) => row.instanceId))
      return { items: rows.map(status), totalCount, nextCursor }
    },

    async managed(scope, { online, ...filter }, page) {
      const wanted = { ...filter, managedOnly: true }
      const found =
        online === undefined
          ? await plainPage(scope, wanted, page)
          : await narrowedPage(scope, wanted, page, (id) => reachable(id) === online)
      await presence.prefetch(found.items.map((row) => row.instanceId))
      return { ...found, items: await complete(found.items) }
    },

    async inventory(scope, { status: asked, ...filter }, page) {
      const wanted = { ...filter, managedOnly: false }
      const found =
        asked === undefined
          ? await plainPage(scope, wanted, page)
          : await narrowedPage(
              scope,
              wanted,
              page,
              (id) => (presence.isLive(presence.lastSeen(id)) ? 'Running' : 'Stopped') === asked,
            )
      await presence.prefetch(found.items.map((row) => row.instanceId))
      return { ...found, items: (await complete(found.items)).map(toInventory) }
    },
  }
}
