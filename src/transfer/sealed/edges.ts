/** At the gateway: what each edge has handed over, and what its facility kept. Counts alone. */
import type { TransferRooms } from '../rooms.js'

export interface EdgeCounts {
  /** Transfers that it has handed over. */
  readonly transfers: number
  /** Items of these that the facility held back: they never came here. */
  readonly held: number
  /** When it last began one, in milliseconds since 1970. */
  readonly lastAt: number
}

/** By principal ID of the edge; one that never handed over anything has no entry. */
export async function countEdges({
  state: { db },
}: Pick<TransferRooms, 'state'>): Promise<ReadonlyMap<string, EdgeCounts>> {
  const rows = await db
    .selectFrom('sealed_transfers')
    .groupBy('edge')
    .select(({ fn }) => ['edge', fn.countAll<number>().as('transfers')])
    .select(({ fn }) => fn.max('created_at').as('lastAt'))
    .execute()
  const held = await db
    .selectFrom('sealed_transfers')
    .innerJoin('items', 'items.transfer', 'sealed_transfers.transfer')
    .where('items.outcome', '=', 'quarantined')
    .groupBy('sealed_transfers.edge')
    .select(({ fn }) => ['sealed_transfers.edge', fn.countAll<number>().as('held')])
    .execute()
  const kept = new Map(held.map((one) => [one.edge, one.held]))
  return new Map(
    rows.map(({ edge, transfers, lastAt }) => [
      edge,
      { transfers, lastAt, held: kept.get(edge) ?? 0 },
    ]),
  )
}
