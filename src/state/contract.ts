/** What every database does. */
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './tables/schema.js'
import type { Joining } from './sharing.js'

export type Tx = Transaction<Tables>
export type Db = Kysely<Tables>

export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: unknown }

export interface State {
  readonly kind: 'sqlite' | 'postgres'
  /** For reading. */
  readonly db: Db
  /**
   * Runs `change` in one write transaction. Transactions of all gateways on one database happen one
   * after another where they touch the ledger's head. Retries by itself when the database asks for
   * it (SQLSTATE 40001, SQLITE_BUSY), so `change` must do nothing that a roll-back does not undo.
   *
   * @throws NocturneError `database_unavailable`, or what `change` throws.
   */
  transaction<T>(change: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `change` inside a transaction under way so that, when it throws, it alone is undone and
   * the rest goes on. Rejects only when the whole transaction is lost or must be tried again.
   */
  attempt<T>(tx: Tx, change: (tx: Tx) => Promise<T>): Promise<Attempt<T>>
  /**
   * Announces that a gateway uses the database from now on, so that no later version migrates it
   * under its hands. `renew` is due three times a minute, `leave` when it stops.
   *
   * @throws NocturneError `database_newer`; from `renew` and from every transaction too, once a
   * later version migrated it
   */
  join(gateway: Joining): Promise<{ renew(): Promise<void>; leave(): Promise<void> }>
  /** A cheap query that proves the database answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
