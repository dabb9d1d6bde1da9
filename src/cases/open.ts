/** Assigns a transfer to its case, inside the transaction that makes the transfer visible. */
import { newCaseCode } from '../lib/case-code.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Priority, Tx } from '../state/index.js'
import type { Joining } from '../state/night/index.js'
import type { CaseTable } from '../state/night/index.js'
import { aboutCase, caseWith, readCase, stepCase, transfersOf, wholeOf } from './rows.js'
import type { CaseChange } from './rows.js'

export interface ArrivingTransfer {
  readonly id: string
  readonly facility: string
  readonly group: string
  readonly priority: Priority
  /** Readers can fetch it; otherwise more items are to come. */
  readonly isAvailable: boolean
  /** Keyed handle of the patient, if the transfer names exactly one. */
  readonly patient: string | undefined
  /** DICOM modalities of its images. */
  readonly modalities: readonly string[]
  /** The case to which it was sent. */
  readonly joins?: { readonly case: string; readonly joining: Joining }
  /**
   * The transfer from whose quarantine it was released. It joins that transfer's case, as long as
   * the case still accepts transfers.
   */
  readonly releasedFrom?: string
  /**
   * The transfer of the study that this prior one was asked for. It joins that transfer's case and
   * changes nothing else about it: it starts no clock and reopens nothing.
   */
  readonly priorOf?: string
}

export interface Opened {
  readonly row: CaseTable
  /**
   * This transfer made the case ready to be read, or to be read again, so its clock and escalation
   * start.
   */
  readonly startsClock: boolean
  readonly events: readonly EventInput[]
}

const URGENCY: Readonly<Record<Priority, number>> = { stat: 0, urgent: 1, routine: 2 }
export const moreUrgent = (a: Priority, b: Priority): Priority => (URGENCY[a] <= URGENCY[b] ? a : b)

/**
 * Returns the case that the transfer already has, joins, or starts. A late transfer can make a case
 * more urgent, never less.
 *
 * @throws NocturneError `case_mismatch` for a case of another facility or group; `case_state` for
 *   one that accepts no more transfers.
 */
export async function openCase(
  tx: Tx,
  actor: Actor,
  transfer: ArrivingTransfer,
  now: number,
): Promise<Opened> {
  const has = await caseWith(tx, transfer.id)
  const joins =
    transfer.joins ?? (await caseOfHeld(tx, transfer)) ?? (await caseOfPrior(tx, transfer))
  const isMoved = has && joins && (await movesFrom(tx, has, joins.case))
  const left = isMoved ? [await leave(tx, actor, has, transfer.id, now)] : []
  if (has && left.length === 0) return extend(tx, has, transfer, now)
  if (joins) {
    const joined = await join(tx, actor, transfer, joins, now)
    return { ...joined, events: [...left, ...joined.events] }
  }
  const row = await insertCase(tx, {
    ...transfer,
    ...{ modality: modalitiesOf(transfer.modalities), now },
    availableAt: transfer.isAvailable ? now : undefined,
  })
  await link(tx, row.id, transfer.id, 'first', now)
  const detail = { priority: row.priority, state: row.state }
  const events = [
    {
      type: 'case.opened' as const,
      outcome: 0 as const,
      actor,
      ...aboutCase(row, transfer.id, detail),
    },
  ]
  return { row, startsClock: transfer.isAvailable, events }
}

/** A release must not fail because of the state of its case: it then starts a case of its own. */
async function caseOfHeld(
  tx: Tx,
  { releasedFrom, facility, group }: ArrivingTransfer,
): Promise<ArrivingTransfer['joins']> {
  const held = releasedFrom === undefined ? undefined : await caseWith(tx, releasedFrom)
  const takesIt =
    held?.facility === facility && held.group_id === group && held.state !== 'recalled'
  return held && takesIt ? { case: held.id, joining: 'released' } : undefined
}

async function caseOfPrior(
  tx: Tx,
  { priorOf }: ArrivingTransfer,
): Promise<ArrivingTransfer['joins']> {
  const own = priorOf === undefined ? undefined : await caseWith(tx, priorOf)
  return own && { case: own.id, joining: 'prior' }
}

async function join(
  tx: Tx,
  actor: Actor,
  transfer: ArrivingTransfer,
  { case: id, joining }: NonNullable<ArrivingTransfer['joins']>,
  now: number,
): Promise<Opened> {
  const named = await readCase(tx, id)
  // A part has no transfers of its own.
  const row = named.part_of === null ? named : await readCase(tx, wholeOf(named))
  if (row.facility !== transfer.facility || row.group_id !== transfer.group)
    throw new NocturneError('case_mismatch')
  await link(tx, row.id, transfer.id, joining, now)
  const extended =
    joining === 'prior'
      ? { row, startsClock: false, events: [] }
      : await extend(tx, row, transfer, now)
  const detail = { joining, state: extended.row.state }
  const event: EventInput = {
    type: 'case.joined',
    outcome: 0,
    actor,
    ...aboutCase(extended.row, transfer.id, detail),
  }
  return { ...extended, events: [event, ...extended.events] }
}

