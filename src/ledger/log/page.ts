import type { LedgerRow } from './events.js'
import type { Ledger } from './ledger.js'
import type { EventQuery } from './contract.js'

export interface LedgerPage {
  readonly events: readonly LedgerRow[]
  /** Where the next page starts, when there is one. */
  readonly next?: number
  /** How many match in all, among the first `end` events. */
  readonly count: number
  readonly end: number
  readonly checkpoint: string
}

/**
 * A page and how many there are in all, both of one size of the log: with `end` set to it, further
 * pages count the same.
 */
export async function readPage(ledger: Ledger, query: EventQuery): Promise<LedgerPage> {
  const checkpoint = await ledger.checkpoint()
  const size = Number(checkpoint.split('\n')[1])
  const end = Math.min(query.end ?? size, size)
  const { rows, next } = await ledger.query({ ...query, end })
  const count = await ledger.count({ ...query, start: 0 }, end)
  return { events: rows, ...(next !== undefined && { next }), count, end, checkpoint }
}
