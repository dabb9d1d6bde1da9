/** What the ledger answers, and the proof that it recorded. */
import type { Station } from '../../lib/station.js'
import type { Clause } from './clauses.js'
import type { EventType } from './events.js'
import type { Range } from '../verify/gaps.js'
import type { Question } from './questions.js'

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
  /** Combines with every other filter. */
  readonly question?: Question
  /**
   * Events that touch the patient whom any of these handles stands for, also those that name only
   * the transfer.
   */
  readonly touching?: readonly string[]
  /** Each must hold: what a search of standard records comes to. */
  readonly clauses?: readonly Clause[]
  /**
   * Rows before this index: with the size that the first page was of, what an answer counts stays
   * the same.
   */
  readonly end?: number
  /** Rows at or after this index; pages are stable because indices never change. */
  readonly start?: number
  /** At most this many rows; 1 to 1,000. */
  readonly limit?: number
}

export interface VerifyReport {
  readonly ok: boolean
  /** Entries of the log that was verified; of an export, of the log that its checkpoint is of. */
  readonly size: number
  /** The root recomputed from the entries (of an export: the signed one), base64. */
  readonly root: string
  /** Of an export: the events in it that were found good. */
  readonly checked?: number
  /** Of a site: the size of what it published, which was verified as well. */
  readonly published?: number
  /**
   * Ranges of indices whose entries were pruned under the policy, as later entries say: first, and
   * the one behind the last.
   */
  readonly pruned?: readonly Range[]
  /** The first index that is wrong, when one entry is to blame. */
  readonly badIndex?: number
  /** What is wrong, in words of our own. */
  readonly problem?: string
}
