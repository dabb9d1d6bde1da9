/** Joins two cases into one, and splits a case into two: what is read together changes. */
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import { quiet } from './arrive.js'
import { startClock, stopClock } from './clock.js'
import { startEscalation } from './escalate.js'
import { holderOf } from './claim.js'
import { insertCase, moreUrgent } from './open.js'
import type { Asker, CasesParts } from './parts.js'
import { recorded } from './recorded.js'
import type { CaseAnswer } from './recorded.js'
import { expectUnshared } from './share.js'
import {
  NO_CLAIM,
  aboutCase,
  expectSamePatient,
  isHeld,
  isHeldAt,
  readCase,
  stepCase,
  transfersOf,
} from './rows.js'

/**
 * The transfers of `from` join the case, and `from` is closed. The images are unread there, so a
 * case that had its report waits again.
 *
 * @throws NocturneError `case_mismatch` for cases of another facility or group, or the same one;
 *   `case_other_patient`; `case_shared`; `already_claimed` when somebody else holds `from`;
 *   `case_state`
 */
export const joinCases = (
  parts: CasesParts,
  asker: Asker,
  id: string,
  from: string,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const now = parts.now()
    const [before, absorbed] = [await readCase(tx, id), await readCase(tx, from)]
    expectSameStudy(before, absorbed)
    await expectUnshared(tx, before, absorbed)
    expectUnheld(absorbed, asker, now)
    const moved = await transfersOf(tx, from)
    await expectComplete(parts, tx, moved)
    const closing = { ...NO_CLAIM, closed_at: now, closed_for: 'joined' }
    const closed = await stepCase(tx, absorbed, 'join', closing)
    await stopClock(tx, from)
    await quiet(parts, tx, from)
    await moveAll(tx, moved, id, now)
    await moveNotes(tx, from, id)
    const row = await take(parts, tx, before, absorbed, moved)
    const { actor } = asker
    const events = movedEvents(actor, moved, closed, row)
    const detail = { reason: 'joined', into: row.code }
    const about = aboutCase(closed, moved[0], detail)
    return { row, events: [{ type: 'case.closed', outcome: 0, actor, ...about }, ...events] }
  })

/** What the moved transfers change about the case that takes them. */
async function take(
  parts: CasesParts,
  tx: Tx,
  before: CaseTable,
  absorbed: CaseTable,
  moved: readonly string[],
): Promise<CaseTable> {
  const now = parts.now()
  const modalities = [before.modality, absorbed.modality].flatMap((one) => one?.split(',') ?? [])
  const row = await stepCase(tx, before, 'deliver', {
    priority: moreUrgent(before.priority, absorbed.priority),
    modality: [...new Set(modalities)].sort().slice(0, 8).join(',') || null,
    available_at: Math.min(before.available_at ?? now, absorbed.available_at ?? now),
    patient: before.patient ?? absorbed.patient,
    ...{ closed_at: null, closed_for: null, contents_expired_at: null, reports_expired_at: null },
  })
  const { claimed_by: holder, claimed_at: at } = row
  const isKept = isHeld(row) && holder !== null
  await parts.holdTransfers(tx, moved, isKept ? { id: holder, at: at ?? now } : undefined)
  const { clock, escalate } = parts.rulesOf(row.group_id)
  const isReopened = row.state === 'waiting' && before.state !== 'waiting'
  // Images of a case that waited do not gain time by joining one that was read.
  if (isReopened) await startClock(tx, row, clock, absorbed.available_at ?? now)
  else if (row.priority !== before.priority)
    await startClock(tx, row, clock, row.available_at ?? now)
  if (isReopened) await startEscalation(tx, { case: row.id }, escalate, now)
  return row
}

/**
 * Some of the transfers become a case of their own, with a code of its own, which another reader
 * may claim. Its clock counts from the same moment as before.
 *
 * @throws NocturneError `case_mismatch` unless the transfers are some of its own, but not all;
 *   `case_shared`; `already_claimed` when somebody else holds the case; `transfer_not_available`,
 *   `case_state`
 */
export const splitCase = (
  parts: CasesParts,
  asker: Asker,
  id: string,
  transfers: readonly string[],
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const now = parts.now()
    const before = await readCase(tx, id)
    await expectUnshared(tx, before)
    const own = await transfersOf(tx, id)
    const moved = own.filter((one) => transfers.includes(one))
    if (moved.length !== new Set(transfers).size || moved.length === own.length)
      throw new NocturneError('case_mismatch')
    expectUnheld(before, asker, now)
    await expectComplete(parts, tx, moved)
    const rest = await stepCase(tx, before, 'split')
    const row = await insertCase(tx, {
      ...{ facility: before.facility, group: before.group_id, priority: before.priority },
      ...{ patient: before.patient ?? undefined, modality: before.modality, now },
      availableAt: before.available_at ?? now,
    })
    await move(tx, moved, row.id, now)
    await parts.holdTransfers(tx, moved, undefined)
    const { clock, escalate } = parts.rulesOf(row.group_id)
    await startClock(tx, row, clock, row.available_at ?? now)
    await startEscalation(tx, { case: row.id }, escalate, now)
    const { actor } = asker
    const opened = { priority: row.priority, state: row.state, from: rest.code }
    const events = movedEvents(actor, moved, rest, row)
    const about = aboutCase(row, moved[0], opened)
    return { row, events: [{ type: 'case.opened', outcome: 0, actor, ...about }, ...events] }
  })

const movedEvents = (
  actor: Actor,
  moved: readonly string[],
  from: CaseTable,
  to: CaseTable,
): readonly EventInput[] =>
  moved.map((transfer) => {
    const detail = { joining: 'moved', from: from.code, state: to.state }
    return { type: 'case.joined', outcome: 0, actor, ...aboutCase(to, transfer, detail) }
  })

function expectSameStudy(one: CaseTable, other: CaseTable): void {
  const isFitting =
    one.id !== other.id && one.facility === other.facility && one.group_id === other.group_id
  if (!isFitting) throw new NocturneError('case_mismatch')
  expectSamePatient(one, other)
}

function expectUnheld(row: CaseTable, asker: Asker, now: number): void {
  if (isHeldAt(row, now) && row.claimed_by !== asker.id)
    throw new NocturneError('already_claimed', { subject: holderOf(row) })
}

/** A transfer to which items are still being added cannot change its case. */
async function expectComplete(
  { isAnyArriving }: CasesParts,
  tx: Tx,
  transfers: readonly string[],
): Promise<void> {
  if (await isAnyArriving(tx, transfers)) throw new NocturneError('transfer_not_available')
}

async function moveNotes(tx: Tx, from: string, to: string): Promise<void> {
  await tx.updateTable('case_notes').set({ case_id: to }).where('case_id', '=', from).execute()
}

/** A prior study of a case is one of the case that takes its transfers, too. */
async function moveAll(tx: Tx, transfers: readonly string[], to: string, now: number) {
  const priors = await tx
    .updateTable('case_transfers')
    .set({ case_id: to, joined_at: now })
    .where('transfer', 'in', transfers)
    .where('joining', '=', 'prior')
    .returning('transfer')
    .execute()
  const others = transfers.filter((one) => !priors.some(({ transfer }) => transfer === one))
  await move(tx, others, to, now)
}

async function move(tx: Tx, transfers: readonly string[], to: string, now: number): Promise<void> {
  await tx
    .updateTable('case_transfers')
    .set({ case_id: to, joining: 'moved', joined_at: now })
    .where('transfer', 'in', transfers)
    .execute()
}
