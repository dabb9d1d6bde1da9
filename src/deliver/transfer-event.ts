import type { EventInput } from '../ledger/log/index.js'
import type { Transfer } from '../transfer/index.js'
import type { Reader } from './contract.js'

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
