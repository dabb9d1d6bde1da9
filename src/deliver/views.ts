/** What people may see of a transfer: its state and its counts, nothing that identifies a patient. */
import type { Db, Outcome, Priority, TransferState, TransferTable } from '../state/index.js'

export interface TransferView {
  readonly id: string
  readonly facility: string
  readonly group: string
  readonly priority: Priority
  readonly state: TransferState
  /** RFC 3339, UTC, here and below. */
  readonly createdAt: string
  readonly availableAt?: string
  readonly claimedBy?: string
  readonly claimedAt?: string
  readonly acknowledgedBy?: string
  readonly acknowledgedAt?: string
  /** Accepted items, and the bytes of their content. */
  readonly items: number
  readonly bytes: number
  readonly outcomes: Readonly<Record<Outcome, number>>
}

/** Rows of `transfers` to views, with the outcomes of their items counted by one query. */
export async function viewsOf(db: Db, rows: readonly TransferTable[]): Promise<TransferView[]> {
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
  row: TransferTable,
  outcomes: Record<Outcome, number> | undefined,
): TransferView => ({
  id: row.id,
  facility: row.facility,
  group: row.group_id,
  priority: row.priority,
  state: row.state,
  createdAt: time(row.created_at),
  ...(row.available_at !== null && { availableAt: time(row.available_at) }),
  ...(row.claimed_by !== null && { claimedBy: row.claimed_by }),
  ...(row.claimed_at !== null && { claimedAt: time(row.claimed_at) }),
  ...(row.acknowledged_by !== null && { acknowledgedBy: row.acknowledged_by }),
  ...(row.acknowledged_at !== null && { acknowledgedAt: time(row.acknowledged_at) }),
  items: row.item_count,
  bytes: row.byte_count,
  outcomes: outcomes ?? { accepted: 0, quarantined: 0, refused: 0, duplicate: 0 },
})

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
