import { readCaseCode } from '../lib/case-code.js'
import { ID_PATTERN } from '../lib/ids.js'
import type { CaseTable } from '../state/night/index.js'
import type { Db } from '../state/index.js'
import { OPEN_STATES } from './states.js'
import { byUrgency, caseViews } from './views.js'
import type { CaseView } from './views.js'

/** By transfer id, case id or case code; undefined for what is none of them, or is not there. */
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

/** At most; who has more waiting sees the most urgent of them. */
const MAX_CASES = 1_000

/** Cases that the readers of these groups have something to do about, by urgency, then age. */
export async function worklist(db: Db, groups: readonly string[]): Promise<readonly CaseView[]> {
  if (groups.length === 0) return []
  const rows = await db
    .selectFrom('cases')
    .selectAll()
    .where('group_id', 'in', groups)
    .where('state', 'in', OPEN_STATES)
    .orderBy((eb) => eb.case('priority').when('stat').then(0).when('urgent').then(1).else(2).end())
    .orderBy('available_at')
    .limit(MAX_CASES)
    .execute()
  return caseViews(db, rows.toSorted(byUrgency))
}

/** Of one facility, or of all; the newest first. */
export async function listCases(
  db: Db,
  facility: string | undefined,
): Promise<readonly CaseView[]> {
  const all = db.selectFrom('cases').selectAll()
  const rows = await (facility === undefined ? all : all.where('facility', '=', facility))
    .orderBy('created_at', 'desc')
    .limit(MAX_CASES)
    .execute()
  return caseViews(db, rows)
}
