/**
 * SQLite through better-sqlite3, as a Kysely dialect. Each dialect has one connection, used by one
 * caller at a time.
 *
 * Kysely's own dialect begins deferred transactions. One that has read before another process
 * writes then fails at its first write, and waiting does not help. Here a transaction takes the
 * write lock when it begins.
 */
import { open } from 'node:fs/promises'
import Database from 'better-sqlite3'
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { breathe } from '../lib/pace.js'
import { asUnavailable } from './failures.js'
import { createTurns } from './turns.js'

/**
 * SQLite calls block the whole process, so readers wait only briefly, and writers not at all once
 * they are open: `transaction` waits for the lock without blocking. The lock may be held in this
 * process, where it could not be released meanwhile.
 */
const BUSY_TIMEOUT_MS = 20
const CACHED_STATEMENTS = 200

export function sqliteDialect(path: string, access: 'read' | 'write'): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new SqliteDriver(path, access),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/**
 * Creates the file with owner-only access before SQLite does; its -wal and -shm files inherit the
 * mode.
 */
export async function prepareFile(path: string): Promise<void> {
  const file = await open(path, 'a', 0o600)
  try {
    await file.chmod(0o600)
  } finally {
    await file.close()
  }
}

/**
 * SQLite supports transactional DDL, but Kysely assumes that it does not and could leave half a
 * migration behind.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class SqliteDriver implements Driver {
  readonly #path: string
  readonly #access: 'read' | 'write'
  readonly #turns = createTurns()
  #database: Database.Database | undefined
  #connection: SqliteConnection | undefined

  constructor(path: string, access: 'read' | 'write') {
    this.#path = path
    this.#access = access
  }

  init(): Promise<void> {
    const database = new Database(this.#path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true })
    try {
      configure(database, this.#access)
    } catch (error) {
      database.close()
      throw error
    }
    this.#database = database
    this.#connection = new SqliteConnection(database)
    return Promise.resolve()
  }

  async acquireConnection(): Promise<SqliteConnection> {
    await this.#turns.take()
    if (this.#connection) return this.#connection
    this.#turns.give()
    throw new Error('the database is closed')
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(
      CompiledQuery.raw(this.#access === 'write' ? 'begin immediate' : 'begin'),
    )
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  /**
   * SQLite rolls back automatically on some errors (disk full, I/O), so there may be nothing left
   * to do.
   */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database?.inTransaction === true)
      await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  releaseConnection(): Promise<void> {
    this.#turns.give()
    return Promise.resolve()
  }

  /** Waits for the current transaction, so that closing never cuts one off. */
  async destroy(): Promise<void> {
    await this.#turns.take()
    this.#connection = undefined
    this.#database?.close()
    this.#turns.give()
  }
}

function configure(database: Database.Database, access: 'read' | 'write'): void {
  database.defaultSafeIntegers(true)
  if (access === 'write') {
    database.pragma('journal_mode = WAL')
    /**
     * FULL: the log is synced at every commit, so an acknowledged transaction survives a power
     * failure.
     */
    database.pragma('synchronous = FULL')
    database.pragma('journal_size_limit = 67108864')
    database.pragma('busy_timeout = 0')
  } else database.pragma('query_only = ON')
  database.pragma('foreign_keys = ON')
  database.pragma('trusted_schema = OFF')
  /** Sorts in memory, so that no data ever reaches a temporary file. */
  database.pragma('temp_store = MEMORY')
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Many queries in a row would otherwise be one turn of the event loop, however long. */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await breathe()
    return this.#execute(query)
  }

  #execute<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    try {
      const statement = this.#prepare(sql)
      if (statement.reader) {
        const rows = statement.all(parameters)
        for (const row of rows) narrowIntegers(row)
        return { rows: rows as R[] }
      }
      const { changes, lastInsertRowid } = statement.run(parameters)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    } catch (error) {
      throw asUnavailable(error)
    }
  }

  /** A stream would hold the only connection while its reader is slow. */
  streamQuery(): never {
    throw new Error('page through the rows instead')
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql)
    if (known) {
      this.#statements.delete(sql)
      this.#statements.set(sql, known)
      return known
    }
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    const [oldest] = this.#statements.keys()
    if (this.#statements.size > CACHED_STATEMENTS && oldest !== undefined)
      this.#statements.delete(oldest)
    return statement
  }
}

/**
 * Integers are read as bigint, so that none is silently rounded, and converted to safe integers
 * here.
 */
function narrowIntegers(row: unknown): void {
  const columns = row as Record<string, unknown>
  for (const name in columns) {
    const value = columns[name]
    if (typeof value !== 'bigint') continue
    const narrow = Number(value)
    if (!Number.isSafeInteger(narrow))
      throw new RangeError(`column ${name} holds an integer beyond 53 bits`)
    columns[name] = narrow
  }
}
