/**
 * The room that keeps state: the database behind one schema.
 *
 * In: a database URL (`sqlite:PATH` or `postgres://...`).
 * Out: State, whose transactions are the only way to write.
 * Always true: a transaction is durable when its promise resolves (SQLite WAL with synchronous
 * FULL; PostgreSQL with synchronous_commit on), and leaves nothing behind when it rejects.
 * Trusts: the database to keep what was written; the ledger's checkpoint shows when it did not.
 */
export type { Attempt, Db, State, Tx } from './contract.js'
export type { Tables } from './tables/schema.js'
export type { Priority } from '../protocol/priority.js'
export { isUniqueViolation } from './failures.js'
export { openState } from './open.js'
export type { StateOptions } from './open.js'
export { copyRows, loadRows } from './copy.js'
