/** What the ledger returns, and the proof that an event was recorded. */
import type { Station } from '../../lib/station.js'
import type { Clause } from './clauses.js'
import type { EventType } from './events.js'
import type { Range } from '../verify/gaps.js'
import type { Question } from './questions.js'

/** Proof that an event is durable. Only the ledger can make one. */
export type Receipt = Station<'receipt', { readonly index: number; readonly id: string }>

export interface Recorded<T> {
  readonly value: T
  /** One receipt per event, in the order given. Never empty. */
  readonly receipts: readonly [Receipt, ...Receipt[]]
}

export interface EventQuery {
  readonly types?: readonly EventType[]
  readonly actor?: string
  readonly facility?: string
  readonly transfer?: string
  readonly patient?: string
  readonly outcome?: number
  /** Only accesses outside the duty hours of their group. */
  readonly duty?: 'outside'
  /** In milliseconds since 1970; inclusive. */
  readonly from?: number
  readonly until?: number
  /** Can be combined with every other filter. */
  readonly question?: Question
  /**
   * Events about the patient with any of these handles, including events that name only the
   * transfer.
   */
  readonly touching?: readonly string[]
  /** All must hold. A search of standard records is translated into these. */
  readonly clauses?: readonly Clause[]
  /**
   * Only rows before this index. Set it to the log size used for the first page, so that the counts
   * stay the same across pages.
   */
  readonly end?: number
  /** Only rows at or after this index. Pages are stable because indices never change. */
  readonly start?: number
  /** Maximum number of rows: 1 to 1,000. */
  readonly limit?: number
}

export interface VerifyReport {
  readonly ok: boolean
  /** Number of entries in the verified log; for an export, the size stated in its checkpoint. */
  readonly size: number
  /** The root recomputed from the entries (for an export: the signed root), in base64. */
  readonly root: string
  /** For an export: the number of events in it that verified. */
  readonly checked?: number
  /** For a site: the size of its published log, which was verified as well. */
  readonly published?: number
  /**
   * Ranges of entries pruned under the retention policy, according to later entries: first index,
   * and index after the last.
   */
  readonly pruned?: readonly Range[]
  /** The first index with a fault, if a single entry is at fault. */
  readonly badIndex?: number
  /** Description of the fault in our own words. */
  readonly problem?: string
}
