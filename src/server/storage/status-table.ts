import type { Scope } from '../domain/access/scope.js'
import type { StatusRow } from '../domain/fleet/instance-store.js'
import type { OsType } from '../domain/fleet/instances.js'
import { StatusList } from './status-list.js'

/** Key of a narrow row: account, region, id. */
export type StatusKey = readonly [accountId: string, regionId: string, instanceId: string]

/** Reads committed rows behind a key, in key order, at most `most`; at once, so that no commit comes between. */
export type ReadStatusRows = (
  after: StatusKey,
  most: number,
) => readonly (readonly [accountId: string, regionId: string, row: StatusRow])[]

/** Rows read in one turn of the event loop: about 4 ms. */
const SLICE = 1_000
/** Versions kept as one text each; what agents say has no bound. */
const MOST_VERSIONS = 1_000

/**
 * The narrow rows of `instance` in memory, as committed: what one process that alone writes the database can answer a
 * page of the agent status from, without reading it again (docs/adr/0008). Loaded in slices; every change of those
 * columns is told here behind its commit. Changes of rows that are not loaded yet are left to the slice that will bring
 * them.
 */
export class StatusTable {
  readonly #read: ReadStatusRows
  readonly #lists = new Map<string, StatusList>()
  readonly #versions = new Map<string, string>()
  /** Keys up to this one are here; undefined: all are. */
  #loadedTo: StatusKey | undefined = ['', '', '']
  #loading: Promise<void> | undefined

  constructor(read: ReadStatusRows) {
    this.#read = read
  }

  /** True when pages can be answered from here. */
  get complete(): boolean {
    return this.#loadedTo === undefined
  }

  /** Loads everything, a slice a turn of the event loop. Safe to call again. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** The list of a scope; an empty one for a scope without instances. Only good when `complete`. */
  of(scope: Scope): Pick<StatusList, 'size' | 'find' | 'fromRank' | 'after'> {
    return this.#lists.get(listKey(scope)) ?? NOTHING
  }

  inserted(scope: Scope, row: StatusRow): void {
    if (this.#isLoaded(scope, row.instanceId)) this.#insert(scope.accountId, scope.regionId, row)
  }

  removed(scope: Scope, instanceId: string): void {
    this.#lists.get(listKey(scope))?.remove(instanceId)
  }

  described(scope: Scope, instanceId: string, osType: OsType, agentVersion: string): void {
    this.#lists.get(listKey(scope))?.describe(instanceId, osType, this.#version(agentVersion))
  }

  invoked(scope: Scope, instanceIds: readonly string[], amount: number, invokedAt: number | undefined): void {
    const list = this.#lists.get(listKey(scope))
    if (list !== undefined) for (const id of instanceIds) list.addInvocations(id, amount, invokedAt)
  }

  activeTasksChanged(scope: Scope, instanceId: string, amount: number): void {
    this.#lists.get(listKey(scope))?.addActiveTasks(instanceId, amount)
  }

  async #load(): Promise<void> {
    while (this.#loadedTo !== undefined) {
      const rows = this.#read(this.#loadedTo, SLICE)
      for (const [accountId, regionId, row] of rows) this.#insert(accountId, regionId, row)
      const last = rows.at(-1)
      this.#loadedTo = rows.length < SLICE || last === undefined ? undefined : [last[0], last[1], last[2].instanceId]
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #insert(accountId: string, regionId: string, row: StatusRow): void {
    const key = listKey({ accountId, regionId })
    let list = this.#lists.get(key)
    if (list === undefined) this.#lists.set(key, (list = new StatusList()))
    list.insert({ ...row, agentVersion: this.#version(row.agentVersion) })
  }

  /** Whether the slices have come past this key. */
  #isLoaded({ accountId, regionId }: Scope, instanceId: string): boolean {
    if (this.#loadedTo === undefined) return true
    const [account, region, id] = this.#loadedTo
    if (accountId !== account) return accountId < account
    return regionId === region ? instanceId <= id : regionId < region
  }

  /** One text for all instances of a version. */
  #version(text: string): string {
    const known = this.#versions.get(text)
    if (known !== undefined) return known
    if (this.#versions.size >= MOST_VERSIONS) this.#versions.clear()
    this.#versions.set(text, text)
    return text
  }
}

const NOTHING = new StatusList()

const listKey = ({ accountId, regionId }: Pick<Scope, 'accountId' | 'regionId'>): string => `${accountId}\n${regionId}`
