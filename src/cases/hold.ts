/** Claim operations, as requested by clients. */
import { NocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import { quiet } from './arrive.js'
import type { CaseTable } from '../state/night/index.js'
import { endClaim, holderOf, renewClaim, takeClaim } from './claim.js'
import type { OverrideReason } from '../protocol/case-requests.js'
import type { Claiming, UnclaimReason } from './claim.js'
import { meetTargets } from './clock.js'
import { startEscalation } from './escalate.js'
import type { Asker, CasesParts } from './parts.js'
import { isHeldAt, readCase } from './rows.js'
import { recorded } from './recorded.js'
import type { CaseAnswer } from './recorded.js'

/**
 * The caller must have checked the proof.
 *
 * @throws NocturneError `already_claimed`, `case_state`
 */
export const claimCase = (
  parts: CasesParts,
  { id: holder, actor }: Asker,
  id: string,
  override?: OverrideReason,
): Promise<CaseAnswer> =>
  hold(parts, { case: id, holder, actor, ...(override !== undefined && { override }) })

/**
 * @throws NocturneError `not_a_reader` for a person who does not read for its group; `case_state`
 */
export const reassignCase = (
  parts: CasesParts,
  actor: Actor,
  id: string,
  to: string,
): Promise<CaseAnswer> => hold(parts, { case: id, holder: to, actor, isReassigned: true })

/**
 * Fails early, before a reader is asked for a proof that would be useless.
 *
 * @throws NocturneError `already_claimed`
 */
export function expectClaimable(
  { now }: Pick<CasesParts, 'now'>,
  row: CaseTable,
  override: OverrideReason | undefined,
): void {
  if (isHeldAt(row, now()) && override === undefined)
    throw new NocturneError('already_claimed', { subject: holderOf(row) })
}

async function hold(parts: CasesParts, claiming: Claiming): Promise<CaseAnswer> {
  return recorded(parts, async (tx) => {
    const before = await readCase(tx, claiming.case)
    if (!parts.reads(claiming.holder, before.group_id))
      throw new NocturneError('not_a_reader', { subject: before.group_id })
    const { row, events } = await takeClaim(tx, claiming, { ...parts, now: parts.now() })
    await meetTargets(tx, row.id, 'claim', parts.now())
    await quiet(parts, tx, row.id)
    const from = before.claimed_by
    const isTaken = claiming.override !== undefined && from !== null && from !== claiming.holder
    const told = isTaken ? await parts.announce(tx, { what: 'overridden', row, from }) : []
    return { row, events: [...events, ...told] }
  })
}

/** @throws NocturneError `not_claimed` */
export async function renewCase(
  parts: CasesParts,
  { id: holder }: Asker,
  id: string,
): Promise<{ readonly claimUntil: string }> {
  const until = await parts.state.transaction((tx) =>
    renewClaim(tx, id, holder, { claimMs: parts.claimMs, now: parts.now() }),
  )
  if (until === undefined) throw new NocturneError('not_claimed')
  return { claimUntil: new Date(until).toISOString() }
}

/**
 * The case waits again, and the escalation restarts from its first step.
 *
 * @throws NocturneError `not_claimed`
 */
export const releaseCase = (
  parts: CasesParts,
  { id: holder, actor }: Asker,
  id: string,
  reason: UnclaimReason,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const changed = await endClaim(tx, { case: id, holder, actor }, reason, parts)
    const { escalate } = parts.rulesOf(changed.row.group_id)
    await startEscalation(tx, { case: id }, escalate, parts.now())
    return changed
  })
