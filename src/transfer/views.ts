/** What users may see of a transfer: its state and counts, nothing that identifies a patient. */
import type { TransferAnswer } from '../protocol/http/transfers.js'
import type { Named } from '../protocol/words.js'
import type { Db } from '../state/index.js'
import type { Outcome } from '../state/tables/index.js'
import type { Transfer } from './find.js'

export type TransferView = Named<TransferAnswer>

/** Counts the item outcomes of all rows with one query. */
export async function viewsOf(db: Db, rows: readonly Transfer[]): Promise<TransferView[]> {
  const counts = new Map<string, Record<Outcome, number>>()
  for (const { id } of rows)
    counts.set(id, { accepted: 0, quarantined: 0, refused: 0, duplicate: 0 })
  if (rows.length > 0) {
    const counted = await db
      .selectFrom('items')
      .select(({ fn }) => ['transfer', 'outcome', fn.countAll().as('count')])
      .where(
        'transfer',
        'in',
        rows.map(({ id }) => id),
      )
      .groupBy(['transfer', 'outcome'])
      .execute()
    for (const { transfer, outcome, count } of counted) {
      const of = counts.get(transfer)
      if (of) of[outcome] = Number(count)
    }
  }
  return rows.map((row) => viewOf(row, counts.get(row.id)))
}

const viewOf = (
  transfer: Transfer,
  outcomes: Record<Outcome, number> | undefined,
): TransferView => {
  const { id, facility, group, priority, state, claimedBy, acknowledgedBy, items, bytes } = transfer
  const { availableAt, claimedAt, acknowledgedAt } = transfer
  return {
    ...{ id, facility, group, priority, state },
    createdAt: time(transfer.createdAt),
    ...(availableAt !== undefined && { availableAt: time(availableAt) }),
    ...(claimedBy !== undefined && { claimedBy }),
    ...(claimedAt !== undefined && { claimedAt: time(claimedAt) }),
    ...(acknowledgedBy !== undefined && { acknowledgedBy }),
    ...(acknowledgedAt !== undefined && { acknowledgedAt: time(acknowledgedAt) }),
    ...{ items, bytes },
    outcomes: outcomes ?? { accepted: 0, quarantined: 0, refused: 0, duplicate: 0 },
  }
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
