/** The contract that both databases implement. */
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './tables/schema.js'
import type { Joining } from './sharing.js'

export type Tx = Transaction<Tables>
export type Db = Kysely<Tables>

export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: unknown }

export interface State {
  readonly kind: 'sqlite' | 'postgres'
  /** For reading only. */
  readonly db: Db
  /**
   * Runs `change` in one write transaction. Across all gateways on one database, transactions that
   * touch the ledger's head run one after another. Retries automatically when the database asks for
   * it (SQLSTATE 40001, SQLITE_BUSY), so `change` must have no effect that a rollback does not
   * undo.
   *
   * @throws NocturneError `database_unavailable`; errors from `change` are passed on
   */
  transaction<T>(change: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `change` inside an open transaction. If it throws, only its own writes are undone and the
   * transaction continues. Rejects only when the whole transaction is lost or has to be retried.
   */
  attempt<T>(tx: Tx, change: (tx: Tx) => Promise<T>): Promise<Attempt<T>>
  /**
   * Registers this gateway as a user of the database, so that no later version migrates it while
   * the gateway runs. Call `renew` three times a minute, and `leave` when the gateway stops.
   *
   * @throws NocturneError `database_newer`; after a migration by a later version, `renew` and every
   *   transaction throw it too
   */
  join(gateway: Joining): Promise<{ renew(): Promise<void>; leave(): Promise<void> }>
  /**
   * What the clock of the database server shows; undefined for a database that runs in this
   * process.
   */
  serverTime(): Promise<number | undefined>
  /** A cheap query to check that the database responds. */
  ping(): Promise<void>
  close(): Promise<void>
}
