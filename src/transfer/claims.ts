/** Changes of an available transfer by its readers, inside the transaction of the caller, whose event goes with them. */
import { NocturneError } from '../lib/errors.js'
import type { Tx } from '../state/index.js'

/**
 * The one UPDATE that matches an unclaimed row decides who wins: of any number at once, exactly one.
 *
 * @throws NocturneError `already_claimed`, `transfer_not_available`
 */
export async function claimTransfer(
  tx: Tx,
  transfer: string,
  reader: string,
  at: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('transfers')
    .set({ claimed_by: reader, claimed_at: at })
    .where('id', '=', transfer)
    .where('state', '=', 'available')
    .where('claimed_by', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw await whyNot(tx, transfer)
}

/** @throws NocturneError `not_claimed` */
export async function releaseClaim(tx: Tx, transfer: string, reader: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('transfers')
    .set({ claimed_by: null, claimed_at: null })
    .where('id', '=', transfer)
    .where('state', '=', 'available')
    .where('claimed_by', '=', reader)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NocturneError('not_claimed')
}

/** @throws NocturneError `already_claimed`, `transfer_not_available` */
export async function acknowledgeTransfer(
  tx: Tx,
  transfer: string,
  reader: string,
  at: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('transfers')
    .set({ state: 'acknowledged', acknowledged_by: reader, acknowledged_at: at })
    .where('id', '=', transfer)
    .where('state', '=', 'available')
    .where((eb) => eb.or([eb('claimed_by', 'is', null), eb('claimed_by', '=', reader)]))
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw await whyNot(tx, transfer)
}

async function whyNot(tx: Tx, transfer: string): Promise<NocturneError> {
  const row = await tx
    .selectFrom('transfers')
    .select('state')
    .where('id', '=', transfer)
    .executeTakeFirst()
  return new NocturneError(
    row?.state === 'available' ? 'already_claimed' : 'transfer_not_available',
  )
}
