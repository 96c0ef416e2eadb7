import { Fault } from '../domain/faults.js'
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
  /** What a row brings into the answer besides itself, and how much of that an answer holds. */
  readonly weigh?: (row: Row) => number
  readonly most?: number
}

/** A cursor is the keys of the last row, one a line. */
const cursorOf = (row: Row, keys: readonly string[]): string =>
  keys.map((key) => String(row[key.slice(key.indexOf('.') + 1)])).join('\n')

/** How many of these rows one answer holds: the first whatever it weighs, the others within the bound. */
const howManyFit = ({ weigh, most = Number.POSITIVE_INFINITY }: ListQuery, rows: readonly Row[]): number => {
  if (weigh === undefined) return rows.length
  let weight = 0
  const tooMany = rows.findIndex((row, index) => (weight += weigh(row)) > most && index > 0)
  return tooMany < 0 ? rows.length : tooMany
}

/**
 * One page of a list, newest first: by keyset for tokens, by OFFSET for page numbers. Where its rows bring in too much, a
 * page by token is shorter and the next one goes on behind it; a numbered one cannot be: fault `page/too-large`.
 */
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
  const wanted = rows.slice(0, page.size)
  const fit = howManyFit(query, wanted)
  if (fit < wanted.length && page.style === 'number') throw new Fault('page/too-large')
  const kept = wanted.slice(0, fit)
  const more = rows.length > kept.length
  const last = kept.at(-1)
  return { rows: kept, totalCount, nextCursor: more && last !== undefined ? cursorOf(last, query.keys) : undefined }
}
