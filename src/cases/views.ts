/** The view of a case that clients receive: nothing in it identifies a patient. */
import type { Priority } from '../state/index.js'
import type { Joining } from '../state/night/index.js'
import type {
  CaseState,
  CaseTable,
  CaseTargetTable,
  CriticalResultTable,
  TargetKind,
} from '../state/night/index.js'
import type { Outcome } from '../state/tables/index.js'
import type { ViewParts } from './parts.js'

export interface CaseView {
  readonly id: string
  readonly code: string
  readonly facility: string
  readonly group: string
  readonly priority: Priority
  readonly state: CaseState
  readonly modality?: string
  /** RFC 3339, UTC; likewise below. */
  readonly createdAt: string
  readonly waitingSince?: string
  readonly claimedBy?: string
  readonly claimedAt?: string
  readonly claimUntil?: string
  readonly report?: 'preliminary' | 'final'
  readonly reportedBy?: string
  readonly reportedAt?: string
  readonly closedAt?: string
  readonly closedFor?: string
  readonly transfers: readonly { readonly id: string; readonly joining: Joining }[]
  /**
   * Number of parts of all its transfers, by outcome. Readers do not receive those counted as
   * `quarantined`, `refused` or `missing` (the sender could not send them).
   */
  readonly outcomes: Readonly<Record<Outcome | 'missing', number>>
  /** Critical results of the case that nobody has read back; absent if there are none. */
  readonly critical?: readonly {
    readonly id: string
    readonly level: string
    readonly state: string
    readonly dueAt: string
  }[]
  readonly targets: readonly {
    readonly kind: TargetKind
    readonly dueAt: string
    readonly metAt?: string
    readonly missedAt?: string
  }[]
}

export async function caseViews(
  { state: { db }, countOutcomes, openCriticals }: ViewParts,
  rows: readonly CaseTable[],
): Promise<readonly CaseView[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const links = await db
    .selectFrom('case_transfers')
    .selectAll()
    .where('case_id', 'in', ids)
    .orderBy('joined_at')
    .execute()
  const counts = await countOutcomes(links.map(({ transfer }) => transfer))
  const targets = await db
    .selectFrom('case_targets')
    .selectAll()
    .where('case_id', 'in', ids)
    .execute()
  const criticals = await openCriticals(ids)
  const countsOf = byTransfer(counts)
  return rows.map((row) => {
    const own = links.filter((one) => one.case_id === row.id)
    return {
      ...headOf(row),
      transfers: own.map(({ transfer, joining }) => ({ id: transfer, joining })),
      outcomes: outcomesOf(own.flatMap(({ transfer }) => countsOf.get(transfer) ?? [])),
      ...openCriticalsOf(criticals.get(row.id) ?? []),
      targets: targets.filter((one) => one.case_id === row.id).map(targetView),
    }
  })
}

type Counts = Awaited<ReturnType<ViewParts['countOutcomes']>>

function byTransfer(counts: Counts): ReadonlyMap<string, Counts> {
  const grouped = new Map<string, Counts[number][]>()
  for (const one of counts) grouped.set(one.transfer, [...(grouped.get(one.transfer) ?? []), one])
  return grouped
}

const openCriticalsOf = (rows: readonly CriticalResultTable[]): Pick<CaseView, 'critical'> =>
  rows.length === 0
    ? {}
    : {
        critical: rows.map(({ id, level, state, due_at }) => ({
          ...{ id, level, state },
          dueAt: time(due_at),
        })),
      }

const headOf = (
  row: CaseTable,
): Omit<CaseView, 'transfers' | 'outcomes' | 'targets' | 'critical'> => ({
  id: row.id,
  code: row.code,
  facility: row.facility,
  group: row.group_id,
  priority: row.priority,
  state: row.state,
  createdAt: time(row.created_at),
  ...(row.modality !== null && { modality: row.modality }),
  ...(row.available_at !== null && { waitingSince: time(row.available_at) }),
  ...(row.claimed_by !== null && { claimedBy: row.claimed_by }),
  ...(row.claimed_at !== null && { claimedAt: time(row.claimed_at) }),
  ...(row.claim_until !== null && { claimUntil: time(row.claim_until) }),
  ...(row.report !== null && { report: row.report }),
  ...(row.reported_by !== null && { reportedBy: row.reported_by }),
  ...(row.reported_at !== null && { reportedAt: time(row.reported_at) }),
  ...(row.closed_at !== null && { closedAt: time(row.closed_at) }),
  ...(row.closed_for !== null && { closedFor: row.closed_for }),
})

function outcomesOf(counts: Counts): CaseView['outcomes'] {
  const outcomes = { accepted: 0, quarantined: 0, refused: 0, duplicate: 0, missing: 0 }
  for (const { outcome, count } of counts) outcomes[outcome] += count
  return outcomes
}

const targetView = (target: CaseTargetTable) => ({
  kind: target.kind,
  dueAt: time(target.due_at),
  ...(target.met_at !== null && { metAt: time(target.met_at) }),
  ...(target.missed_at !== null && { missedAt: time(target.missed_at) }),
})

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()

const URGENCY: Readonly<Record<Priority, number>> = { stat: 0, urgent: 1, routine: 2 }

/** By urgency, then by waiting time. */
export const byUrgency = (a: CaseTable, b: CaseTable): number =>
  URGENCY[a.priority] - URGENCY[b.priority] ||
  (a.available_at ?? a.created_at) - (b.available_at ?? b.created_at)
