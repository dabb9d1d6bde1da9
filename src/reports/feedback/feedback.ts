/** Gives feedback on a report, lists it, and hands it to the report's author. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import type { Actor, EventInput, Ledger } from '../../ledger/log/index.js'
import type { Db, State, Tx } from '../../state/index.js'
import type { CaseReportTable } from '../../state/night/index.js'
import type { FeedbackTable } from '../../state/reports/index.js'

export interface FeedbackParts {
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  readonly now: () => number
}

export interface Given {
  readonly row: FeedbackTable
  /** Undefined when the same message had come before; then nothing was added. */
  readonly receipt: string | undefined
}

/**
 * @param giver `message` is one OpenPGP message in base64, sealed to the report's author
 * @throws NocturneError `feedback_own`
 */
export async function giveFeedback(
  { state, ledger, now }: FeedbackParts,
  giver: {
    readonly id: string
    readonly actor: Actor
    readonly certificate: string
    readonly message: string
  },
  report: CaseReportTable,
): Promise<Given> {
  if (giver.id === report.author) throw new NocturneError('feedback_own')
  const sha256 = createHash('sha256').update(giver.message).digest('hex')
  const before = await findByMessage(state.db, sha256)
  if (before?.giver === giver.id) return { row: before, receipt: undefined }
  const row: FeedbackTable = {
    id: newId(now()),
    report: report.id,
    code: report.code,
    author: report.author,
    giver: giver.id,
    message: giver.message,
    certificate: giver.certificate,
    given_at: now(),
    read_at: null,
    sha256,
  }
  const { receipts } = await ledger.record(async (tx) => {
    if (await findByMessage(tx, sha256)) throw new NocturneError('report_under_way')
    await tx.insertInto('report_feedback').values(row).execute()
    const event: EventInput = {
      type: 'feedback.given',
      outcome: 0,
      actor: giver.actor,
      ...{ facility: report.facility, group: report.group_id },
      detail: { case: report.case_id, report: report.id, author: report.author },
    }
    return { value: undefined, events: [event] }
  })
  return { row, receipt: await ledger.proof(receipts[0].index) }
}

const findByMessage = (db: Db | Tx, sha256: string): Promise<FeedbackTable | undefined> =>
  db.selectFrom('report_feedback').selectAll().where('sha256', '=', sha256).executeTakeFirst()

const MAX_LISTED = 1_000

/** The newest that this person gave or, as the author of the reports, was given. */
export const listFeedback = (
  { state: { db } }: Pick<FeedbackParts, 'state'>,
  person: string,
): Promise<FeedbackTable[]> =>
  db
    .selectFrom('report_feedback')
    .selectAll()
    .where((e) => e.or([e('author', '=', person), e('giver', '=', person)]))
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute()

export const findFeedback = (
  { state: { db } }: Pick<FeedbackParts, 'state'>,
  id: string,
): Promise<FeedbackTable | undefined> =>
  db.selectFrom('report_feedback').selectAll().where('id', '=', id).executeTakeFirst()

/**
 * Notes that the author fetches the message; the event is durable before the message is sent.
 * @throws NocturneError `ledger_unavailable`
 */
export async function readFeedback(
  { ledger, now }: FeedbackParts,
  author: { readonly actor: Actor },
  row: FeedbackTable,
): Promise<Buffer> {
  await ledger.record(async (tx) => {
    await tx
      .updateTable('report_feedback')
      .set({ read_at: now() })
      .where('id', '=', row.id)
      .where('read_at', 'is', null)
      .execute()
    const detail = { report: row.report, from: row.giver }
    const event = { type: 'feedback.read', outcome: 0, actor: author.actor, detail } as const
    return { value: undefined, events: [event] }
  })
  return Buffer.from(row.message, 'base64')
}

/** Deletes the feedback on reports whose retention has passed. Returns its number. */
export async function expireFeedback(tx: Tx, reports: readonly string[]): Promise<number> {
  if (reports.length === 0) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('report_feedback')
    .where('report', 'in', reports)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
