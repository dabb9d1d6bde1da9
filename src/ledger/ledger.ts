import type { Station } from '../lib/station.js'
import type { State, Tx } from '../state/index.js'
import type { EventInput, EventType, LedgerRow } from './events.js'

/** Proof that an event is durable. Only the ledger makes one. */
export type Receipt = Station<'receipt', { readonly index: number; readonly id: string }>

export interface Recorded<T> {
  readonly value: T
  /** One receipt an event, in the order given. Never empty. */
  readonly receipts: readonly [Receipt, ...Receipt[]]
}

export interface EventQuery {
  readonly types?: readonly EventType[]
  readonly actor?: string
  readonly facility?: string
  readonly transfer?: string
  readonly patient?: string
  readonly outcome?: number
  /** Milliseconds since 1970, inclusive and exclusive. */
  readonly from?: number
  readonly until?: number
  /** Rows at or after this index; pages are stable because indices never change. */
  readonly start?: number
  /** At most this many rows; 1 to 1,000. */
  readonly limit?: number
}

export interface VerifyReport {
  readonly ok: boolean
  readonly size: number
  /** The root recomputed from the entries, base64. */
  readonly root: string
  /** The first index that is wrong, when one entry is to blame. */
  readonly badIndex?: number
  /** What is wrong, in words of our own. */
  readonly problem?: string
}

export interface Ledger {
  /**
   * Runs `change` and appends the events it returns, in one transaction. When the promise resolves both are
   * durable; when it rejects neither happened.
   *
   * @throws NocturneError `ledger_unavailable` when the entry cannot be written, or what `change` throws.
   */
  record<T>(
    change: (tx: Tx) => Promise<{ value: T; events: readonly [EventInput, ...EventInput[]] }>,
  ): Promise<Recorded<T>>
  /** One event without a change of state. */
  note(event: EventInput): Promise<Receipt>
  query(query: EventQuery): Promise<{ rows: readonly LedgerRow[]; next?: number }>
  /** The newest signed checkpoint, a signed note (c2sp.org/tlog-checkpoint). */
  checkpoint(): Promise<string>
  /** c2sp.org/tlog-proof of the entry at `index` under the newest checkpoint. @throws NocturneError `not_found` */
  proof(index: number): Promise<string>
  /** The hashes of one tile (c2sp.org/tlog-tiles); `width` below 256 for a partial one. @throws NocturneError `not_found` */
  tile(level: number, n: number, width?: number): Promise<Buffer>
  /** Entries `from` (inclusive) to `until` (exclusive) as stored, in order, without holding them all. */
  entries(from: number, until: number): AsyncIterable<{ index: number; bytes: Buffer }>
  /** Recomputes every hash from the entries and compares tiles, indices and checkpoint. */
  verify(): Promise<VerifyReport>
  /** The log's public key as a signed-note verifier key (`NAME+HASH+KEY`). */
  readonly verifierKey: string
}

export interface LedgerOptions {
  readonly state: State
  /** Name of the gateway; the log's origin is `NAME/audit`. */
  readonly gateway: string
  /** Ed25519 private key of the log: PKCS #8, PEM. */
  readonly signingKey: string
  readonly now?: () => number
}

export function createLedger(_options: LedgerOptions): Promise<Ledger> {
  return Promise.reject(new Error('being built'))
}
