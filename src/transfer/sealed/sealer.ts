/** Who sealed a transfer, as its readers verify it. */
import { NocturneError } from '../../lib/errors.js'
import type { SealerAnswer } from '../../protocol/sealing/http.js'
import type { TransferRooms } from '../rooms.js'
import { findSealed } from './begin.js'
import { availableEvent } from './complete.js'

/** @throws NocturneError `not_found` for a transfer that the gateway sealed */
export async function sealerOf(rooms: TransferRooms, transfer: string): Promise<SealerAnswer> {
  const row = await findSealed(rooms.state.db, transfer)
  if (!row) throw new NocturneError('not_found')
  const { edge, fingerprint, certificate } = row
  const event = await availableEvent(rooms, transfer)
  if (event === undefined) throw new NocturneError('not_found')
  return { edge, fingerprint, certificate, receipt: await rooms.ledger.proof(event) }
}
