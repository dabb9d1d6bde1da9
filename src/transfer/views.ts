/** What users may see of a transfer: its state and counts, nothing that identifies a patient. */
import type { TransferAnswer } from '../protocol/http/transfers.js'
import { NO_GROUP } from '../protocol/words.js'
import type { Named } from '../protocol/words.js'
import type { Db } from '../state/index.js'
import type { Outcome } from '../state/tables/index.js'
import type { Transfer } from './find.js'

export type TransferView = Named<TransferAnswer>

/** Counts the item outcomes of all rows with one query, and the items held with another. */
export async function viewsOf(db: Db, rows: readonly Transfer[]): Promise<TransferView[]> {
  const ids = rows.map(({ id }) => id)
  const [counts, held, waits, edges] = await Promise.all([
    countsOf(db, ids),
    heldOf(db, ids),
    waitsOf(db, rows),
    edgesOf(db, ids),
  ])
  return rows.map((row) => ({
    ...viewOf(row, counts.get(row.id) ?? NONE, held.get(row.id) ?? 0),
    ...waits.get(row.id),
    ...edges.get(row.id),
  }))
}

type Counts = Record<Outcome, number>
const NONE: Readonly<Counts> = { accepted: 0, quarantined: 0, refused: 0, duplicate: 0 }

/** The outcomes of the items of one transfer. */
export const outcomesOf = async (db: Db, transfer: string): Promise<Readonly<Counts>> =>
  (await countsOf(db, [transfer])).get(transfer) ?? NONE

async function countsOf(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
  const counts = new Map<string, Counts>()
  if (ids.length === 0) return counts
  const counted = await db
    .selectFrom('items')
    .select(({ fn }) => ['transfer', 'outcome', fn.countAll().as('count')])
    .where('transfer', 'in', ids)
    .groupBy(['transfer', 'outcome'])
    .execute()
  for (const { transfer, outcome, count } of counted) {
    const of = counts.get(transfer) ?? { ...NONE }
    counts.set(transfer, { ...of, [outcome]: Number(count) })
  }
  return counts
}

/**
 * Does not count released items, because readers already have those in a transfer that continues
 * this one.
 */
async function heldOf(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map()
  const counted = await db
    .selectFrom('quarantine')
    .select(({ fn }) => ['transfer', fn.countAll().as('count')])
    .where('transfer', 'in', ids)
    .where('state', '<>', 'released')
    .groupBy('transfer')
    .execute()
  return new Map(counted.map(({ transfer, count }) => [transfer, Number(count)]))
}

type WaitsView = Pick<TransferView, 'waits'>

async function waitsOf(db: Db, rows: readonly Transfer[]): Promise<ReadonlyMap<string, WaitsView>> {
  const ids = rows.flatMap(({ id, group }) => (group === NO_GROUP ? [id] : []))
  if (ids.length === 0) return new Map()
  const found = await db
    .selectFrom('waiting_studies')
    .select(['transfer', 'reason'])
    .where('transfer', 'in', ids)
    .execute()
  return new Map(found.map(({ transfer, reason }) => [transfer, { waits: reason }]))
}

/** The edges that sealed them; none for those that the gateway sealed. */
async function edgesOf(db: Db, ids: readonly string[]) {
  const rows =
    ids.length === 0
      ? []
      : await db
          .selectFrom('sealed_transfers')
          .select(['transfer', 'edge', 'fingerprint'])
          .where('transfer', 'in', ids)
          .execute()
  return new Map(
    rows.map(({ transfer, edge, fingerprint }) => [transfer, { sealedBy: { edge, fingerprint } }]),
  )
}

const viewOf = (transfer: Transfer, outcomes: Readonly<Counts>, held: number): TransferView => {
  const { id, facility, group, priority, state, claimedBy, acknowledgedBy, items, bytes } = transfer
  const { availableAt, claimedAt, acknowledgedAt, missing } = transfer
  return {
    ...{ id, facility, group, priority, state },
    createdAt: time(transfer.createdAt),
    ...(availableAt !== undefined && { availableAt: time(availableAt) }),
    ...(claimedBy !== undefined && { claimedBy }),
    ...(claimedAt !== undefined && { claimedAt: time(claimedAt) }),
    ...(acknowledgedBy !== undefined && { acknowledgedBy }),
    ...(acknowledgedAt !== undefined && { acknowledgedAt: time(acknowledgedAt) }),
    ...{ items, bytes, held },
    outcomes: { ...outcomes, missing },
  }
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
