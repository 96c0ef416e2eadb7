import { join } from 'node:path'
import type { AuditEntry } from '../../domain/access/audit.js'
import { Fault } from '../../domain/faults.js'
import { sqliteDialect } from '../dialect.js'
import {
  type BeforeCommit,
  type Column,
  Ending,
  type Row,
  type SqlDatabase,
  type SqlReader,
  type SqlValue,
  type SqlWriter,
} from '../sql.js'
import { Checkpointer } from './checkpointer.js'
import { SqliteConnection } from './driver.js'
import { LogSync, type SyncFile } from './log-sync.js'

export type { SyncFile }

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
/** … or this long, so that the event loop is not held. */
const LONGEST_GROUP_MS = 8
/** Changes after which the log is copied into the file, some 4 to 8 MiB of it. */
const CHANGES_PER_CHECKPOINT = 2_000
/** A log of about so many pages is copied whole before anything else is written: 64 MiB. */
const LONGEST_LOG = 16_384

export interface SqliteOptions {
  readonly beforeCommit: BeforeCommit
  readonly tell?: (told: CommitTold) => void
  /** The disk failed to make something durable: nothing is read or written any more. */
  readonly tellLost?: (cause: unknown) => void
  /** Page cache of each of the two connections. */
  readonly cacheMiB?: number
  /** Runs on the writing connection before anything else: migrations. */
  readonly prepare?: (connection: SqliteConnection) => void
  readonly syncFile?: SyncFile
}

/**
 * The file of facts: one writer whose commits are shared, one reader that sees only what is committed (design D5).
 *
 * Pieces of work that came in one turn of the event loop share a transaction; one that fails takes back only itself. A
 * piece of work awaits nothing but its writer, so a group is never open across I/O, and may be run twice. A commit writes
 * the log and waits for nothing; the log is synced on another thread while the next group is worked on. Nobody is
 * answered before the sync that covers the commit has returned, readers of what it wrote neither (ADR 9).
 */
export class SqliteDatabase implements SqlDatabase {
  readonly dialect = sqliteDialect
  readonly reader: SqlReader
  readonly #connection: SqliteConnection
  readonly #reading: SqliteConnection
  readonly #log: LogSync
  readonly #checkpointer: Checkpointer
  readonly #beforeCommit: BeforeCommit
  readonly #tell: (told: CommitTold) => void
  readonly #tellLost: (cause: unknown) => void
  readonly #group: Group
  readonly #queue: Piece[] = []
  #draining: Promise<void> | undefined
  /** Since the last checkpoint was begun. */
  #changes = 0
  /** Pages that the log had after the last checkpoint, 0 when all of them were copied. */
  #logFrames = 0
  #checkpointing: Promise<void> | undefined
  #lost = false
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
    // What syncs is ours from here on, but for the log's header: SQLite syncs that whenever it begins the log anew.
    this.#connection.exec('pragma synchronous = normal')
    this.#connection.exec('pragma wal_autocheckpoint = 0')
    // The log is there from the first transaction on.
    this.#connection.getSync('select count(*) from sqlite_schema')
    this.#group = new Group(this.#connection)
    this.#reading = new SqliteConnection(path, ['query_only = on', cache, 'temp_store = memory'])
    this.#log = new LogSync(`${path}-wal`, options.syncFile)
    this.#checkpointer = new Checkpointer(path)
    this.reader = new DurableReader(this.#reading, this.#log)
    this.#beforeCommit = options.beforeCommit
    this.#tell = options.tell ?? (() => undefined)
    this.#tellLost = options.tellLost ?? (() => undefined)
  }

  readNow(sql: string, parameters: readonly SqlValue[]): readonly (readonly Column[])[] {
    return this.#reading.arraysSync(sql, parameters)
  }

