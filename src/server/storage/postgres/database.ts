// The only importer of the PostgreSQL library.
import { createHash } from 'node:crypto'
import pg from 'pg'
import type { AuditEntry } from '../../domain/access/audit.js'
import { Fault } from '../../domain/faults.js'
import { postgresDialect } from '../dialect.js'
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

/** Codes after which the same transaction may succeed when it is run again. */
const RETRYABLE = new Set(['40001', '40P01'])
const MOST_TRIES = 5
/** Connections for writes; a piece of work holds one for a few round trips. */
const WRITERS = 6
const READERS = 6
/** A transaction whose node says nothing more for so long is rolled back, with its locks; a piece of work takes milliseconds. */
const ABANDONED_MS = 60_000
/** A peer that is silent for so long is asked whether it is there. */
const KEEP_ALIVE_MS = 30_000

/**
 * PostgreSQL behind the same interface. Each piece of work is a transaction of its own: the server groups the fsyncs of
 * concurrent commits by itself. What a piece adds up (`tally`) is applied as its last statements, in key order, so
 * that rows many pieces share are locked for the shortest time.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly dialect = postgresDialect
  readonly reader: SqlReader
  readonly #pool: pg.Pool
  /** Of their own, so that a transaction never waits for a reader that waits for it. */
  readonly #readers: pg.Pool
  readonly #beforeCommit: BeforeCommit
  readonly #names = new StatementNames()
  #closing = false

  constructor(
    url: string,
    options: { beforeCommit: BeforeCommit; onError: (cause: Error) => void; abandonedMs?: number },
  ) {
    // A node whose machine loses its power says no goodbye, and nobody else may wait for it.
    const abandon = `set idle_in_transaction_session_timeout = ${options.abandonedMs ?? ABANDONED_MS}`
    const types = new pg.TypeOverrides()
    // int8 arrives as text by default; nothing here goes above 2^53 (design D3).
    types.setTypeParser(pg.types.builtins.INT8, Number)
    types.setTypeParser(pg.types.builtins.NUMERIC, Number)
    const pool = (max: number): pg.Pool => {
      const made = new pg.Pool({
        connectionString: url,
        max,
        types,
        connectionTimeoutMillis: 10_000,
        idleTimeoutMillis: 60_000,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
        // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, though its types do not say so
        onConnect: (client) => client.query(abandon),
        application_name: 'openassist',
      })
      // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
      // One that breaks while it is being closed is nothing to tell: `end` does not wait for its last word.
      made.on('error', (cause) => {
        if (!this.#closing) options.onError(cause)
      })
      return made
    }
    this.#pool = pool(WRITERS)
    this.#readers = pool(READERS)
    this.#beforeCommit = options.beforeCommit
    this.reader = new PostgresReader(this.#readers, this.#names)
  }

  async write<T>(work: (writer: SqlWriter) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(work)
      } catch (cause) {
        if (!(cause instanceof pg.DatabaseError && RETRYABLE.has(cause.code ?? ''))) throw cause
        if (tries === MOST_TRIES) throw new Fault('store/unavailable', [], { cause })
      }
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([this.#pool.end(), this.#readers.end()])
  }

  /** Runs statements that are no part of a store: migrations. */
  async session<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (cause) {
      throw new Fault('store/unavailable', [], { cause })
    }
  }

  async #once<T>(work: (writer: SqlWriter) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    const writer = new PostgresWriter(client, this.#names)
    let broken: Error | undefined
    // The pool listens only while a connection is idle; without a listener a server that goes away ends this process.
    const onError = (cause: Error): void => {
      broken = cause
    }
    client.on('error', onError)
    try {
      await answered(client.query('begin'))
      const value = await work(writer)
      await writer.end(this.#beforeCommit)
      const { command } = await answered(client.query('commit'))
      // A transaction in which a statement failed is rolled back by its commit, without an error.
      if (command !== 'COMMIT') throw new Error(`a piece of work went on after a failed statement: ${command}`)
      writer.committed()
      return value
    } catch (cause) {
      try {
        await client.query('rollback')
      } catch (second) {
        broken ??= second as Error
      }
      throw cause
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }
}

type Queryable = pg.Pool | pg.PoolClient

class PostgresReader implements SqlReader {
  readonly dialect = postgresDialect
  readonly #target: Queryable
  readonly #names: StatementNames

  constructor(target: Queryable, names: StatementNames) {
    this.#target = target
    this.#names = names
  }

  async all(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return (await this.query(sql, parameters)).rows as Row[]
  }

  async get(sql: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return (await this.query(sql, parameters)).rows[0] as Row | undefined
  }

  async arrays(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly (readonly Column[])[]> {
    const answer = await answered(
      this.#target.query({ ...this.#statement(sql, 'a'), values: parameters.map(bound), rowMode: 'array' }),
    )
    return answer.rows as Column[][]
  }

  protected query(sql: string, parameters: readonly SqlValue[]): Promise<pg.QueryResult> {
    return answered(this.#target.query({ ...this.#statement(sql, ''), values: parameters.map(bound) }))
  }

  #statement(sql: string, suffix: string): { readonly text: string; readonly name?: string } {
    const name = this.#names.of(sql)
    return name === undefined ? { text: sql } : { text: sql, name: `${name}${suffix}` }
  }
}

class PostgresWriter extends PostgresReader implements SqlWriter {
  readonly #ending = new Ending()

  async run(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.query(sql, parameters)).rowCount ?? 0
  }

  tally(sql: string, key: string, amounts: readonly number[]): void {
    this.#ending.tallies.add(sql, key, amounts)
  }

  audit(entry: AuditEntry): void {
    this.#ending.audit(entry)
  }

  afterCommit(action: () => void): void {
    this.#ending.afterCommit(action)
  }

  end(beforeCommit: BeforeCommit): Promise<void> {
    return this.#ending.apply(this, beforeCommit)
  }

  committed(): void {
    this.#ending.committed()
  }
}

/** Classes of SQLSTATE that say that the server, not the statement, has a problem: connection, resources, operator. */
const SERVER_TROUBLE = /^(?:08|53|57P)/

/** An answer of the server. A server that is away, or has no room, is `store/unavailable`: the same may be tried later. */
const answered = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer
  } catch (cause) {
    const fromServer = cause instanceof pg.DatabaseError
    const isTrouble = fromServer ? SERVER_TROUBLE.test(cause.code ?? '') : !(cause instanceof TypeError)
    throw isTrouble ? new Fault('store/unavailable', [], { cause }) : cause
  }
}

/** Bytes must be a Buffer, or the library sends them as text. */
const bound = (value: SqlValue): SqlValue =>
  value instanceof Uint8Array && !Buffer.isBuffer(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value

/** Statements that are prepared on each connection. A list's filters make further texts, as many as callers like. */
const MOST_PREPARED = 500

/** Names of prepared statements. PostgreSQL cuts names at 63 bytes, so one is a hash of the text. */
class StatementNames {
  readonly #names = new Map<string, string>()

  /** @returns undefined for a text that is not worth a place: it is sent unprepared */
  of(sql: string): string | undefined {
    const known = this.#names.get(sql)
    if (known !== undefined || this.#names.size >= MOST_PREPARED) return known
    const name = createHash('sha256').update(sql).digest('base64url').slice(0, 24)
    this.#names.set(sql, name)
    return name
  }
}
