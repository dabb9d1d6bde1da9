/** The rows of invitations, read and written under the site's MAC. */
import { ANONYMOUS } from '../../lib/actors.js'
import type { Actor, EventInput } from '../../ledger/log/index.js'
import type { RowGuard } from '../../ledger/rows/index.js'
import type { Db, Tx } from '../../state/index.js'
import type { InvitationTable } from '../../state/enrolment/index.js'
import type { InvitationParts } from './contract.js'

/** After so many failed attempts a link ends. */
export const MOST_TRIES = 10

/** Those that are neither confirmed nor ended. */
export async function pending(
  { guard }: Pick<InvitationParts, 'guard'>,
  db: Db | Tx,
): Promise<readonly InvitationTable[]> {
  const rows: InvitationTable[] = await db
    .selectFrom('invitations')
    .selectAll()
    .where('state', 'in', ['open', 'answered'])
    .orderBy('id')
    .execute()
  return guard.sift('invitations', rows, ({ id }) => id)
}

/** As it is in this transaction. */
export async function stateOf(
  tx: Tx,
  { id }: Pick<InvitationTable, 'id'>,
): Promise<InvitationTable['state'] | undefined> {
  const current = await tx
    .selectFrom('invitations')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirst()
  return current?.state
}

/** The last attempt ends the invitation, which the operator sees in the ledger. */
export async function countTry(
  parts: Pick<InvitationParts, 'ledger' | 'state' | 'guard'>,
  row: InvitationTable,
): Promise<void> {
  await parts.state.transaction((tx) =>
    tx
      .updateTable('invitations')
      .set((e) => ({ tries: e('tries', '+', 1) }))
      .where('id', '=', row.id)
      .execute(),
  )
  if (row.tries + 1 < MOST_TRIES) return
  await parts.ledger.record(async (tx) => ({
    value: undefined,
    events: [
      await endInvitation(parts, tx, { row, actor: ANONYMOUS, reason: 'too many attempts' }),
    ],
  }))
}

export async function endInvitation(
  { guard }: Pick<InvitationParts, 'guard'>,
  tx: Tx,
  ended: { readonly row: InvitationTable; readonly actor: Actor; readonly reason: string },
): Promise<EventInput> {
  const { row, actor, reason } = ended
  await writeState(guard, tx, { ...row, state: 'ended' })
  const detail = { principal: row.principal, reason }
  return { type: 'invitation.ended', outcome: 0, actor, related: row.id, detail }
}

/** Writes what may change of an invitation, under a new MAC. */
export async function writeState(guard: RowGuard, tx: Tx, changed: InvitationTable): Promise<void> {
  const { state, certificate, fingerprint, mac } = guard.seal('invitations', changed)
  await tx
    .updateTable('invitations')
    .set({ state, certificate, fingerprint, mac })
    .where('id', '=', changed.id)
    .execute()
}