  write<T>(work: (writer: SqlWriter) => Promise<T>): Promise<T> {
    if (this.#closed || this.#lost) return Promise.reject(new Fault('store/unavailable'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: never) => void, reject })
      this.#draining ??= this.#drain()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#draining !== undefined) await this.#draining
    await this.#log.pending?.catch(() => undefined)
    await this.#checkpointing
    await this.#checkpointer.close()
    this.#log.close()
    this.#reading.close()
    this.#connection.close()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // A turn of the event loop between groups: what came meanwhile joins, and nobody is starved.
      await new Promise((resolve) => setImmediate(resolve))
      // One group is worked on while another is synced; were there more, each would be smaller.
      await this.#log.backlog?.catch(() => undefined)
      if (this.#logFrames + this.#changes > LONGEST_LOG) await this.#holdForCheckpoint()
      await this.#commitGroup()
      if (this.#changes >= CHANGES_PER_CHECKPOINT) this.#checkpointing ??= this.#checkpoint()
    }
    this.#draining = undefined
  }

  /**
   * @param careful each piece in a savepoint. Without, a piece that fails behind a change takes the whole group back, and
   * the group is worked on again, carefully: failures behind a change are rare, and savepoints cost every piece.
   */
  async #commitGroup(careful = false): Promise<void> {
    const begun = performance.now()
    const group = this.#group
    group.begin()
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
        const before = group.changes
        if (careful) this.#connection.runSync('savepoint piece')
        try {
          const value = await piece.work(group)
          if (careful) this.#connection.runSync('release piece')
          group.keep()
          done.push({ piece, value })
        } catch (cause) {
          // What is not a fault of the domain may have ended the transaction.
          if (!careful && (group.changes > before || !(cause instanceof Fault))) {
            this.#rollback()
            this.#queue.unshift(...done.map((one) => one.piece), piece)
            return await this.#commitGroup(true)
          }
          if (careful) {
            this.#connection.runSync('rollback to piece')
            this.#connection.runSync('release piece')
          }
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
    this.#changes += group.changes
    group.committed()
    void this.#answer(done, group.changes > 0 ? this.#log.sync() : this.#log.pending, begun)
  }

  /** Resolves the pieces of a group when its commit is durable. */
  async #answer(
    done: readonly { readonly piece: Piece; readonly value: unknown }[],
    durable: Promise<void> | undefined,
    begun: number,
  ): Promise<void> {
    try {
      await durable
    } catch (cause) {
      this.#lose(cause)
      for (const { piece } of done) piece.reject(new Fault('store/unavailable', [], { cause }))
      return
    }
    this.#tell({ size: done.length, milliseconds: performance.now() - begun })
    for (const { piece, value } of done) piece.resolve(value as never)
  }

  /** What is committed may not be on the disk, and nothing can find out: only a restart reads what is. */
  #lose(cause: unknown): void {
    if (this.#lost) return
    this.#lost = true
    for (const piece of this.#queue.splice(0)) piece.reject(new Fault('store/unavailable', [], { cause }))
    this.#tellLost(cause)
  }

  async #checkpoint(): Promise<void> {
    this.#changes = 0
    try {
      const { frames, copied } = await this.#checkpointer.run()
      // A log that is copied whole begins anew with the next write; the thread did not see what came meanwhile.
      this.#logFrames = frames === copied && this.#changes === 0 ? 0 : frames
    } catch {
      // Without the thread it is done here: better a held event loop than a log without end.
      const row = this.#connection.getSync('pragma wal_checkpoint(passive)')
      this.#logFrames = row?.['log'] === row?.['checkpointed'] ? 0 : Number(row?.['log'])
    }
    this.#checkpointing = undefined
  }

  /** Nothing is written meanwhile, so the log is copied whole, unless another process reads from it. */
  async #holdForCheckpoint(): Promise<void> {
    await this.#checkpointing
    await (this.#checkpointing ??= this.#checkpoint())
    this.#logFrames = 0
  }

  #rollback(): void {
    try {
      this.#connection.runSync('rollback')
    } catch {
      // SQLite has rolled back by itself on some failures.
    }
  }
}

/** Reads what is committed, and tells it once it is durable: nothing that was told can be lost. */
class DurableReader implements SqlReader {
  readonly dialect = sqliteDialect
  readonly #connection: SqliteConnection
  readonly #log: LogSync

  constructor(connection: SqliteConnection, log: LogSync) {
    this.#connection = connection
    this.#log = log
  }

  async all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#told(this.#connection.allSync(sql, parameters))
  }

  async get(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#told(this.#connection.getSync(sql, parameters))
  }

  async arrays(sql: string, parameters?: readonly SqlValue[]): Promise<readonly (readonly Column[])[]> {
    return this.#told(this.#connection.arraysSync(sql, parameters))
  }

  durable(): Promise<void> | undefined {
    return this.#log.pending?.catch((cause: unknown) => {
      throw new Fault('store/unavailable', [], { cause })
    })
  }

  #told<T>(found: T): T | Promise<T> {
    const durable = this.durable()
    return durable === undefined ? found : durable.then(() => found)
  }
}

/**
 * The writer of one group after the other. What a piece of work adds for the end counts only once the piece has
 * succeeded.
 */
class Group implements SqlWriter {
  readonly dialect = sqliteDialect
  readonly #connection: SqliteConnection
  readonly #ending = new Ending()
  /** Of the piece that is being worked on. */
  readonly #piece = new Ending()
  /** About how many rows, and pages of bytes, were written; 0 when nothing was. */
  changes = 0

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  begin(): void {
    this.changes = 0
    this.#ending.clear()
    this.forget()
  }

  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    this.#mayChange(sql)
    return this.#connection.all(sql, parameters)
  }

  get(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined> {
    this.#mayChange(sql)
    return this.#connection.get(sql, parameters)
  }

  arrays(sql: string, parameters?: readonly SqlValue[]): Promise<readonly (readonly Column[])[]> {
    this.#mayChange(sql)
    return this.#connection.arrays(sql, parameters)
  }

  async run(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    const changed = this.#connection.runSync(sql, parameters)
    this.changes += changed
    for (const value of parameters) if (value instanceof Uint8Array) this.changes += value.byteLength >> 12
    return changed
  }

  tally(sql: string, key: string, amounts: readonly number[]): void {
    this.#piece.tallies.add(sql, key, amounts)
  }

  audit(entry: AuditEntry): void {
    this.#piece.audit(entry)
  }

  afterCommit(action: () => void): void {
    this.#piece.afterCommit(action)
  }

  keep(): void {
    this.#ending.addAll(this.#piece)
    this.forget()
  }

  forget(): void {
    this.#piece.clear()
  }

  end(beforeCommit: BeforeCommit): Promise<void> {
    return this.#ending.apply(this, beforeCommit)
  }

  committed(): void {
    this.#ending.committed()
  }

  /** `… returning` writes, too. */
  #mayChange(sql: string): void {
    if (!sql.startsWith('select')) this.changes += 1
  }
}

/** Names of the files in a data directory. */
export const sqliteFiles = (dataDirectory: string) => ({
  facts: join(dataDirectory, 'facts.sqlite'),
  presence: join(dataDirectory, 'presence.sqlite'),
})
