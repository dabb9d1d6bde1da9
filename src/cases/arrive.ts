/**
 * How a transfer affects its case: when it arrives, and when a reader opens it. Both run inside the
 * transaction that changes the transfer.
 */
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import { NocturneError } from '../lib/errors.js'
import { meetTargets, startClock, stopClock } from './clock.js'
import { startEscalation, stopEscalation } from './escalate.js'
import { openCase } from './open.js'
import type { ArrivingTransfer } from './open.js'
import type { Asker, CasesParts } from './parts.js'
import { NO_CLAIM, aboutCase, caseWith, isHeld, stepCase, toBeRead } from './rows.js'
import { openPartsOf } from './share.js'
import { HELD_STATES, OPEN_STATES } from './states.js'

/** @throws NocturneError `case_mismatch`, `case_state` */
export async function arrive(
  parts: CasesParts,
  tx: Tx,
  actor: Actor,
  transfer: ArrivingTransfer,
): Promise<readonly EventInput[]> {
  const now = parts.now()
  const { row, startsClock, events } = await openCase(tx, actor, transfer, now)
  if (startsClock) {
    const { clock, escalate } = parts.rulesOf(row.group_id)
    await startClock(tx, row, clock, now)
    await startEscalation(tx, { case: row.id }, escalate, now)
  }
  // Late images of a case that a reader holds are held with it.
  if (isHeld(row) && row.claimed_by !== null && transfer.isAvailable)
    await parts.holdTransfers(tx, [transfer.id], { id: row.claimed_by, at: row.claimed_at ?? now })
  return events
}

/**
 * A reader has opened a transfer. At a site that closes cases on opening, opening the last transfer
 * closes the case. Elsewhere the case stays on the worklist until it is reported. The holder's
 * claim is renewed.
 */
export async function opened(
  parts: CasesParts,
  tx: Tx,
  { id: reader, actor }: Asker,
  transfer: string,
  closesCase: boolean,
): Promise<readonly EventInput[]> {
  const row = await caseWith(tx, transfer)
  if (!row) return []
  const now = parts.now()
  await extendClaims(tx, row, reader, now, parts.claimMs)
  if (!closesCase || !isOpen(row)) return []
  if (await parts.hasUnopened(tx, await toBeRead(tx, row.id))) return []
  // Opening everything does not report the parts that other readers have.
  if ((await openPartsOf(tx, row.id)).length > 0) return []
  const change = { ...NO_CLAIM, closed_at: now, closed_for: 'acknowledged' }
  const updated = await stepCase(tx, row, 'acknowledge', change)
  await meetTargets(tx, row.id, 'claim', now)
  await quiet(parts, tx, row.id)
  if (updated.state !== 'closed') return []
  await stopClock(tx, row.id)
  const about = aboutCase(updated, transfer, { reason: 'acknowledged' })
  return [{ type: 'case.closed', outcome: 0, actor, ...about }]
}

/**
 * A reader is about to be given part of a transfer, which renews the holder's claim. A recalled
 * case delivers nothing more.
 *
 * @throws NocturneError `transfer_not_available`
 */
export async function renewForFetch(
  parts: Pick<CasesParts, 'claimMs' | 'now'>,
  tx: Tx,
  reader: string,
  transfer: string,
): Promise<void> {
  const row = await caseWith(tx, transfer)
  if (row?.state === 'recalled') throw new NocturneError('transfer_not_available')
  if (row) await extendClaims(tx, row, reader, parts.now(), parts.claimMs)
}

/** Stops the escalation and withdraws pending notices: nobody needs to be told any more. */
export async function quiet(
  parts: Pick<CasesParts, 'withdraw' | 'now'>,
  tx: Tx,
  id: string,
): Promise<void> {
  await stopEscalation(tx, { case: id }, parts.now())
  await parts.withdraw(tx, id)
}

const isOpen = ({ state }: CaseTable): boolean => OPEN_STATES.some((one) => one === state)

/** The reader's claims on the case and on its parts, which have the same images. */
async function extendClaims(
  tx: Tx,
  { id }: CaseTable,
  reader: string,
  now: number,
  claimMs: number,
): Promise<void> {
  await tx
    .updateTable('cases')
    .set({ claim_until: now + claimMs })
    .where((eb) => eb.or([eb('id', '=', id), eb('part_of', '=', id)]))
    .where('claimed_by', '=', reader)
    .where('state', 'in', HELD_STATES)
    .where((eb) => eb.or([eb('claim_until', 'is', null), eb('claim_until', '>', now)]))
    .execute()
}
