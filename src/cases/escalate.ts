/**
 * Decides who is notified, and who is next as long as nobody reacts. The chain is copied into the
 * case when it starts. Each step writes a new fence, so that only one of two gateways takes it. The
 * last step does not end the escalation: it repeats and also notifies the operators, until somebody
 * acts.
 */
import { randomName, newId } from '../lib/ids.js'
import type { Tx } from '../state/index.js'
import type { CaseTable, EscalationTable } from '../state/night/index.js'

/** Recipients of a step's notifications; `person` is the ID of one person. */
export type Audience =
  | 'duty'
  | 'backup'
  | 'group'
  | 'coordinator'
  | 'operators'
  | 'facility'
  | { readonly person: string }

export interface EscalationStep {
  /** Milliseconds after the start. */
  readonly afterMs: number
  readonly audience: Audience
  /** Of the last step: how often it repeats; otherwise every ten minutes. */
  readonly repeatMs?: number
}

/** Used for a group that configures no chain. */
export const DEFAULT_CHAIN: readonly EscalationStep[] = [
  { afterMs: 0, audience: 'duty' },
  { afterMs: 5 * 60_000, audience: 'backup' },
  { afterMs: 10 * 60_000, audience: 'group' },
  { afterMs: 20 * 60_000, audience: 'coordinator' },
]

/** How often the last step repeats if it does not say. */
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

/** Somebody acted. A gateway that is taking a step at this moment fails to update the row. */
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
  /** Starts at 1, and keeps counting when the last step repeats. */
  readonly round: number
  /** The chain has ended and nobody has acted. */
  readonly isLast: boolean
}

const AT_ONCE = 50

/** Takes the steps that are due, and schedules the next step of each escalation. */
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
        // After an outage the gateway catches up one step per round.
        next_at: following
          ? Math.max(escalation.started_at + following.afterMs, now + 1)
          : now + (step.repeatMs ?? REPEAT_MS),
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
