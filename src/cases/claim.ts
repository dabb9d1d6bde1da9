/** A reader's exclusive claim on a case: taken with proof, and expiring automatically. */
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { OverrideReason } from '../protocol/case-requests.js'
import { NO_CLAIM, aboutCase, isHeld, isHeldAt, readCase, stepCase, transfersOf } from './rows.js'
import { HELD_STATES } from './states.js'

/** Why a claim ended without a report. */
export type UnclaimReason = 'given-back' | 'handed-over' | 'cannot-open' | 'expired' | 'left-group'

/** Marks the transfers of a case as held or free; implemented by the transfer room. */
export type HoldTransfers = (
  tx: Tx,
  transfers: readonly string[],
  holder: { readonly id: string; readonly at: number } | undefined,
) => Promise<void>

export interface ClaimParts {
  readonly holdTransfers: HoldTransfers
  /** How long a claim lasts without activity, in milliseconds. */
  readonly claimMs: number
  readonly now: number
}

export interface Claiming {
  readonly case: string
  /** The reader who will hold the claim. */
  readonly holder: string
  /** The person who requests it: the holder, or a coordinator who reassigns the case. */
  readonly actor: Actor
  /** Takes the claim from a holder whose claim has not expired. */
  readonly override?: OverrideReason
  /** A coordinator assigns the case to the holder. */
  readonly isReassigned?: boolean
}

export interface Changed {
  readonly row: CaseTable
  readonly events: readonly [EventInput, ...EventInput[]]
}

/**
 * The caller must have verified that the holder can open the case. Of any number of concurrent
 * claims, one succeeds. A second claim by the present holder is refused too: renewing has its own
 * request.
 *
 * @throws NocturneError `already_claimed` naming the holder; `case_state`
 */
export async function takeClaim(tx: Tx, claiming: Claiming, parts: ClaimParts): Promise<Changed> {
  const { holder, actor, override } = claiming
  const { now } = parts
  const row = await readCase(tx, claiming.case)
  const isTaken = isHeldAt(row, now)
  const mayTake =
    (override !== undefined || claiming.isReassigned === true) && row.claimed_by !== holder
  if (isTaken && !mayTake) throw new NocturneError('already_claimed', { subject: holderOf(row) })
  const updated = await stepCase(tx, row, 'claim', {
    claimed_by: holder,
    claimed_at: now,
    claim_until: now + parts.claimMs,
    first_claimed_at: row.first_claimed_at ?? now,
    lapsed_from: null,
  })
  const transfers = await transfersOf(tx, row.id)
  await markHeld(parts, tx, row, transfers, { id: holder, at: now })
  const how = howOf(row, claiming, isTaken)
  const detail = {
    how,
    holder,
    until: new Date(now + parts.claimMs).toISOString(),
    ...(isHeld(row) && row.claimed_by !== holder && { from: row.claimed_by }),
    ...(override !== undefined && isTaken && { reason: override }),
  }
  const events = eventsOf(
    updated,
    transfers,
    { type: 'transfer.claimed', outcome: 0, actor },
    detail,
  )
  // The claim of a case that is free again may still be a take-over, if a colleague's expired.
  const from = formerHolder(row, holder)
  const passed = how === 'free' && from !== undefined ? 'taken-over' : how
  if (passed === 'free') return { row: updated, events }
  const about = { ...detail, how: passed, ...(from !== undefined && { from }) }
  const taken: EventInput = {
    type: `claim.${passed}`,
    outcome: passed === 'overridden' ? 4 : 0,
    actor,
    ...aboutCase(updated, transfers[0], about),
  }
  return { row: updated, events: [...events, taken] }
}

/** The reader whose claim this one replaces, held or expired; undefined if it is their own. */
function formerHolder(row: CaseTable, holder: string): string | undefined {
  const from = (isHeld(row) ? row.claimed_by : row.lapsed_from) ?? undefined
  return from === holder ? undefined : from
}

function howOf(
  row: CaseTable,
  { isReassigned }: Claiming,
  isTaken: boolean,
): 'free' | 'overridden' | 'reassigned' | 'taken-over' {
  if (isReassigned === true) return 'reassigned'
  if (isTaken) return 'overridden'
  return isHeld(row) ? 'taken-over' : 'free'
}

