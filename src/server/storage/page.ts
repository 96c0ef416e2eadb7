import type { PageRequest } from '../domain/paging.js'
import { numberOf, type Row, type SqlReader, type SqlValue } from './sql.js'

/** A list query without its order and limit. */
export interface ListQuery {
  readonly select: string
  /** FROM … with its joins. */
  readonly from: string
  readonly where: readonly string[]
  readonly values: readonly SqlValue[]
  /** Columns that order the list, newest first, all descending, and together name a row. */
  readonly keys: readonly string[]
  /** Where a cheaper count is known. */
  readonly count?: () => Promise<number>
}

/** A cursor is the keys of the last row, one a line. */
const cursorOf = (row: Row, keys: readonly string[]): string =>
  keys.map((key) => String(row[key.slice(key.indexOf('.') + 1)])).join('\n')

/** One page of a list, newest first: by keyset for tokens, by OFFSET for page numbers. */
export const readPage = async (
  sql: SqlReader,
  query: ListQuery,
  page: PageRequest,
): Promise<{ rows: readonly Row[]; totalCount: number; nextCursor: string | undefined }> => {
  const where = query.where.join(' and ')
  const totalCount = query.count
    ? await query.count()
    : numberOf(
        (await sql.get(`select count(*) as amount from ${query.from} where ${where}`, query.values))?.['amount'] ?? 0,
      )
  const values = [...query.values]
  let after = ''
  let offset = ''
  if (page.style === 'token' && page.cursor !== undefined) {
    const parts = page.cursor.split('\n')
    const names = query.keys.map((_, index) => {
      values.push(parts[index] ?? '')
      return `$${values.length}`
    })
    after = ` and (${query.keys.join(', ')}) < (${names.join(', ')})`
  }
  values.push(page.size + 1)
  const limit = ` limit $${values.length}`
  if (page.style === 'number') {
    values.push((page.number - 1) * page.size)
    offset = ` offset $${values.length}`
  }
  const order = query.keys.map((key) => `${key} desc`).join(', ')
  const rows = await sql.all(
    `select ${query.select} from ${query.from} where ${where}${after} order by ${order}${limit}${offset}`,
    values,
  )
  const more = rows.length > page.size
  const kept = more ? rows.slice(0, page.size) : rows
  const last = kept.at(-1)
  return { rows: kept, totalCount, nextCursor: more && last !== undefined ? cursorOf(last, query.keys) : undefined }
}
