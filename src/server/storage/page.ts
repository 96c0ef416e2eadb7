import { Fault } from '../domain/faults.js'
import type { PageRequest } from '../domain/paging.js'
import { numberOf, type Row, type SqlReader, type SqlValue } from './sql.js'

interface Listed {
  /** Columns that order the list, newest first, all descending, and together name a row. */
  readonly keys: readonly string[]
  /** What a row brings into the answer besides itself, and how much of that an answer holds. */
  readonly weigh?: (row: Row) => number
  readonly most?: number
}

/** A list query without its order and limit. */
export interface ListQuery extends Listed {
  readonly select: string
  /** FROM … with its joins. */
  readonly from: string
  readonly where: readonly string[]
  readonly values: readonly SqlValue[]
  /** Where a cheaper count is known. */
  readonly count?: () => Promise<number>
}

/** Which rows of a list: behind the row with these keys; then `offset` are skipped, and `limit` are read. */
export interface Range {
  readonly after: readonly string[] | undefined
  readonly limit: number
  readonly offset: number
}

/** A list that reads itself. */
export interface ListReading extends Listed {
  readonly count: () => Promise<number>
  readonly read: (range: Range) => Promise<readonly Row[]>
}

export interface PageRows {
  readonly rows: readonly Row[]
  readonly totalCount: number
  readonly nextCursor: string | undefined
}

/** A cursor is the keys of the last row, one a line. */
const cursorOf = (row: Row, keys: readonly string[]): string =>
  keys.map((key) => String(row[key.slice(key.indexOf('.') + 1)])).join('\n')

/** How many of these rows one answer holds: the first whatever it weighs, the others within the bound. */
const howManyFit = ({ weigh, most = Number.POSITIVE_INFINITY }: Listed, rows: readonly Row[]): number => {
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
  query: ListQuery | ListReading,
  page: PageRequest,
): Promise<PageRows> => {
  const { count, read } = 'read' in query ? query : readingOf(sql, query)
  const totalCount = await count()
  const after = page.style === 'token' ? page.cursor?.split('\n') : undefined
  const offset = page.style === 'number' ? (page.number - 1) * page.size : 0
  // Rows that are skipped are read, too: behind the end there is none to be read for.
  const rows = offset > 0 && offset >= totalCount ? [] : await read({ after, limit: page.size + 1, offset })
  const wanted = rows.slice(0, page.size)
  const fit = howManyFit(query, wanted)
  if (fit < wanted.length && page.style === 'number') throw new Fault('page/too-large')
  const kept = wanted.slice(0, fit)
  const more = rows.length > kept.length
  const last = kept.at(-1)
  return { rows: kept, totalCount, nextCursor: more && last !== undefined ? cursorOf(last, query.keys) : undefined }
}

const readingOf = (sql: SqlReader, query: ListQuery): Pick<ListReading, 'count' | 'read'> => {
  const where = query.where.join(' and ')
  return {
    count:
      query.count ??
      (async () => {
        const row = await sql.get(`select count(*) as amount from ${query.from} where ${where}`, query.values)
        return numberOf(row?.['amount'] ?? 0)
      }),
    read({ after, limit, offset }) {
      const values = [...query.values]
      let behind = ''
      if (after !== undefined) {
        const names = query.keys.map((_, index) => {
          values.push(after[index] ?? '')
          return `$${values.length}`
        })
        behind = ` and (${query.keys.join(', ')}) < (${names.join(', ')})`
      }
      values.push(limit)
      const upTo = ` limit $${values.length}`
      if (offset > 0) values.push(offset)
      const skipped = offset > 0 ? ` offset $${values.length}` : ''
      const order = query.keys.map((key) => `${key} desc`).join(', ')
      return sql.all(
        `select ${query.select} from ${query.from} where ${where}${behind} order by ${order}${upTo}${skipped}`,
        values,
      )
    },
  }
}
