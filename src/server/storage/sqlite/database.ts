import { join } from 'node:path'
import type { AuditEntry } from '../../domain/access/audit.js'
import { Fault } from '../../domain/faults.js'
import { sqliteDialect } from '../dialect.js'
import {
  type BeforeCommit,
  type Column,
  type Row,
  type SqlDatabase,
  type SqlValue,
  type SqlWriter,
  Tallies,
} from '../sql.js'
import { SqliteConnection } from './driver.js'

/** Measures of one commit, for telemetry. */
export interface CommitTold {
  readonly size: number
  readonly milliseconds: number
}

interface Piece {
  readonly work: (writer: SqlWriter) => Promise<unknown>
  readonly resolve: (value: never) => void
  readonly reject: (cause: unknown) => void
}

/** A commit takes in what waits, up to this many pieces … */
const MOST_PIECES = 500
/** … or this long, so that the event loop is not held: the fsync comes on top. */
const LONGEST_GROUP_MS = 8

export interface SqliteOptions {
  readonly beforeCommit: BeforeCommit
  readonly tell?: (told: CommitTold) => void
  /** Page cache of each of the two connections. */
  readonly cacheMiB?: number
  /** Runs on the writing connection before anything else: migrations. */
  readonly prepare?: (connection: SqliteConnection) => void
}

/**
 * The file of facts: `synchronous=FULL`, one writer whose commits are shared, one reader that sees only what is
 * committed (design D5).
 *
 * Pieces of work that came in one turn of the event loop share a transaction, each in a savepoint of its own. None is
 * answered before the commit, which returns after the fsync. A piece of work awaits nothing but its writer, so a group
 * is never open across I/O.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly dialect = sqliteDialect
  readonly reader: SqliteConnection
  readonly #connection: SqliteConnection
  readonly #beforeCommit: BeforeCommit
  readonly #tell: (told: CommitTold) => void
  readonly #queue: Piece[] = []
  #draining: Promise<void> | undefined
  #closed = false

  constructor(path: string, options: SqliteOptions) {
    const cache = `cache_size = -${(options.cacheMiB ?? 64) * 1024}`
    this.#connection = new SqliteConnection(path, [
      'journal_mode = wal',
      'synchronous = full',
      cache,
      'temp_store = memory',
    ])
    try {
      options.prepare?.(this.#connection)
    } catch (cause) {
      this.#connection.close()
      throw cause
    }
    this.reader = new SqliteConnection(path, ['query_only = on', cache, 'temp_store = memory'])
    this.#beforeCommit = options.beforeCommit
    this.#tell = options.tell ?? (() => undefined)
  }

  readNow(sql: string, parameters: readonly SqlValue[]): readonly (readonly Column[])[] {
    return this.reader.arraysSync(sql, parameters)
  }

  write<T>(work: (writer: SqlWriter) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Fault('store/unavailable'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: never) => void, reject })
      this.#draining ??= this.#drain()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#draining !== undefined) await this.#draining
    this.reader.close()
    this.#connection.close()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // A turn of the event loop between groups: what came meanwhile joins, and nobody is starved.
      await new Promise((resolve) => setImmediate(resolve))
      await this.#group()
    }
    this.#draining = undefined
  }

  async #group(): Promise<void> {
    const begun = performance.now()
    const group = new Group(this.#connection)
    const done: { piece: Piece; value: unknown }[] = []
    /** The piece that is being worked on: it is in the queue no more and not done. */
    let current: Piece | undefined
    let taken = 0
    try {
      this.#connection.runSync('begin immediate')
      while (this.#queue.length > 0 && done.length < MOST_PIECES && performance.now() - begun < LONGEST_GROUP_MS) {
        const piece = this.#queue.shift() as Piece
        current = piece
        taken += 1
        this.#connection.runSync('savepoint piece')
        try {
          const value = await piece.work(group)
          this.#connection.runSync('release piece')
          group.keep()
          done.push({ piece, value })
        } catch (cause) {
          this.#connection.runSync('rollback to piece')
          this.#connection.runSync('release piece')
          group.forget()
          piece.reject(cause)
        }
        current = undefined
      }
      await group.end(this.#beforeCommit)
      this.#connection.runSync('commit')
    } catch (cause) {
      // The disk is full or broken, and SQLite may have ended the whole transaction, savepoints and all: nothing of
      // this group happened, and everybody is told so. Where not even a transaction begins, nobody waits in line.
      this.#rollback()
      const met = done.map(({ piece }) => piece)
      if (current !== undefined) met.push(current)
      if (taken === 0) met.push(...this.#queue.splice(0))
      for (const piece of met) piece.reject(new Fault('store/unavailable', [], { cause }))
      return
    }
    this.#tell({ size: done.length, milliseconds: performance.now() - begun })
    group.committed()
    for (const { piece, value } of done) piece.resolve(value as never)
  }

  #rollback(): void {
    try {
      this.#connection.runSync('rollback')
    } catch {
      // SQLite has rolled back by itself on some failures.
    }
  }
}

/** The writer of one group. What a piece of work adds for the end counts only once the piece has succeeded. */
class Group implements SqlWriter {
  readonly dialect = sqliteDialect
  readonly #connection: SqliteConnection
  readonly #tallies = new Tallies()
  readonly #audit: AuditEntry[] = []
  readonly #after: (() => void)[] = []
  #pieceTallies = new Tallies()
  #pieceAudit: AuditEntry[] = []
  #pieceAfter: (() => void)[] = []

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#connection.all(sql, parameters)
  }

  get(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#connection.get(sql, parameters)
  }

  arrays(sql: string, parameters?: readonly SqlValue[]): Promise<readonly (readonly Column[])[]> {
    return this.#connection.arrays(sql, parameters)
  }

  async run(sql: string, parameters?: readonly SqlValue[]): Promise<number> {
    return this.#connection.runSync(sql, parameters)
  }

  tally(sql: string, key: string, amounts: readonly number[]): void {
    this.#pieceTallies.add(sql, key, amounts)
  }

  audit(entry: AuditEntry): void {
    this.#pieceAudit.push(entry)
  }

  afterCommit(action: () => void): void {
    this.#pieceAfter.push(action)
  }

  keep(): void {
    this.#tallies.addAll(this.#pieceTallies)
    this.#audit.push(...this.#pieceAudit)
    this.#after.push(...this.#pieceAfter)
    this.forget()
  }

  forget(): void {
    this.#pieceTallies.clear()
    this.#pieceAudit = []
    this.#pieceAfter = []
  }

  async end(beforeCommit: BeforeCommit): Promise<void> {
    await this.#tallies.apply(this)
    await beforeCommit(this, this.#audit)
  }

  committed(): void {
    for (const action of this.#after) action()
  }
}

/** Names of the files in a data directory. */
export const sqliteFiles = (dataDirectory: string) => ({
  facts: join(dataDirectory, 'facts.sqlite'),
  presence: join(dataDirectory, 'presence.sqlite'),
})
