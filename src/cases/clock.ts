/**
 * The clock of a case: what must happen by when. Targets are fixed when it starts, and each is
 * eventually met or missed.
 */
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Priority, Tx } from '../state/index.js'
import type { CaseTable, CaseTargetTable, TargetKind } from '../state/night/index.js'
import { aboutCase, transfersOf } from './rows.js'

/** One line of a group's `clock`, such as `stat CT: 20m to preliminary`. */
export interface ClockTarget {
  readonly priority: Priority
  /** DICOM modality; a target for one takes precedence over the target for all. */
  readonly modality?: string
  readonly kind: TargetKind
  /** Counted from when the case becomes available, in milliseconds. */
  readonly withinMs: number
}

/** The warning that a target is approaching is due after this share of its time. */
const WARN_SHARE = 0.75

/**
 * The targets that apply: for each kind, the one for the case's modality, otherwise the one for
 * every modality.
 */
export function targetsFor(
  clock: readonly ClockTarget[],
  { priority, modality }: Pick<CaseTable, 'priority' | 'modality'>,
): readonly ClockTarget[] {
  const modalities = modality?.split(',') ?? []
  const fitting = clock.filter(
    (one) =>
      one.priority === priority &&
      (one.modality === undefined || modalities.includes(one.modality)),
  )
  const kinds = new Set(fitting.map(({ kind }) => kind))
  return [...kinds].flatMap((kind) => {
    const of = fitting.filter((one) => one.kind === kind)
    const exact = of.filter((one) => one.modality !== undefined)
    const shortest = (exact.length > 0 ? exact : of).toSorted((a, b) => a.withinMs - b.withinMs)[0]
    return shortest ? [shortest] : []
  })
}

/** Starts the clock, or restarts it for images that arrived after the report. */
export async function startClock(
  tx: Tx,
  row: CaseTable,
  clock: readonly ClockTarget[],
  now: number,
): Promise<void> {
  await tx.deleteFrom('case_targets').where('case_id', '=', row.id).execute()
  const targets = targetsFor(clock, row)
  if (targets.length === 0) return
  await tx
    .insertInto('case_targets')
    .values(
      targets.map(({ kind, withinMs }) => ({
        case_id: row.id,
        kind,
        started_at: now,
        warn_at: now + Math.floor(withinMs * WARN_SHARE),
        due_at: now + withinMs,
        warned_at: null,
        met_at: null,
        missed_at: null,
      })),
    )
    .execute()
}

/** The targets that a step of a case meets: a final report also counts as a preliminary one. */
const MEETS: Readonly<Record<TargetKind, readonly TargetKind[]>> = {
  claim: ['claim'],
  preliminary: ['claim', 'preliminary'],
  final: ['claim', 'preliminary', 'final'],
  acknowledged: ['claim', 'preliminary', 'final', 'acknowledged'],
}

export async function meetTargets(
  tx: Tx,
  id: string,
  kind: TargetKind,
  now: number,
): Promise<void> {
  await tx
    .updateTable('case_targets')
    .set({ met_at: now })
    .where('case_id', '=', id)
    .where('kind', 'in', MEETS[kind])
    .where('met_at', 'is', null)
    .execute()
}

/** A closed or recalled case has no targets left to miss. */
export async function stopClock(tx: Tx, id: string): Promise<void> {
  await tx
    .deleteFrom('case_targets')
    .where('case_id', '=', id)
    .where('met_at', 'is', null)
    .where('missed_at', 'is', null)
    .execute()
}

export interface TargetNotice {
  readonly row: CaseTable
  readonly target: CaseTargetTable
  readonly what: 'approaching' | 'missed'
  readonly event: EventInput
}

const AT_ONCE = 100

/**
 * Finds targets that have come close or been missed since the last check; each is reported once.
 *
 * @returns a notice for each.
 */
export async function dueTargets(
  tx: Tx,
  actor: Actor,
  now: number,
): Promise<readonly TargetNotice[]> {
  const targets = await tx
    .selectFrom('case_targets')
    .selectAll()
    .where('met_at', 'is', null)
    .where('missed_at', 'is', null)
    .where('warn_at', '<=', now)
    .where((eb) => eb.or([eb('warned_at', 'is', null), eb('due_at', '<=', now)]))
    .orderBy('due_at')
    .limit(AT_ONCE)
    .execute()
  const notices: TargetNotice[] = []
  for (const target of targets) {
    const what = target.due_at <= now ? 'missed' : 'approaching'
    await tx
      .updateTable('case_targets')
      .set(what === 'missed' ? { missed_at: now } : { warned_at: now })
      .where('case_id', '=', target.case_id)
      .where('kind', '=', target.kind)
      .execute()
    const row = await tx
      .selectFrom('cases')
      .selectAll()
      .where('id', '=', target.case_id)
      .executeTakeFirstOrThrow()
    const [transfer] = await transfersOf(tx, row.id)
    const detail = { target: target.kind, due: new Date(target.due_at).toISOString() }
    const type = what === 'missed' ? 'clock.missed' : 'clock.approaching'
    const outcome = what === 'missed' ? 8 : 4
    const event = { type, outcome, actor, ...aboutCase(row, transfer, detail) } as const
    notices.push({ row, target, what, event })
  }
  return notices
}
