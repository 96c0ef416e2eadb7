import { Fault } from '../domain/faults.js'
import type { RepeatReader, RepeatStore } from '../domain/access/repeat-store.js'
import type { Repeatable, Scope } from '../domain/access/scope.js'
import type { Sealer } from './sealer.js'
import { bytesOf, type SqlReader, type SqlWriter, textOf } from './sql.js'

const purpose = (scope: Scope, repeat: Repeatable): string =>
  `repeat/${scope.accountId}/${scope.regionId}/${repeat.action}/${repeat.clientToken}`

/** Answers are sealed: one of them is an activation code, which is told once. */
export const repeatReader = (sql: SqlReader, sealer: Sealer): RepeatReader => ({
  async find(scope, repeat) {
    const row = await sql.get(
      `select fingerprint, sealed_answer from repeat
       where account_id = $1 and region_id = $2 and action = $3 and client_token = $4`,
      [scope.accountId, scope.regionId, repeat.action, repeat.clientToken],
    )
    if (row === undefined) return undefined
    if (textOf(row['fingerprint']) !== repeat.fingerprint) throw new Fault('idempotency/mismatch')
    return { answer: JSON.parse(sealer.open(bytesOf(row['sealed_answer']), purpose(scope, repeat))) }
  },
})

export const repeatStore = (sql: SqlWriter, sealer: Sealer): RepeatStore => ({
  ...repeatReader(sql, sealer),

  async keep(scope, repeat, answer, now) {
    const added = await sql.run(
      `insert into repeat (account_id, region_id, action, client_token, fingerprint, sealed_answer, created_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (account_id, region_id, action, client_token) do nothing`,
      [
        scope.accountId,
        scope.regionId,
        repeat.action,
        repeat.clientToken,
        repeat.fingerprint,
        sealer.seal(JSON.stringify(answer), purpose(scope, repeat)),
        now,
      ],
    )
    if (added === 0) throw new Fault('idempotency/processing')
  },
})