/**
 * Extends a claim after activity: a download, or a request to renew. Records no event.
 *
 * @returns the new expiry; undefined when the case is not claimed.
 */
export async function renewClaim(
  tx: Tx,
  id: string,
  holder: string,
  { claimMs, now }: Pick<ClaimParts, 'claimMs' | 'now'>,
): Promise<number | undefined> {
  const until = now + claimMs
  const { numUpdatedRows } = await tx
    .updateTable('cases')
    .set({ claim_until: until })
    .where('id', '=', id)
    .where('claimed_by', '=', holder)
    .where('state', 'in', HELD_STATES)
    .where('claim_until', '>', now)
    .executeTakeFirst()
  return numUpdatedRows === 1n ? until : undefined
}

/** @throws NocturneError `not_claimed` */
export async function endClaim(
  tx: Tx,
  ending: { readonly case: string; readonly holder: string; readonly actor: Actor },
  reason: UnclaimReason,
  { holdTransfers }: Pick<ClaimParts, 'holdTransfers'>,
): Promise<Changed> {
  const row = await readCase(tx, ending.case)
  if (!isHeld(row) || row.claimed_by !== ending.holder) throw new NocturneError('not_claimed')
  const isLapsed = reason === 'expired' || reason === 'left-group'
  const lapsed_from = isLapsed ? ending.holder : null
  const updated = await stepCase(tx, row, 'unclaim', { ...NO_CLAIM, lapsed_from })
  const transfers = await transfersOf(tx, row.id)
  await markHeld({ holdTransfers }, tx, row, transfers, undefined)
  const detail = { reason, holder: ending.holder }
  const events = eventsOf(
    updated,
    transfers,
    {
      type: 'transfer.released',
      outcome: reason === 'given-back' || reason === 'handed-over' ? 0 : 4,
      actor: ending.actor,
    },
    detail,
  )
  return { row: updated, events }
}

/** The transfers of a part stay with whoever holds the whole case. */
export async function markHeld(
  { holdTransfers }: Pick<ClaimParts, 'holdTransfers'>,
  tx: Tx,
  { part_of: whole }: Pick<CaseTable, 'part_of'>,
  ...held: [transfers: readonly string[], holder: Parameters<HoldTransfers>[2]]
): Promise<void> {
  if (whole === null) await holdTransfers(tx, ...held)
}

/** A claim to end, and why. */
export interface Endable {
  readonly row: CaseTable
  readonly reason: UnclaimReason
}

/**
 * Claims that have expired, and claims of people who no longer read for the group; at most 100 at a
 * time.
 */
export async function endableClaims(
  tx: Tx,
  now: number,
  reads: (person: string, group: string) => boolean,
): Promise<readonly Endable[]> {
  const rows = await tx
    .selectFrom('cases')
    .selectAll()
    .where('state', 'in', HELD_STATES)
    .orderBy('claim_until')
    .execute()
  const ended: Endable[] = []
  for (const row of rows) {
    if (!isHeldAt(row, now)) ended.push({ row, reason: 'expired' })
    else if (row.claimed_by === null || !reads(row.claimed_by, row.group_id))
      ended.push({ row, reason: 'left-group' })
  }
  return ended.slice(0, 100)
}

/** For example `reader-1 until 2026-…`: a name from the configuration, and a time. */
export const holderOf = ({ claimed_by, claim_until }: CaseTable): string =>
  [
    claimed_by ?? '',
    ...(claim_until === null ? [] : [`until ${new Date(claim_until).toISOString()}`]),
  ].join(' ')

function eventsOf(
  row: CaseTable,
  transfers: readonly string[],
  common: Pick<EventInput, 'type' | 'outcome' | 'actor'>,
  detail: NonNullable<EventInput['detail']>,
): readonly [EventInput, ...EventInput[]] {
  const [first, ...others] = transfers
  const of = (transfer: string | undefined): EventInput => ({
    ...common,
    ...aboutCase(row, transfer, detail),
  })
  return [of(first), ...others.map(of)]
}
