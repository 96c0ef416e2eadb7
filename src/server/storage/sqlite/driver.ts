// The only importer of a SQLite library: the runtime's own where it has one, else its drop-in.
import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Column, Row, SqlReader, SqlValue } from '../sql.js'
import { sqliteDialect } from '../dialect.js'

interface Statement {
  all(...parameters: SqlValue[]): unknown[]
  get(...parameters: SqlValue[]): unknown
  run(...parameters: SqlValue[]): { changes: number | bigint }
  setReturnArrays?(on: boolean): void
}

interface DatabaseSync {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

type DatabaseConstructor = new (path: string, options?: { readOnly?: boolean }) => DatabaseSync

/**
 * The library, found by feature: `node:sqlite` from Node 22.13, else `@photostructure/sqlite`.
 * @returns what another thread requires, too
 * @throws Error that says what to do when neither is there
 */
export const sqliteLibrary = (): { readonly path: string; readonly DatabaseSync: DatabaseConstructor } => {
  const require = createRequire(import.meta.url)
  for (const name of ['node:sqlite', '@photostructure/sqlite']) {
    try {
      const found = withoutExperimentalWarning(() => require(name) as { DatabaseSync?: DatabaseConstructor })
      // Rows as arrays came to node:sqlite after the first version that needs no flag.
      if (found.DatabaseSync !== undefined) return { path: require.resolve(name), DatabaseSync: found.DatabaseSync }
    } catch {
      // Not in this runtime: the next one is asked.
    }
  }
  throw new Error(
    'No SQLite is available. Use Node 22.13 or newer, or install the optional dependency: npm install @photostructure/sqlite',
  )
}

/** node:sqlite announces itself as experimental on every start; people who run a server cannot act on that. */
const withoutExperimentalWarning = <T>(load: () => T): T => {
  const emit = process.emitWarning.bind(process) as typeof process.emitWarning
  process.emitWarning = (warning, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite')) (emit as (...all: unknown[]) => void)(warning, ...rest)
  }
  try {
    return load()
  } finally {
    process.emitWarning = emit
  }
}

/** One connection to a SQLite file, with its prepared statements. Synchronous inside, promises outside. */
export class SqliteConnection implements SqlReader {
  readonly dialect = sqliteDialect
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, Statement>()
  readonly #arrayStatements = new Map<string, Statement>()

  constructor(path: string, pragmas: readonly string[], options: { readonly busyMs?: number } = {}) {
    const { DatabaseSync } = sqliteLibrary()
    makePrivate(path)
    this.#database = new DatabaseSync(path)
    // Another process may hold the lock for a moment, after a kill for the time of a recovery.
    this.#database.exec(`pragma busy_timeout = ${options.busyMs ?? 10_000}`)
    for (const pragma of pragmas) this.#database.exec(`pragma ${pragma}`)
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  all(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return settle(() => this.#prepare(sql).all(...parameters) as Row[])
  }

  get(sql: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return settle(() => this.#prepare(sql).get(...parameters) as Row | undefined)
  }

  arrays(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly (readonly Column[])[]> {
    return settle(() => this.arraysSync(sql, parameters))
  }

  arraysSync(sql: string, parameters: readonly SqlValue[] = []): readonly (readonly Column[])[] {
    return kept(this.#arrayStatements, sql, () => this.#arrayStatement(sql)).all(...parameters) as Column[][]
  }

  runSync(sql: string, parameters: readonly SqlValue[] = []): number {
    return Number(this.#prepare(sql).run(...parameters).changes)
  }

  getSync(sql: string, parameters: readonly SqlValue[] = []): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined
  }

  allSync(sql: string, parameters: readonly SqlValue[] = []): readonly Row[] {
    return this.#prepare(sql).all(...parameters) as Row[]
  }

  close(): void {
    this.#statements.clear()
    this.#arrayStatements.clear()
    this.#database.close()
  }

  #prepare(sql: string): Statement {
    return kept(this.#statements, sql, () => this.#database.prepare(numbered(sql)))
  }

  #arrayStatement(sql: string): Statement {
    const statement = this.#database.prepare(numbered(sql))
    if (statement.setReturnArrays !== undefined) {
      statement.setReturnArrays(true)
      return statement
    }
    return {
      all: (...values) => statement.all(...values).map((row) => Object.values(row as object)),
      get: (...values) => statement.get(...values),
      run: (...values) => statement.run(...values),
    }
  }
}

/**
 * A file that is not there is made for its owner only, also in a folder that others can read: it will hold scripts and
 * what they wrote. SQLite gives the files beside it the same mode.
 */
const makePrivate = (path: string): void => {
  // Never opens a file that is there: closing it would let go of the locks that other connections of this process hold.
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

/** Statements kept prepared. A list's filters make further texts, as many as callers like. */
const MOST_PREPARED = 500

/** The statement for a text; the one that was made first makes room when there are too many. */
const kept = (statements: Map<string, Statement>, sql: string, make: () => Statement): Statement => {
  const known = statements.get(sql)
  if (known !== undefined) return known
  if (statements.size >= MOST_PREPARED) {
    const [oldest] = statements.keys()
    if (oldest !== undefined) statements.delete(oldest)
  }
  const made = make()
  statements.set(sql, made)
  return made
}

/**
 * `$1` as SQLite spells it. Where LIMIT is a parameter and nothing else, SQLite plans with the number that is bound, so
 * it makes the statement anew at every execution: 25 µs and more. A sum it does not look into.
 */
const numbered = (sql: string): string => sql.replace(/\$(\d+)/g, '?$1').replace(/\blimit (\?\d+)/gi, 'limit ($1 + 0)')

/** The result of synchronous work as a promise, failures included. */
const settle = <T>(work: () => T): Promise<T> => {
  try {
    return Promise.resolve(work())
  } catch (cause) {
    return Promise.reject(cause as Error)
  }
}
