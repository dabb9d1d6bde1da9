/**
 * Everything that is due by the clock: claims that expire, targets that approach or were missed,
 * and escalation steps.
 */
import type { EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import { endClaim, endableClaims } from './claim.js'
import { dueTargets } from './clock.js'
import { startEscalation, takeDueSteps } from './escalate.js'
import type { CasesParts } from './parts.js'
import { HELD_STATES } from './states.js'

/**
 * Runs one round, each kind in its own transaction. After a crash between two of them the rest is
 * still due.
 *
 * @returns the number of events recorded; 0 when nothing is due.
 */
export async function runDue(parts: CasesParts): Promise<number> {
  let done = 0
  await endOldClaims(parts)
  for (const work of [endClaims, noticeTargets, escalate]) {
    if (!(await isAnyDue(parts))) break
    done += await parts.ledger.recordAny((tx) => work(parts, tx))
  }
  return done
}

/** A claim from before claims expired gets the usual duration, starting now. */
async function endOldClaims({ state, now, claimMs }: CasesParts): Promise<void> {
  const old = await state.db
    .selectFrom('cases')
    .select('id')
    .where('state', 'in', HELD_STATES)
    .where('claim_until', 'is', null)
    .executeTakeFirst()
  if (!old) return
  await state.transaction((tx) =>
    tx
      .updateTable('cases')
      .set({ claim_until: now() + claimMs })
      .where('state', 'in', HELD_STATES)
      .where('claim_until', 'is', null)
      .execute(),
  )
}

/** Checked without the ledger's lock, since most of the time nothing is due. */
async function isAnyDue({ state: { db }, now, reads }: CasesParts): Promise<boolean> {
  const at = now()
  const held = await db
    .selectFrom('cases')
    .select(['claimed_by', 'group_id', 'claim_until'])
    .where('state', 'in', HELD_STATES)
    .execute()
  const isEndable = held.some(
    ({ claimed_by, group_id, claim_until }) =>
      (claim_until ?? 0) <= at || claimed_by === null || !reads(claimed_by, group_id),
  )
  if (isEndable) return true
  const target = await db
    .selectFrom('case_targets')
    .select('case_id')
    .where('met_at', 'is', null)
    .where('missed_at', 'is', null)
    .where('warn_at', '<=', at)
    .where((eb) => eb.or([eb('warned_at', 'is', null), eb('due_at', '<=', at)]))
    .executeTakeFirst()
  const step = await db
    .selectFrom('escalations')
    .select('id')
    .where('stopped_at', 'is', null)
    .where('next_at', '<=', at)
    .executeTakeFirst()
  return target !== undefined || step !== undefined
}

async function endClaims(parts: CasesParts, tx: Tx): Promise<readonly EventInput[]> {
  const now = parts.now()
  const events: EventInput[] = []
  for (const { row, reason } of await endableClaims(tx, now, parts.reads)) {
    const ending = { case: row.id, holder: row.claimed_by ?? '', actor: parts.system }
    events.push(...(await endClaim(tx, ending, reason, parts)).events)
    const { escalate: chain } = parts.rulesOf(row.group_id)
    await startEscalation(tx, { case: row.id }, chain, now)
  }
  return events
}

async function noticeTargets(parts: CasesParts, tx: Tx): Promise<readonly EventInput[]> {
  const events: EventInput[] = []
  for (const notice of await dueTargets(tx, parts.system, parts.now())) {
    events.push(notice.event)
    events.push(...(await parts.announce(tx, { what: 'target', row: notice.row, notice })))
  }
  return events
}

async function escalate(parts: CasesParts, tx: Tx): Promise<readonly EventInput[]> {
  const events: EventInput[] = []
  for (const step of await takeDueSteps(tx, parts.now()))
    events.push(...(await parts.announce(tx, { what: 'step', row: step.row, step })))
  return events
}