/**
 * Whether the case exists only for one open transfer, which has turned out to belong to another
 * case.
 */
const movesFrom = async (tx: Tx, { id, state }: CaseTable, to: string): Promise<boolean> =>
  id !== to && state === 'arriving' && (await transfersOf(tx, id)).length === 1

/**
 * A transfer that had its own case while it was open has turned out to repeat what another case
 * contains: its own case is closed as a duplicate.
 */
async function leave(
  tx: Tx,
  actor: Actor,
  row: CaseTable,
  transfer: string,
  now: number,
): Promise<EventInput> {
  await tx.deleteFrom('case_transfers').where('transfer', '=', transfer).execute()
  const closed = await stepCase(tx, row, 'close', { closed_at: now, closed_for: 'duplicate' })
  const about = aboutCase(closed, transfer, { reason: 'duplicate' })
  return { type: 'case.closed', outcome: 0, actor, ...about }
}

/** Adds another transfer to the case, or its open transfer that became available. */
async function extend(
  tx: Tx,
  row: CaseTable,
  transfer: ArrivingTransfer,
  now: number,
): Promise<Opened> {
  if (!transfer.isAvailable)
    return { row: await stepCase(tx, row, 'arrive'), startsClock: false, events: [] }
  const change: CaseChange = {
    priority: moreUrgent(row.priority, transfer.priority),
    modality: modalitiesOf([...(row.modality?.split(',') ?? []), ...transfer.modalities]),
    available_at: row.available_at ?? now,
    // A case with two patients names neither: a search by patient must not return a case that is
    // only half theirs.
    patient:
      row.available_at === null || row.patient === transfer.patient
        ? (transfer.patient ?? null)
        : null,
    closed_at: null,
    closed_for: null,
    contents_expired_at: null,
    reports_expired_at: null,
  }
  const updated = await stepCase(tx, row, 'deliver', change)
  const isNew = updated.state === 'waiting' && row.state !== 'waiting'
  return { row: updated, startsClock: isNew, events: [] }
}

export interface NewCase extends Pick<
  ArrivingTransfer,
  'facility' | 'group' | 'priority' | 'patient'
> {
  readonly modality: string | null
  /** Undefined while nothing in it can be read. */
  readonly availableAt: number | undefined
  readonly now: number
  /** A body region of another case; without it, the case is a whole one. */
  readonly part?: { readonly of: string; readonly region: string; readonly to: string | undefined }
}

export async function insertCase(tx: Tx, made: NewCase): Promise<CaseTable> {
  const { now, availableAt } = made
  return tx
    .insertInto('cases')
    .values({
      id: newId(now),
      code: await unusedCode(tx),
      part_of: made.part?.of ?? null,
      region: made.part?.region ?? null,
      shared_to: made.part?.to ?? null,
      facility: made.facility,
      group_id: made.group,
      priority: made.priority,
      state: availableAt === undefined ? 'arriving' : 'waiting',
      report: null,
      modality: made.modality,
      patient: made.patient ?? null,
      created_at: now,
      available_at: availableAt ?? null,
      first_claimed_at: null,
      claimed_by: null,
      lapsed_from: null,
      claimed_at: null,
      claim_until: null,
      reported_by: null,
      reported_at: null,
      closed_at: null,
      closed_for: null,
      contents_expired_at: null,
      reports_expired_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Ledger transactions are serialized, so a code that is unused now is still unused at the insert.
 */
async function unusedCode(tx: Tx): Promise<string> {
  for (;;) {
    const code = newCaseCode()
    const taken = await tx
      .selectFrom('cases')
      .select('id')
      .where('code', '=', code)
      .executeTakeFirst()
    if (!taken) return code
  }
}

async function link(
  tx: Tx,
  id: string,
  transfer: string,
  joining: Joining,
  now: number,
): Promise<void> {
  await tx
    .insertInto('case_transfers')
    .values({ transfer, case_id: id, joining, joined_at: now })
    .execute()
}

/** DICOM codes have at most 16 characters; anything else is dropped, and at most eight are kept. */
const MODALITY = /^[A-Z0-9_ ]{1,16}$/
const MAX_MODALITIES = 8

function modalitiesOf(all: readonly string[]): string | null {
  const kept = [...new Set(all)].filter((one) => MODALITY.test(one)).sort()
  return kept.length === 0 ? null : kept.slice(0, MAX_MODALITIES).join(',')
}
