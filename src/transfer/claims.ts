/**
 * Changes that readers make to an available transfer. They run inside the caller's transaction,
 * together with the event.
 */
import { NocturneError } from '../lib/errors.js'
import type { Tx } from '../state/index.js'

/**
 * Marks the available transfers of a case as held by the reader that holds the case, or as free.
 */
export async function holdTransfers(
  tx: Tx,
  transfers: readonly string[],
  holder: { readonly id: string; readonly at: number } | undefined,
): Promise<void> {
  if (transfers.length === 0) return
  await tx
    .updateTable('transfers')
    .set({ claimed_by: holder?.id ?? null, claimed_at: holder?.at ?? null })
    .where('id', 'in', transfers)
    .where('state', '=', 'available')
    .execute()
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
