import type { EventInput } from '../ledger/index.js'
import type { TransferTable } from '../state/index.js'
import type { Reader } from './deliveries.js'

/** What every event about a whole transfer says of it. */
export const aboutTransfer = (
  { actor }: Reader,
  transfer: TransferTable,
): Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer' | 'patient'> => ({
  actor,
  facility: transfer.facility,
  group: transfer.group_id,
  transfer: transfer.id,
  ...(transfer.patient !== null && { patient: transfer.patient }),
})
