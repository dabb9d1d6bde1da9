/** Ends downloads that began and never ended because their gateway died. */
import { SYSTEM } from '../lib/actors.js'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { DeliverRooms } from './contract.js'

/** Two gateways may run this at the same time. */
export async function endLeft(rooms: DeliverRooms, leasedBefore: number): Promise<void> {
  const left = await rooms.state.db
    .selectFrom('downloads')
    .select(['id', 'transfer', 'idx'])
    .where('lease_until', '<', leasedBefore)
    .execute()
  for (const { id, transfer, idx } of left) await endOne(rooms, id, transfer, idx)
}

async function endOne(
  { ledger, transfers }: DeliverRooms,
  id: string,
  transferId: string,
  index: number,
): Promise<void> {
  const transfer = await transfers.find(transferId)
  if (!transfer) return
  const { facility, group } = transfer
  const patient = (await transfers.contents.one(transfer, index))?.patient ?? transfer.patient
  const recorded = ledger.record(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('downloads')
      .where('id', '=', id)
      .executeTakeFirst()
    // Another sweep was first, or the download was still alive: each begin event gets exactly one
    // end event.
    if (numDeletedRows !== 1n) throw new NocturneError('not_found')
    return {
      value: undefined,
      events: [
        {
          type: 'download.ended',
          outcome: 8,
          actor: SYSTEM,
          ...{ facility, group, transfer: transfer.id },
          ...(patient !== undefined && { patient }),
          item: index,
          related: id,
          detail: { left: true },
        },
      ],
    }
  })
  try {
    await recorded
  } catch (error) {
    if (asNocturneError(error).code !== 'not_found') throw error
  }
}
