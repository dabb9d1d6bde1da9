/**
 * Who is told, and who next while nobody reacts. The chain is frozen into the case as it starts.
 * Each step writes a new fence, so that of two gateways one takes it. After its last step it does
 * not fall silent: that step repeats, and operators are told as well, until somebody acts.
 */
import { randomName, newId } from '../lib/ids.js'
import type { Tx } from '../state/index.js'
import type { CaseTable, EscalationTable } from '../state/night/index.js'

/** Who a step tells. A person's id stands for that person. */
export type Audience =
  'duty' | 'backup' | 'group' | 'operators' | 'facility' | { readonly person: string }

export interface EscalationStep {
  /** After the start, in milliseconds. */
  readonly afterMs: number
  readonly audience: Audience
}

/** A chain that a group does not configure. */
export const DEFAULT_CHAIN: readonly EscalationStep[] = [
  { afterMs: 0, audience: 'duty' },
  { afterMs: 5 * 60_000, audience: 'backup' },
  { afterMs: 10 * 60_000, audience: 'group' },
  { afterMs: 20 * 60_000, audience: 'operators' },
]

/** How often the last step repeats; at most. */
const REPEAT_MS = 10 * 60_000

export async function startEscalation(
  tx: Tx,
  about: { readonly case: string; readonly critical?: string },
  chain: readonly EscalationStep[],
  now: number,
): Promise<string> {
  const steps = (chain.length > 0 ? chain : DEFAULT_CHAIN).toSorted((a, b) => a.afterMs - b.afterMs)
  await stopEscalation(tx, about, now)
  const id = newId(now)
  await tx
    .insertInto('escalations')
    .values({
      id,
      case_id: about.case,
      critical: about.critical ?? null,
      chain: JSON.stringify(steps),
      step: 0,
      fence: randomName(),
      next_at: now + (steps[0]?.afterMs ?? 0),
      started_at: now,
      stopped_at: null,
    })
    .execute()
  return id
}

/** Somebody acted. Steps that are under way find no row of theirs. */
export async function stopEscalation(
  tx: Tx,
  about: { readonly case: string; readonly critical?: string },
  now: number,
): Promise<void> {
  await tx
    .updateTable('escalations')
    .set({ stopped_at: now, fence: '' })
    .where('case_id', '=', about.case)
    .where('critical', about.critical === undefined ? 'is' : '=', about.critical ?? null)
    .where('stopped_at', 'is', null)
    .execute()
}

export interface DueStep {
  readonly escalation: EscalationTable
  readonly row: CaseTable
  readonly audience: Audience
  /** From 1; counts on when the last step repeats. */
  readonly round: number
  /** The chain is at its end, and nobody has acted. */
  readonly isLast: boolean
}

const AT_ONCE = 50

/** Steps whose time has come, taken: the next one of each is due later. */
export async function takeDueSteps(tx: Tx, now: number): Promise<readonly DueStep[]> {
  const due = await tx
    .selectFrom('escalations')
    .selectAll()
    .where('stopped_at', 'is', null)
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(AT_ONCE)
    .execute()
  const taken: DueStep[] = []
  for (const escalation of due) {
    const chain = JSON.parse(escalation.chain) as readonly EscalationStep[]
    const at = Math.min(escalation.step, chain.length - 1)
    const step = chain[at]
    if (!step) continue
    const following = chain[escalation.step + 1]
    const { numUpdatedRows } = await tx
      .updateTable('escalations')
      .set({
        step: escalation.step + 1,
        fence: randomName(),
        // A gateway that was away catches up one step at a time, one per round.
        next_at: following
          ? Math.max(escalation.started_at + following.afterMs, now + 1)
          : now + REPEAT_MS,
      })
      .where('id', '=', escalation.id)
      .where('fence', '=', escalation.fence)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) continue
    const row = await tx
      .selectFrom('cases')
      .selectAll()
      .where('id', '=', escalation.case_id)
      .executeTakeFirstOrThrow()
    taken.push({
      escalation,
      row,
      audience: step.audience,
      round: escalation.step + 1,
      isLast: !following,
    })
  }
  return taken
}
