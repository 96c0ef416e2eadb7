import type { AccessKey, AccessKeys } from '../domain/access/access.js'
import type { Clock } from '../domain/clock.js'
import type { Sealer } from './sealer.js'
import { bytesOf, type SqlDatabase, textOf } from './sql.js'

const FIND = 'select id, account_id, user_id, sealed_secret, status from access_key where id = $1'
/** A change of a key is seen within this time. */
const REMEMBER_MS = 1_000
/** Keys in memory, unknown ones among them; beyond, the oldest is forgotten. */
const MOST_KEYS = 10_000

const purpose = (accessKeyId: string): string => `access-key/${accessKeyId}`

/** AccessKeys by id, remembered for a second. */
export const accessKeys = (database: SqlDatabase, sealer: Sealer, clock: Clock): AccessKeys => {
  const known = new Map<string, { key: AccessKey | undefined; until: number }>()
  return {
    async find(accessKeyId) {
      const remembered = known.get(accessKeyId)
      if (remembered !== undefined && remembered.until > clock.now()) return remembered.key
      const row = await database.reader.get(FIND, [accessKeyId])
      const key: AccessKey | undefined =
        row === undefined
          ? undefined
          : {
              accessKeyId: textOf(row['id']),
              accountId: textOf(row['account_id']),
              userId: row['user_id'] === null ? undefined : textOf(row['user_id']),
              active: row['status'] === 'Active',
              secret: sealer.open(bytesOf(row['sealed_secret']), purpose(accessKeyId)),
            }
      known.delete(accessKeyId)
      if (known.size >= MOST_KEYS) {
        const [oldest] = known.keys()
        if (oldest !== undefined) known.delete(oldest)
      }
      known.set(accessKeyId, { key, until: clock.now() + REMEMBER_MS })
      return key
    },
  }
}

/** Makes an account if it is not there. */
export const ensureAccount = async (database: SqlDatabase, accountId: string, now: number): Promise<void> => {
  await database.write((w) =>
    w.run('insert into account (id, name, created_at) values ($1, $2, $3) on conflict (id) do nothing', [
      accountId,
      'root',
      now,
    ]),
  )
}

/**
 * Adds an AccessKey. With `first` it is the one that a server makes for itself: there is one such row at most.
 * @returns false when the row is there already
 */
export const addAccessKey = async (
  database: SqlDatabase,
  sealer: Sealer,
  key: { accessKeyId: string; secret: string; accountId: string; first: boolean },
  now: number,
): Promise<boolean> => {
  const added = await database.write((w) =>
    w.run(
      `insert into access_key (account_id, id, user_id, sealed_secret, status, first, created_at)
       values ($1, $2, null, $3, 'Active', $4, $5) on conflict do nothing`,
      [key.accountId, key.accessKeyId, sealer.seal(key.secret, purpose(key.accessKeyId)), key.first ? 1 : null, now],
    ),
  )
  return added === 1
}

/** Sets the secret of a key that the operator named in the environment. */
export const setAccessKey = async (
  database: SqlDatabase,
  sealer: Sealer,
  key: { accessKeyId: string; secret: string; accountId: string },
  now: number,
): Promise<void> => {
  await database.write((w) =>
    w.run(
      `insert into access_key (account_id, id, user_id, sealed_secret, status, first, created_at)
       values ($1, $2, null, $3, 'Active', null, $4)
       on conflict (id) do update set sealed_secret = excluded.sealed_secret`,
      [key.accountId, key.accessKeyId, sealer.seal(key.secret, purpose(key.accessKeyId)), now],
    ),
  )
}

/** True when the server has made its first key already. */
export const hasFirstKey = async (database: SqlDatabase): Promise<boolean> =>
  (await database.reader.get('select 1 as found from access_key where first = 1')) !== undefined
