/**
 * The room that records: an append-only Merkle log (RFC 6962) of who did what and when.
 *
 * In: an event, and the state change that it records.
 * Out: a Receipt, which other rooms require before they send a byte or report success.
 * Always true: a change and its event are committed together or not at all; indices have no gaps;
 * every size of the log has a signed checkpoint.
 * Trusts: its signing key. It does not trust the database: `verify` recomputes everything from the
 * entries.
 */
export type { EventQuery, Receipt, VerifyReport } from './contract.js'
export { EVENT_TYPES } from './events.js'
export type { Actor, EventInput, EventType, LedgerEntry, LedgerRow } from './events.js'
export { createLedger } from './ledger.js'
export type { Ledger } from './ledger.js'
export { readPage } from './page.js'
export { filtersFor } from './questions.js'
export type { Question } from './questions.js'
export { reindex } from './reindex.js'
