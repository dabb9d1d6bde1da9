/** What a reader leaves to the next one, as far as it is about cases. */
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Db, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import { endClaim } from './claim.js'
import { startEscalation } from './escalate.js'
import type { CasesParts } from './parts.js'
import { HELD_STATES } from './states.js'

export interface OpenMatters {
  /** Held by the reader. */
  readonly claimed: readonly CaseTable[]
  readonly waiting: readonly CaseTable[]
  /** Without a final report, and held by nobody. */
  readonly preliminary: readonly CaseTable[]
}

const MAX_CASES = 1_000

export async function openMatters(db: Db, group: string, reader: string): Promise<OpenMatters> {
  const rows = await db
    .selectFrom('cases')
    .selectAll()
    .where('group_id', '=', group)
    .where('state', 'in', ['waiting', 'preliminary', ...HELD_STATES])
    .orderBy('available_at')
    .limit(MAX_CASES)
    .execute()
  return {
    claimed: rows.filter(({ claimed_by }) => claimed_by === reader),
    waiting: rows.filter(({ state }) => state === 'waiting'),
    preliminary: rows.filter(({ state }) => state === 'preliminary'),
  }
}

/** Ends all claims of a reader in a group; their cases wait, and are escalated again. */
export async function endClaimsOf(
  parts: CasesParts,
  tx: Tx,
  {
    reader,
    group,
    actor,
  }: { readonly reader: string; readonly group: string; readonly actor: Actor },
): Promise<readonly EventInput[]> {
  const rows = await tx
    .selectFrom('cases')
    .select('id')
    .where('group_id', '=', group)
    .where('claimed_by', '=', reader)
    .where('state', 'in', HELD_STATES)
    .execute()
  const events: EventInput[] = []
  for (const { id } of rows) {
    const ending = { case: id, holder: reader, actor }
    events.push(...(await endClaim(tx, ending, 'handed-over', parts)).events)
    await startEscalation(tx, { case: id }, parts.rulesOf(group).escalate, parts.now())
  }
  return events
}
