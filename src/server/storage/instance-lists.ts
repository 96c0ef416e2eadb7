import type { Scope } from '../domain/access/scope.js'
import type { OsType } from '../domain/fleet/instances.js'
import { RankAnchors } from './rank-anchors.js'
import type { SqlReader } from './sql.js'

const IDS_AFTER = `select id from instance where account_id = $1 and region_id = $2 and id > $3 order by id limit $4`
const IDS_AFTER_OS = `select id from instance
  where account_id = $1 and region_id = $2 and os_type = $5 and id > $3 order by id limit $4`

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
