import { readCaseCode } from '../lib/case-code.js'
import { ID_PATTERN } from '../lib/ids.js'
import type { CaseState, CaseTable } from '../state/night/index.js'
import type { Db, Tx } from '../state/index.js'
import type { ViewParts } from './parts.js'
import { CASE_STATES, OPEN_STATES } from './states.js'
import { byUrgency, caseViews } from './views.js'
import type { CaseView } from './views.js'

/**
 * Accepts a transfer ID, case ID or case code; undefined if the text is none of these, or does not
 * exist.
 */
export async function findCase(db: Db, text: string): Promise<CaseTable | undefined> {
  const code = readCaseCode(text)
  if (code !== undefined)
    return db.selectFrom('cases').selectAll().where('code', '=', code).executeTakeFirst()
  if (!ID_PATTERN.test(text)) return undefined
  const byTransfer = await db
    .selectFrom('cases')
    .innerJoin('case_transfers', 'case_transfers.case_id', 'cases.id')
    .selectAll('cases')
    .where('case_transfers.transfer', '=', text)
    .executeTakeFirst()
  if (byTransfer) return byTransfer
  return db.selectFrom('cases').selectAll().where('id', '=', text).executeTakeFirst()
}

export async function casesOfTransfers(
  db: Db | Tx,
  transfers: readonly string[],
): Promise<ReadonlyMap<string, CaseTable>> {
  if (transfers.length === 0) return new Map()
  const rows = await db
    .selectFrom('cases')
    .innerJoin('case_transfers', 'case_transfers.case_id', 'cases.id')
    .selectAll('cases')
    .select('case_transfers.transfer')
    .where('case_transfers.transfer', 'in', transfers)
    .execute()
  return new Map(rows.map(({ transfer, ...row }) => [transfer, row]))
}

export async function countCases(db: Db): Promise<Readonly<Record<CaseState, number>>> {
  const rows = await db
    .selectFrom('cases')
    .select(['state', (eb) => eb.fn.countAll<number | string>().as('count')])
    .groupBy('state')
    .execute()
  const none = Object.fromEntries(CASE_STATES.map((state) => [state, 0]))
  const counted = Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
  return { ...none, ...counted } as Record<CaseState, number>
}

/** Maximum per list; a reader with more waiting cases sees the most urgent ones. */
const MAX_CASES = 1_000

/** Cases on which the readers of these groups have work to do, by urgency, then age. */
export async function worklist(
  parts: ViewParts,
  groups: readonly string[],
): Promise<readonly CaseView[]> {
  if (groups.length === 0) return []
  const rows = await parts.state.db
    .selectFrom('cases')
    .selectAll()
    .where('group_id', 'in', groups)
    .where('state', 'in', OPEN_STATES)
    .orderBy((eb) => eb.case('priority').when('stat').then(0).when('urgent').then(1).else(2).end())
    .orderBy('available_at')
    .limit(MAX_CASES)
    .execute()
  return caseViews(parts, rows.toSorted(byUrgency))
}

/** Cases of one facility, or of all, newest first. */
export async function listCases(
  parts: ViewParts,
  facility: string | undefined,
): Promise<readonly CaseView[]> {
  const all = parts.state.db.selectFrom('cases').selectAll()
  const rows = await (facility === undefined ? all : all.where('facility', '=', facility))
    .orderBy('created_at', 'desc')
    .limit(MAX_CASES)
    .execute()
  return caseViews(parts, rows)
}
