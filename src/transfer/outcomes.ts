/** What cases ask about the transfers that belong to them. */
import type { Db, Tx } from '../state/index.js'
import type { Outcome } from '../state/tables/index.js'

export interface OutcomeCount {
  readonly transfer: string
  /** `missing`: the sender could not send them. */
  readonly outcome: Outcome | 'missing'
  readonly count: number
}

/** Names in one query: databases bound how many a statement may hold. */
const CHUNK = 1_000

/**
 * How many parts of each of the transfers had each outcome, and how many the sender could
 * not send.
 */
export async function countOutcomes(
  db: Db,
  transfers: readonly string[],
): Promise<readonly OutcomeCount[]> {
  const counts: OutcomeCount[] = []
  for (let at = 0; at < transfers.length; at += CHUNK) {
    const chunk = transfers.slice(at, at + CHUNK)
    const rows = await db
      .selectFrom('items')
      .select(({ fn }) => ['transfer', 'outcome', fn.countAll().as('count')])
      .where('transfer', 'in', chunk)
      .groupBy(['transfer', 'outcome'])
      .execute()
    for (const { transfer, outcome, count } of rows)
      counts.push({ transfer, outcome, count: Number(count) })
    const lacking = await db
      .selectFrom('transfers')
      .select(['id', 'missing'])
      .where('id', 'in', chunk)
      .where('missing', '>', 0)
      .execute()
    for (const { id, missing } of lacking)
      counts.push({ transfer: id, outcome: 'missing', count: missing })
  }
  return counts
}

/** Whether a reader has still to open any of the transfers. */
export async function hasUnopened(tx: Tx, transfers: readonly string[]): Promise<boolean> {
  const waiting = await tx
    .selectFrom('transfers')
    .select('id')
    .where('id', 'in', transfers)
    .where('state', 'in', ['available', 'open', 'receiving'])
    .executeTakeFirst()
  return waiting !== undefined
}
