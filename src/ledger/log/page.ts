import type { LedgerRow } from './events.js'
import type { Ledger } from './ledger.js'
import type { EventQuery } from './contract.js'

export interface LedgerPage {
  readonly events: readonly LedgerRow[]
  /** Where the next page starts, if there is one. */
  readonly next?: number
  /** Total number of matches among the first `end` events. */
  readonly count: number
  readonly end: number
  readonly checkpoint: string
}

/**
 * Returns a page and the total number of matches, both for one size of the log. Pass that size as
 * `end` to keep further pages consistent.
 */
export async function readPage(ledger: Ledger, query: EventQuery): Promise<LedgerPage> {
  const checkpoint = await ledger.checkpoint()
  const size = Number(checkpoint.split('\n')[1])
  const end = Math.min(query.end ?? size, size)
  const { rows, next } = await ledger.query({ ...query, end })
  const count = await ledger.count({ ...query, start: 0 }, end)
  return { events: rows, ...(next !== undefined && { next }), count, end, checkpoint }
}
