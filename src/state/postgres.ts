/**
 * PostgreSQL through pg, as a Kysely dialect.
 *
 * Kysely's own dialect treats any reply to COMMIT as success. When a statement in the transaction
 * has failed, PostgreSQL replies ROLLBACK to COMMIT without an error; taken as success, that would
 * be a false acknowledgement. Kysely's dialect also leaves connections in use without an error
 * listener, so that a lost connection ends the process.
 */
import type { DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { CompiledQuery } from 'kysely'
import pg from 'pg'
import { asUnavailable } from './failures.js'
import type { SecureTarget } from './postgres-secure.js'

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 30_000
const LOCK_TIMEOUT_MS = 10_000
const IDLE_IN_TRANSACTION_MS = 60_000

export interface PostgresOptions {
  readonly target: SecureTarget
  readonly access: 'read' | 'write'
  /** Maximum number of open connections. */
  readonly connections: number
}

export function postgresDialect(options: PostgresOptions): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PostgresDriver(options),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

/** Session settings. A synchronous_commit stronger than `on` (remote_apply) is left unchanged. */
const SESSION = {
  write: `select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`,
  read: `select set_config('default_transaction_read_only', 'on', false)`,
}

class PostgresDriver implements Driver {
  readonly #pool: pg.Pool
  readonly #session: string
  readonly #connections = new WeakMap<pg.PoolClient, PostgresConnection>()

  constructor(options: PostgresOptions) {
    this.#session = SESSION[options.access]
    this.#pool = new pg.Pool({
      ...options.target,
      max: options.connections,
      application_name: 'nocturne',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      /** For a server that does not even report its own statement timeout. */
      query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      types: safeIntegers(),
    })
    this.#pool.on('error', ignore)
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  async acquireConnection(): Promise<PostgresConnection> {
    try {
      const client = await this.#pool.connect()
      const known = this.#connections.get(client)
      if (known) return known
      client.on('error', ignore)
      const connection = new PostgresConnection(client)
      try {
        await client.query(this.#session)
      } catch (error) {
        client.release(true)
        throw error
      }
      this.#connections.set(client, connection)
      return connection
    } catch (error) {
      throw asUnavailable(error)
    }
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const isolation = settings.isolationLevel
    await own(connection).command(isolation ? `begin isolation level ${isolation}` : 'begin')
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const done = await own(connection).command('commit')
    if (done !== 'COMMIT')
      throw new Error('a statement failed in the transaction, so it was rolled back')
  }

  /**
   * A connection that cannot roll back is discarded; the server then rolls back its transaction.
   */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const client = own(connection)
    await client.command('rollback').catch(() => client.markBroken())
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    own(connection).release()
    return Promise.resolve()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  #broken = false

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const result = await this.#client.query<Record<string, unknown>>(sql, [...parameters])
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    } catch (error) {
      throw asUnavailable(error)
    }
  }

  /** Returns the tag of the command that the server completed. */
  async command(sql: string): Promise<string> {
    try {
      return (await this.#client.query(sql)).command
    } catch (error) {
      throw asUnavailable(error)
    }
  }

  streamQuery(): never {
    throw new Error('page through the rows instead')
  }

  markBroken(): void {
    this.#broken = true
  }

  release(): void {
    this.#client.release(this.#broken)
  }
}

function own(connection: DatabaseConnection): PostgresConnection {
  if (connection instanceof PostgresConnection) return connection
  throw new TypeError('a connection of another driver')
}

/** A lost connection makes the next query on it fail, and the error is handled there. */
function ignore(): void {
  return
}

/**
 * Converts bigint columns (type 20) and their sums (numeric, 1700) to safe integers, as on SQLite.
 */
function safeIntegers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  for (const type of [20, 1700]) types.setTypeParser(type, toSafeInteger)
  return types
}

function toSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('an integer beyond 53 bits')
  return value
}
