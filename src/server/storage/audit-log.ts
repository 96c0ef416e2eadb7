import { hash as digest } from 'node:crypto'
import type { AuditEntry } from '../domain/access/audit.js'
import { type BeforeCommit, numberOf, type SqlReader, type SqlValue, textOf } from './sql.js'

const LAST = 'select seq, hash from audit order by seq desc limit 1'
const COLUMNS = ['seq', 'account_id', 'region_id', 'at', 'actor', 'action', 'subject', 'detail', 'hash']
/** Entries that one statement adds: a commit has hundreds, and each call of the database costs as much as the row. */
const TOGETHER = 16

const addRows = (count: number): string => {
  const row = (number: number): string =>
    `(${COLUMNS.map((_, index) => `$${number * COLUMNS.length + index + 1}`).join(', ')})`
  return `insert into audit (${COLUMNS.join(', ')}) values ${Array.from({ length: count }, (_, n) => row(n)).join(', ')}`
}
const ADD = addRows(1)
const ADD_TOGETHER = addRows(TOGETHER)

/** Each hash covers the entry and the hash before it, so that none can be changed or taken out unnoticed (design D9). */
const hashOf = (previous: string, seq: number, entry: AuditEntry, detail: string): string =>
  digest(
    'sha256',
    JSON.stringify([
      previous,
      seq,
      entry.accountId,
      entry.regionId,
      entry.at,
      entry.actor,
      entry.action,
      entry.subject,
      detail,
    ]),
  )

/** Appends to the chain at the end of a transaction. Writers take turns. */
export const appendAudit: BeforeCommit = async (writer, entries) => {
  if (entries.length === 0) return
  if (writer.dialect.turnLock !== undefined) await writer.get(writer.dialect.turnLock)
  const last = await writer.get(LAST)
  let seq = last === undefined ? 0 : numberOf(last['seq'])
  let hash = last === undefined ? '' : textOf(last['hash'])
  const rows = entries.map((entry): readonly SqlValue[] => {
    seq += 1
    const detail = JSON.stringify(entry.detail)
    hash = hashOf(hash, seq, entry, detail)
    const { accountId, regionId, at, actor, action, subject } = entry
    return [seq, accountId, regionId, at, actor, action, subject, detail, hash]
  })
  let from = 0
  for (; from + TOGETHER <= rows.length; from += TOGETHER)
    await writer.run(ADD_TOGETHER, rows.slice(from, from + TOGETHER).flat())
  for (const row of rows.slice(from)) await writer.run(ADD, row)
}

/** What a walk along the chain found. */
export interface AuditWalk {
  /** Entries from the first one on whose hashes are right. */
  readonly verified: number
  /** `seq` of the first one whose hash is wrong, or before which one is missing. */
  readonly brokenAt: number | undefined
  /** The last right entry; whoever kept its hash elsewhere can see that none behind it was taken away. */
  readonly last: { readonly seq: number; readonly at: number; readonly hash: string } | undefined
}

/** Walks the chain from its beginning to its end, or to where it is broken. */
export const walkAudit = async (reader: SqlReader): Promise<AuditWalk> => {
  let last: AuditWalk['last']
  for (;;) {
    const rows = await reader.all('select * from audit where seq > $1 order by seq limit 1000', [last?.seq ?? 0])
    for (const row of rows) {
      const seq = numberOf(row['seq'])
      const entry: AuditEntry = {
        accountId: textOf(row['account_id']),
        regionId: textOf(row['region_id']),
        at: numberOf(row['at']),
        actor: textOf(row['actor']),
        action: textOf(row['action']),
        subject: textOf(row['subject']),
        detail: {},
      }
      const before = last?.seq ?? 0
      const hash = textOf(row['hash'])
      if (seq !== before + 1 || hash !== hashOf(last?.hash ?? '', seq, entry, textOf(row['detail'])))
        return { verified: before, brokenAt: seq, last }
      last = { seq, at: entry.at, hash }
    }
    if (rows.length < 1000) return { verified: last?.seq ?? 0, brokenAt: undefined, last }
  }
}

/** @returns the first entry whose hash is wrong, or undefined when all are right */
export const findBrokenAudit = async (reader: SqlReader): Promise<number | undefined> =>
  (await walkAudit(reader)).brokenAt
