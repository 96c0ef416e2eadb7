// The tiny executor that every store speaks to. One SQL text for both databases; parameters are written `$1`.
import type { AuditEntry } from '../domain/access/audit.js'
import type { Dialect } from './dialect.js'

export type SqlValue = string | number | null | Uint8Array

/** One column value of a row: text, an integer up to 2^53, bytes, or null. */
export type Column = string | number | null | Uint8Array

/** A row by column name. */
export type Row = Readonly<Record<string, Column>>

/** Reads through one connection. */
export interface SqlReader {
  readonly dialect: Dialect
  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]>
  get(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined>
  /** Rows as arrays in the order of the selected columns: cheaper where a page is read on a hot path. */
  arrays(sql: string, parameters?: readonly SqlValue[]): Promise<readonly (readonly Column[])[]>
  /**
   * Where commits are seen before they are durable: what is told from memory that follows commits waits for this.
   * Undefined when there is nothing to wait for; rejects when it will not be durable. Rows that are read here waited.
   */
  durable?(): Promise<void> | undefined
}

/** Reads and writes inside one piece of work of a transaction. */
export interface SqlWriter extends SqlReader {
  /** @returns how many rows changed */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>
  /**
   * Adds to counters of one row, together with all other pieces of work in this commit: `sql` takes the row's key as
   * `$1` and the sums as `$2`, `$3`, … Nothing is added when this piece of work fails.
   */
  tally(sql: string, key: string, amounts: readonly number[]): void
  audit(entry: AuditEntry): void
  /** Runs after the commit, in order; must not throw. */
  afterCommit(action: () => void): void
}

/** A database with its two roads: reads of committed facts, and grouped durable writes. */
export interface SqlDatabase {
  readonly dialect: Dialect
  readonly reader: SqlReader
  /**
   * Reads committed rows at once, as arrays. Only where this process alone writes the database: what it keeps of it in
   * memory stays true.
   */
  readNow?(sql: string, parameters: readonly SqlValue[]): readonly (readonly Column[])[]
  /** Resolves when the work is durable. A failing piece of work takes back only itself. */
  write<T>(work: (writer: SqlWriter) => Promise<T>): Promise<T>
  /** Waits for writes under way, then lets go. */
  close(): Promise<void>
}

/** What a group of writes hands to its end, before the commit. */
export type BeforeCommit = (writer: SqlWriter, audit: readonly AuditEntry[]) => Promise<void>

/** Sums of one piece of work, or of a whole group. Keyed by statement, then by row. */
class Tallies {
  readonly #sums = new Map<string, Map<string, number[]>>()

  add(sql: string, key: string, amounts: readonly number[]): void {
    let rows = this.#sums.get(sql)
    if (rows === undefined) this.#sums.set(sql, (rows = new Map()))
    const sums = rows.get(key)
    if (sums === undefined) rows.set(key, [...amounts])
    else for (const [index, amount] of amounts.entries()) sums[index] = (sums[index] ?? 0) + amount
  }

  addAll(other: Tallies): void {
    for (const [sql, rows] of other.#sums) for (const [key, amounts] of rows) this.add(sql, key, amounts)
  }

  clear(): void {
    this.#sums.clear()
  }

  /** In key order, so that two transactions lock rows in the same order. */
  async apply(writer: Pick<SqlWriter, 'run'>): Promise<void> {
    for (const [sql, rows] of this.#sums) {
      for (const key of [...rows.keys()].sort()) await writer.run(sql, [key, ...(rows.get(key) ?? [])])
    }
  }
}

/** What pieces of work leave for the end of their transaction: sums, audit entries, and what runs behind the commit. */
export class Ending {
  readonly tallies = new Tallies()
  #audit: AuditEntry[] = []
  #after: (() => void)[] = []

  audit(entry: AuditEntry): void {
    this.#audit.push(entry)
  }

  afterCommit(action: () => void): void {
    this.#after.push(action)
  }

  addAll(other: Ending): void {
    this.tallies.addAll(other.tallies)
    this.#audit.push(...other.#audit)
    this.#after.push(...other.#after)
  }

  clear(): void {
    this.tallies.clear()
    this.#audit = []
    this.#after = []
  }

  /** Before the commit. */
  async apply(writer: SqlWriter, beforeCommit: BeforeCommit): Promise<void> {
    await this.tallies.apply(writer)
    await beforeCommit(writer, this.#audit)
  }

  /** Behind the commit. */
  committed(): void {
    for (const action of this.#after) action()
  }
}

// ── reading columns ──────────────────────────────────────────────────────────────────────────────────────────────────

export const textOf = (value: Column | undefined): string => {
  if (typeof value !== 'string') throw new TypeError(`a text column holds ${typeof value}`)
  return value
}

export const numberOf = (value: Column | undefined): number => {
  if (typeof value !== 'number') throw new TypeError(`a number column holds ${typeof value}`)
  return value
}

export const maybeNumber = (value: Column | undefined): number | undefined =>
  value === null || value === undefined ? undefined : numberOf(value)

export const bytesOf = (value: Column | undefined): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new TypeError(`a bytes column holds ${typeof value}`)
  return value
}
