/** The view of a case that clients receive: nothing in it identifies a patient. */
import type { PriorView } from '../priors/index.js'
import type { Db, Priority } from '../state/index.js'
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
import { wholeOf } from './rows.js'

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
  /** Of which case this is a part, and what the part is about. */
  readonly part?: {
    readonly of: string
    readonly code: string
    readonly region: string
    readonly to?: string
  }
  /** Its own parts, which other readers report; absent if there are none. */
  readonly parts?: readonly PartView[]
  /** Of a part, those of the whole case. */
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
  /** Prior studies that the PACS of the facility was asked for; absent if it was not. */
  readonly priors?: PriorView
  readonly targets: readonly {
    readonly kind: TargetKind
    readonly dueAt: string
    readonly metAt?: string
    readonly missedAt?: string
  }[]
}

export interface PartView {
  readonly id: string
  readonly code: string
  readonly region: string
  readonly state: CaseState
  readonly to?: string
  readonly claimedBy?: string
  readonly report?: 'preliminary' | 'final'
}

export async function caseViews(
  { state: { db }, countOutcomes, openCriticals, priorsOf }: ViewParts,
  rows: readonly CaseTable[],
): Promise<readonly CaseView[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const kin = await kinOf(db, rows)
  const links = await db
    .selectFrom('case_transfers')
    .selectAll()
    .where('case_id', 'in', [...new Set(rows.map(wholeOf))])
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
  const priorsOfAll = await priorsOf(links.map(({ transfer }) => transfer))
  return rows.map((row) => {
    const own = links.filter((one) => one.case_id === wholeOf(row))
    // A query that was lost may have been made again for late images.
    const priors = own.map(({ transfer }) => priorsOfAll.get(transfer)).findLast((one) => one)
    return {
      ...headOf(row),
      ...kinViewOf(row, kin),
      transfers: own.map(({ transfer, joining }) => ({ id: transfer, joining })),
      outcomes: outcomesOf(own.flatMap(({ transfer }) => countsOf.get(transfer) ?? [])),
      ...openCriticalsOf(criticals.get(row.id) ?? []),
      ...(priors && { priors }),
      targets: targets.filter((one) => one.case_id === row.id).map(targetView),
    }
  })
}

/** The parts of these cases, and the cases of which these are parts. */
async function kinOf(db: Db, rows: readonly CaseTable[]): Promise<readonly CaseTable[]> {
  const wholes = rows.flatMap(({ part_of: whole }) => whole ?? [])
  return db
    .selectFrom('cases')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb(
          'part_of',
          'in',
          rows.map(({ id }) => id),
        ),
        ...(wholes.length > 0 ? [eb('id', 'in', wholes)] : []),
      ]),
    )
    .orderBy('id')
    .execute()
}

function kinViewOf(row: CaseTable, kin: readonly CaseTable[]): Pick<CaseView, 'part' | 'parts'> {
  const whole = kin.find(({ id }) => id === row.part_of)
  const parts = kin.filter(({ part_of: of }) => of === row.id)
  return {
    ...(whole && {
      part: {
        ...{ of: whole.id, code: whole.code, region: row.region ?? '' },
        ...(row.shared_to !== null && { to: row.shared_to }),
      },
    }),
    ...(parts.length > 0 && { parts: parts.map(partView) }),
  }
}

const partView = (row: CaseTable): PartView => ({
  ...{ id: row.id, code: row.code, region: row.region ?? '', state: row.state },
  ...(row.shared_to !== null && { to: row.shared_to }),
  ...(row.claimed_by !== null && { claimedBy: row.claimed_by }),
  ...(row.report !== null && { report: row.report }),
})

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
): Omit<
  CaseView,
  'part' | 'parts' | 'transfers' | 'outcomes' | 'targets' | 'critical' | 'priors'
> => ({
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
