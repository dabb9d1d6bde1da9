/** The rows of critical results and answers, which only this module reads and writes. */
import { NocturneError } from '../lib/errors.js'
import { OPEN_CRITICAL_STATES } from './states.js'
import type { Db, Tx } from '../state/index.js'
import type { CriticalAnswerTable, CriticalResultTable } from '../state/night/index.js'
import type { CriticalLevel } from '../protocol/critical.js'
import { nextCriticalState } from './states.js'
import type { CriticalStep } from './states.js'

/** Selects critical results. Undefined members do not restrict the selection. */
export interface CriticalRange {
  readonly facility?: string
  readonly groups?: readonly string[]
  /** Only those that are not closed. */
  readonly isOpen?: boolean
}

export interface CriticalCounts {
  readonly open: Readonly<Record<CriticalLevel, number>>
  readonly overdue: number
}

const MAX_LISTED = 1_000

export const insertCritical = async (tx: Tx, row: CriticalResultTable): Promise<void> => {
  await tx.insertInto('critical_results').values(row).execute()
}

export const findCritical = (db: Db | Tx, id: string): Promise<CriticalResultTable | undefined> =>
  db.selectFrom('critical_results').selectAll().where('id', '=', id).executeTakeFirst()

/** The result with this message, if it was received before. */
export const criticalByMessage = (
  db: Db | Tx,
  sha256: string,
): Promise<CriticalResultTable | undefined> =>
  db.selectFrom('critical_results').selectAll().where('sha256', '=', sha256).executeTakeFirst()

export const listCriticals = (
  db: Db,
  { facility, groups, isOpen }: CriticalRange,
): Promise<CriticalResultTable[]> =>
  db
    .selectFrom('critical_results')
    .selectAll()
    .$if(facility !== undefined, (q) => q.where('facility', '=', facility ?? ''))
    .$if(groups !== undefined, (q) => q.where('group_id', 'in', [...(groups ?? [])]))
    .$if(isOpen === true, (q) => q.where('state', 'in', OPEN_CRITICAL_STATES))
    .orderBy((eb) => eb.case('state').when('closed').then(1).else(0).end())
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute()

export async function openCriticalsOf(
  db: Db | Tx,
  cases: readonly string[],
): Promise<ReadonlyMap<string, readonly CriticalResultTable[]>> {
  const found = new Map<string, CriticalResultTable[]>()
  if (cases.length === 0) return found
  const rows = await db
    .selectFrom('critical_results')
    .selectAll()
    .where('state', 'in', OPEN_CRITICAL_STATES)
    .where('case_id', 'in', [...cases])
    .orderBy('id')
    .execute()
  for (const row of rows) found.set(row.case_id, [...(found.get(row.case_id) ?? []), row])
  return found
}

/**
 * Deletes the sealed findings and read-backs of the case, under the retention of the site.
 *
 * @returns the number of critical results.
 */
export async function expireCriticals(tx: Tx, caseId: string): Promise<number> {
  const rows = await tx
    .updateTable('critical_results')
    .set({ message: '' })
    .where('case_id', '=', caseId)
    .where('state', '=', 'closed')
    .where('message', '!=', '')
    .returning('id')
    .execute()
  for (const { id } of rows)
    await tx
      .updateTable('critical_answers')
      .set({ message: null })
      .where('critical', '=', id)
      .execute()
  return rows.length
}

export async function countCriticals(db: Db, now: number): Promise<CriticalCounts> {
  const open = { minutes: 0, hours: 0, days: 0 }
  let overdue = 0
  const rows = await db
    .selectFrom('critical_results')
    .select(['level', 'due_at'])
    .where('state', 'in', OPEN_CRITICAL_STATES)
    .execute()
  for (const { level, due_at } of rows) {
    open[level] += 1
    if (due_at <= now) overdue += 1
  }
  return { open, overdue }
}

/**
 * Applies one step of the state table. The update requires the state that was read, so of two
 * simultaneous answers that would both end it, the second one fails.
 *
 * @throws NocturneError `critical_state`
 */
export async function stepCritical(
  tx: Tx,
  id: string,
  step: CriticalStep,
  now: number,
): Promise<CriticalResultTable> {
  const row = await findCritical(tx, id)
  if (!row) throw new NocturneError('not_found')
  const state = nextCriticalState(row.state, step)
  if (state === undefined) throw new NocturneError('critical_state', { subject: row.state })
  const closing =
    state === 'closed'
      ? {
          closed_at: now,
          closed_for: step === 'phone' ? ('phone' as const) : ('read-back' as const),
        }
      : {}
  const updated = await tx
    .updateTable('critical_results')
    .set({ state, ...closing })
    .where('id', '=', id)
    .where('state', '=', row.state)
    .returningAll()
    .executeTakeFirst()
  if (!updated) throw new NocturneError('critical_state', { subject: row.state })
  return updated
}

const AT_ONCE = 100

const missed = (db: Db | Tx, now: number) =>
  db
    .selectFrom('critical_results')
    .where('state', 'in', OPEN_CRITICAL_STATES)
    .where('missed_at', 'is', null)
    .where('due_at', '<=', now)

/** Checked without the ledger's lock, since most of the time nothing is due. */
export const isAnyMissed = async (db: Db, now: number): Promise<boolean> =>
  (await missed(db, now).select('id').executeTakeFirst()) !== undefined

/** Marks those that have missed their target since the last round, and returns them. */
export async function takeMissed(tx: Tx, now: number): Promise<readonly CriticalResultTable[]> {
  const rows = await missed(tx, now).selectAll().orderBy('due_at').limit(AT_ONCE).execute()
  for (const { id } of rows)
    await tx.updateTable('critical_results').set({ missed_at: now }).where('id', '=', id).execute()
  return rows
}

export const insertAnswer = async (tx: Tx, row: CriticalAnswerTable): Promise<void> => {
  await tx.insertInto('critical_answers').values(row).execute()
}

/** The answer with this statement, if it was received before. */
export const answerByStatement = (
  db: Db | Tx,
  sha256: string,
): Promise<CriticalAnswerTable | undefined> =>
  db.selectFrom('critical_answers').selectAll().where('sha256', '=', sha256).executeTakeFirst()

export const answersOf = (db: Db | Tx, critical: string): Promise<CriticalAnswerTable[]> =>
  db
    .selectFrom('critical_answers')
    .selectAll()
    .where('critical', '=', critical)
    .orderBy('id')
    .execute()
