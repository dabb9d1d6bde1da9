import type { EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { Transfer } from '../transfer/index.js'
import type { DeliverRooms, Reader } from './contract.js'

/** Fields that every event about a whole transfer contains. */
export const aboutTransfer = (
  { actor }: Reader,
  transfer: Transfer,
): Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer' | 'patient'> => ({
  actor,
  facility: transfer.facility,
  group: transfer.group,
  transfer: transfer.id,
  ...(transfer.patient !== undefined && { patient: transfer.patient }),
})

/** The event of a change, and any events that follow from it. */
export interface Change {
  readonly type: EventInput['type']
  readonly detail: NonNullable<EventInput['detail']>
  readonly apply: (tx: Tx) => Promise<readonly EventInput[]>
}

/**
 * Makes the change and records its event in one transaction. If a sweep or a state change comes
 * first, nothing is changed. Returns the receipt as text.
 */
export async function recordChange(
  { ledger }: Pick<DeliverRooms, 'ledger'>,
  reader: Reader,
  transfer: Transfer,
  { type, detail, apply }: Change,
): Promise<string> {
  const { receipts } = await ledger.record(async (tx) => {
    const further = await apply(tx)
    const event: EventInput = { ...aboutTransfer(reader, transfer), type, outcome: 0, detail }
    return { value: undefined, events: [event, ...further] }
  })
  return ledger.proof(receipts[0].index)
}
