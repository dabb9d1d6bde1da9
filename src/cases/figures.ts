/** Turnaround: how long each step took, by facility, group and priority. */
import type { Figure } from '../protocol/http/figures.js'
import type { Db } from '../state/index.js'
import type { CaseTable, CaseTargetTable, TargetKind } from '../state/night/index.js'

export interface FigureRange {
  /** Of the time at which a case became available, in milliseconds; `until` is not included. */
  readonly from: number
  readonly until: number
  readonly facility?: string
  readonly groups?: readonly string[]
}

/** When a case got its first report of each kind, and the first acknowledgement of a final one. */
export interface ReportTimes {
  readonly preliminary?: number
  readonly final?: number
  readonly acknowledged?: number
}

export type ReportTimesOf = (cases: readonly string[]) => Promise<ReadonlyMap<string, ReportTimes>>

const KINDS = ['claim', 'preliminary', 'final', 'acknowledged'] as const satisfies TargetKind[]
/** Bound for one question; a database accepts only so many variables. */
const AT_ONCE = 1_000

type Counted = Pick<
  CaseTable,
  'id' | 'facility' | 'group_id' | 'priority' | 'available_at' | 'first_claimed_at'
>

/**
 * A case counts from when its first images became available. Recalled cases, and those closed
 * without a report, count only for what happened.
 */
export async function figures(
  db: Db,
  { from, until, facility, groups }: FigureRange,
  reportTimesOf: ReportTimesOf,
): Promise<readonly Figure[]> {
  const series = new Map<string, Series>()
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('cases')
      .select(['id', 'facility', 'group_id', 'priority', 'available_at', 'first_claimed_at'])
      .where('available_at', '>=', from)
      .where('available_at', '<', until)
      .where('id', '>', after)
      .$if(facility !== undefined, (q) => q.where('facility', '=', facility ?? ''))
      .$if(groups !== undefined, (q) => q.where('group_id', 'in', [...(groups ?? [])]))
      .orderBy('id')
      .limit(AT_ONCE)
      .execute()
    const last = rows.at(-1)
    if (!last) break
    await add(db, series, rows, reportTimesOf)
    after = last.id
  }
  return [...series.values()].map(figureOf)
}

interface Series extends Pick<Figure, 'facility' | 'group' | 'priority' | 'kind'> {
  readonly seconds: number[]
  missed: number
}

async function add(
  db: Db,
  series: Map<string, Series>,
  rows: readonly Counted[],
  reportTimesOf: ReportTimesOf,
): Promise<void> {
  const ids = rows.map(({ id }) => id)
  const times = await reportTimesOf(ids)
  const targets = await db
    .selectFrom('case_targets')
    .selectAll()
    .where('case_id', 'in', ids)
    .execute()
  const missed = new Set(targets.filter(isMissed).map((one) => `${one.case_id}|${one.kind}`))
  for (const row of rows)
    for (const kind of KINDS) {
      const at = kind === 'claim' ? row.first_claimed_at : times.get(row.id)?.[kind]
      const isLate = missed.has(`${row.id}|${kind}`)
      if ((at === null || at === undefined) && !isLate) continue
      const key = [row.facility, row.group_id, row.priority, kind].join('|')
      const one = series.get(key) ?? {
        ...{ facility: row.facility, group: row.group_id, priority: row.priority, kind },
        ...{ seconds: [], missed: 0 },
      }
      series.set(key, one)
      if (typeof at === 'number')
        one.seconds.push(Math.max(0, Math.round((at - (row.available_at ?? at)) / 1_000)))
      if (isLate) one.missed += 1
    }
}

const isMissed = ({ missed_at, met_at, due_at }: CaseTargetTable): boolean =>
  missed_at !== null || (met_at !== null && met_at > due_at)

function figureOf({ seconds, missed, ...of }: Series): Figure {
  const sorted = seconds.toSorted((a, b) => a - b)
  return {
    ...of,
    cases: sorted.length,
    missed,
    ...(sorted.length > 0 && {
      medianSeconds: percentile(sorted, 0.5),
      p90Seconds: percentile(sorted, 0.9),
    }),
  }
}

/** By nearest rank: always a value that occurred. */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
