/** What truly differs between the two databases. Everything else is one SQL text. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  /**
   * A table made of one JSON parameter: an array of arrays, one per row.
   * `batch('$1', ['id text', 'amount integer'])` is a FROM item with those columns.
   */
  batch(parameter: string, columns: readonly string[]): string
  /** A condition: the column holds one of the texts in a JSON array parameter. */
  within(column: string, parameter: string): string
  /** A condition: the column matches a pattern that `pattern` made. Case counts. */
  matches(column: string, parameter: string): string
  /** `*` of the vendor's wildcards as this database spells it, all else literal; at the ends alone, or anywhere. */
  pattern(wildcard: string, stars?: 'ends' | 'anywhere'): string
  /** Taken before something that all writers do in turn; undefined where there is one writer. */
  readonly turnLock: string | undefined
  /** Taken before a count that is compared with a quota; its parameter says what is counted. Undefined where there is one writer. */
  readonly quotaLock: string | undefined
  /** Ends a SELECT of tasks `t` inside a transaction that goes on to change them; empty where there is one writer. */
  readonly lockTasks: string
  /**
   * Ends a SELECT of rows that one statement is going to change together, so that transactions come to them in the same
   * order; undefined where there is one writer.
   */
  readonly lockInOrder: string | undefined
  /** Ends a SELECT of one row that this transaction is going to decide about; empty where there is one writer. */
  readonly lockRow: string
  /** Ends a SELECT of rows that are then removed: without those that another transaction has in hand. */
  readonly skipLocked: string
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  batch: (parameter, columns) => {
    const picks = columns.map((column, index) => `json_extract(value, '$[${index}]') as ${nameOf(column)}`)
    return `(select ${picks.join(', ')} from json_each(${parameter}))`
  },
  within: (column, parameter) => `${column} in (select value from json_each(${parameter}))`,
  matches: (column, parameter) => `${column} glob ${parameter}`,
  pattern: (wildcard, stars = 'anywhere') => {
    const literal = (text: string): string => text.replace(/[?[*]/g, '[$&]')
    return spelt(wildcard, stars, literal, '*')
  },
  turnLock: undefined,
  quotaLock: undefined,
  lockTasks: '',
  lockInOrder: undefined,
  lockRow: '',
  skipLocked: '',
}

export const postgresDialect: Dialect = {
  name: 'postgres',
  batch: (parameter, columns) => {
    const picks = columns.map((column, index) => {
      const type = column.endsWith(' integer') ? 'bigint' : 'text'
      return `(e->>${index})::${type} as ${nameOf(column)}`
    })
    return `(select ${picks.join(', ')} from jsonb_array_elements(${parameter}::jsonb) as e) as batch`
  },
  within: (column, parameter) => `${column} in (select jsonb_array_elements_text(${parameter}::jsonb))`,
  matches: (column, parameter) => `${column} like ${parameter}`,
  pattern: (wildcard, stars = 'anywhere') => {
    const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&')
    return spelt(wildcard, stars, literal, '%')
  },
  turnLock: 'select pg_advisory_xact_lock(7305112022)',
  quotaLock: 'select pg_advisory_xact_lock(hashtextextended($1, 7305112023))',
  lockTasks: ' for update of t',
  lockInOrder: ' order by id for update',
  lockRow: ' for update',
  skipLocked: ' for update skip locked',
}

const nameOf = (column: string): string => column.slice(0, column.indexOf(' '))

/** A wildcard with each `*` that counts as `any`, and what is between as `literal` writes it. */
const spelt = (
  wildcard: string,
  stars: 'ends' | 'anywhere',
  literal: (text: string) => string,
  any: string,
): string => {
  if (stars === 'anywhere') return wildcard.split('*').map(literal).join(any)
  const [, first = '', text = '', last = ''] = /^(\*?)(.*?)(\*?)$/s.exec(wildcard) ?? []
  return `${first && any}${literal(text)}${last && any}`
}
