/**
 * Discarding held items. The decision about all items of a statement and their events are one
 * transaction. The objects are deleted afterwards; if a crash comes in between, the sweep deletes
 * them.
 */
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { Actor, EventInput } from '../../ledger/log/index.js'
import { readDiscard } from '../../protocol/discard-statement.js'
import type { DiscardReason } from '../../protocol/discard-statement.js'
import type { QuarantineTable } from '../../state/tables/index.js'
import type { TransferRooms } from '../rooms.js'
import { removeDecided } from './held.js'
import { digestsOf, isDecisionAbout, rowsOf } from './signed.js'
import type { SignedStatement } from './signed.js'

export interface Discarded {
  /** Proof of the last of the events. */
  readonly receipt: string
}

/**
 * Without a signature, which is enough unless the facility names the people who may decide.
 *
 * @throws NocturneError `quarantine_not_held`, `discard_invalid`
 */
export async function discardHeld(
  rooms: TransferRooms,
  actor: Actor,
  held: QuarantineTable,
  reason: DiscardReason,
): Promise<Discarded> {
  const named = rooms.directory.facility(held.facility)?.releasedBy ?? []
  if (named.length > 0) throw new NocturneError('discard_invalid')
  return discard(rooms, actor, [held], { reason })
}

/**
 * Several items of one facility and group with one signed statement: all of them or none.
 *
 * @throws NocturneError `quarantine_not_held`, `discard_invalid`, `recipient_unusable`, `not_found`
 */
export async function discardSigned(
  rooms: TransferRooms,
  actor: Actor,
  transfer: { readonly facility: string; readonly group: string },
  signed: SignedStatement,
): Promise<Discarded> {
  const statement = readDiscard(signed.statement)
  if (!statement) throw new NocturneError('discard_invalid')
  const held = await rowsOf(rooms, transfer, statement.items)
  if (!(await isDecisionAbout(held, { ...statement, by: statement.by }, signed, rooms)))
    throw new NocturneError('discard_invalid')
  const { reason, by } = statement
  const detail = { reason, ...(by !== undefined && { by }), ...digestsOf(signed) }
  return discard(rooms, actor, held, detail)
}

async function discard(
  rooms: TransferRooms,
  actor: Actor,
  held: readonly QuarantineTable[],
  detail: Readonly<Record<string, string>>,
): Promise<Discarded> {
  const { receipts } = await rooms.ledger.record(async (tx) => {
    for (const { id } of held) {
      const { numUpdatedRows } = await tx
        .updateTable('quarantine')
        .set({ state: 'discarded', decided_at: rooms.now() })
        .where('id', '=', id)
        .where('state', '=', 'held')
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) throw new NocturneError('quarantine_not_held')
    }
    const [first, ...others] = held.map(({ facility, transfer, idx: item, code }): EventInput => ({
      ...{ type: 'item.discarded', outcome: 0, actor },
      ...{ facility, transfer, item },
      detail: { code, ...detail },
    }))
    if (!first) throw new NocturneError('quarantine_not_held')
    return { value: undefined, events: [first, ...others] }
  })
  await removeDecided(rooms).catch((error: unknown) =>
    rooms.logger.warn('a quarantined object could not be deleted; the sweep will', {
      code: asNocturneError(error).code,
    }),
  )
  const last = receipts.at(-1) ?? receipts[0]
  return { receipt: await rooms.ledger.proof(last.index) }
}
