/**
 * The second main path: a report from the reader back to the facility. The reader has signed and
 * sealed it; the facility opens it.
 *
 *   check    the statement is the reader's, about this case and these octets, and the facility can
 *            open them
 *   store    the sealed message is durable
 *   record   one transaction: the report, its case's state, claim and clock, and the events
 *
 * A crash between the last two leaves an object that no row names; the sweep deletes it, and the
 * client sends the same message again.
 */
import { createHash } from 'node:crypto'
import { newId } from './lib/ids.js'
import { NocturneError } from './lib/errors.js'
import type { Asker, ArrivedReport, Cases } from './cases/index.js'
import type { Directory } from './directory/index.js'
import type { Ledger } from './ledger/log/index.js'
import type { ReportRecipientsAnswer } from './protocol/http/reports.js'
import type { AcknowledgeReport, NewReport, ReportStatus } from './protocol/report.js'
import {
  acknowledgeReport,
  checkAcknowledgement,
  checkReport,
  findReport,
  findByMessage,
  insertReport,
  keyOf,
  listReports,
  reportTimes,
  sweepReports,
} from './reports/index.js'
import type { CheckedReport, ReportRange, ReportTimes } from './reports/index.js'
import type { SealedStream } from './seal/index.js'
import type { Recipient, VerifyDetached } from './seal/keys/index.js'
import type { State } from './state/index.js'
import type { CaseReportTable, CaseTable } from './state/night/index.js'
import type { ObjectStore } from './store/index.js'

export interface ReplyRooms {
  readonly gateway: string
  readonly state: State
  readonly ledger: Ledger
  readonly store: ObjectStore
  readonly directory: Pick<
    Directory,
    'principal' | 'facility' | 'facilityRecipient' | 'usableRecipientsOf'
  >
  readonly cases: Pick<
    Cases,
    'find' | 'views' | 'expectReportable' | 'reported' | 'reportAcknowledged'
  >
  readonly verifyDetached: VerifyDetached
  readonly isSealedTo: (message: Uint8Array, recipient: Recipient) => Promise<boolean>
  readonly sealedMessage: (message: Buffer) => SealedStream
  readonly now: () => number
}

/** @throws NocturneError when the author may not sign a report of this status */
type ExpectSigner = (status: ReportStatus) => Promise<void>

export interface SentReport {
  readonly row: CaseReportTable
  /** Proof of the event; undefined when the same message was received before. */
  readonly receipt: string | undefined
}

export interface Reply {
  /**
   * Accepts a reader's report on a case that they can open. If it throws, nothing is visible.
   *
   * @param expectSigner asked before anything is stored, not for a message that came before
   * @throws NocturneError `report_without_crosswalk`, `report_invalid`, `report_out_of_turn`,
   *   `already_claimed`, `case_state`, `recipient_unusable`, those of `expectSigner`, and store and
   *   ledger errors
   */
  take(
    author: Asker,
    row: CaseTable,
    report: NewReport,
    expectSigner: ExpectSigner,
  ): Promise<SentReport>
  /**
   * Returns the sealed message, after the event that records the read is durable.
   *
   * @throws NocturneError `content_expired`; `object_missing` when it is not the message that was
   *   sent
   */
  read(asker: Asker, row: CaseReportTable): Promise<Buffer>
  /**
   * Whom to seal a report to: the facility first, then the readers of the group, then recovery.
   * @throws NocturneError `report_without_crosswalk`, `recipient_unusable`
   */
  recipients(row: CaseTable): Promise<ReportRecipientsAnswer>
  find(id: string): Promise<CaseReportTable | undefined>
  /** Oldest first, at most 1,000. */
  list(range: ReportRange): Promise<readonly CaseReportTable[]>
  /** When each case got its first reports, and the first acknowledgement of a final one. */
  timesOf(cases: readonly string[]): Promise<ReadonlyMap<string, ReportTimes>>
  /**
   * Deletes what a process that died left in the store.
   *
   * @returns the number of objects deleted.
   */
  sweep(): Promise<number>
  /** @throws NocturneError `acknowledgement_invalid` */
  acknowledge(facility: Asker, row: CaseReportTable, signed: AcknowledgeReport): Promise<SentReport>
}

export const createReply = (rooms: ReplyRooms): Reply => ({
  take: (...sent) => take(rooms, ...sent),
  read: (asker, row) => read(rooms, asker, row),
  acknowledge: (facility, row, signed) => acknowledge(rooms, facility, row, signed),
  recipients: (row) => recipients(rooms, row),
  find: (id) => findReport(rooms.state.db, id),
  list: (range) => listReports(rooms.state.db, range),
  timesOf: (cases) => reportTimes(rooms.state.db, cases),
  sweep: () => sweepReports(rooms),
})

async function take(
  rooms: ReplyRooms,
  author: Asker,
  row: CaseTable,
  report: NewReport,
  expectSigner: ExpectSigner,
): Promise<SentReport> {
  // Checked first: a client whose answer was lost may retry after its clock has been changed.
  const sha256 = createHash('sha256').update(report.message, 'base64').digest('hex')
  const before = await findByMessage(rooms.state.db, sha256)
  if (before?.author === author.id && before.case_id === row.id)
    return { row: before, receipt: undefined }
  const checked = await check(rooms, author, row, report)
  const { status, agreement } = checked.statement
  rooms.cases.expectReportable(row, author.id, { status, agreement })
  await expectSigner(status)
  const id = newId(rooms.now())
  await rooms.store.put(keyOf(id), rooms.sealedMessage(checked.message))
  try {
    return await record(rooms, author, rowOf(rooms, id, { row, report, checked }))
  } catch (error) {
    await rooms.store.delete(keyOf(id)).catch(() => undefined)
    throw error
  }
}

/** @throws NocturneError `report_without_crosswalk`: nobody could say whose report it is */
function expectCrosswalk({ directory }: Pick<ReplyRooms, 'directory'>, facility: string): void {
  if (directory.facility(facility)?.profile.links === 'transfer')
    throw new NocturneError('report_without_crosswalk', { subject: facility })
}

async function recipients(rooms: ReplyRooms, row: CaseTable): Promise<ReportRecipientsAnswer> {
  const { directory, gateway } = rooms
  expectCrosswalk(rooms, row.facility)
  const facility = await directory.facilityRecipient(row.facility)
  const others = await directory.usableRecipientsOf(row.group_id)
  const [view] = await rooms.cases.views([row])
  return {
    case: row.id,
    code: row.code,
    gateway,
    ...(view?.part && { part: { code: view.part.code, region: view.part.region } }),
    recipients: [facility, ...others].map(({ id, fingerprint }) => ({
      id,
      fingerprint,
      certificate: directory.principal(id)?.certificate ?? '',
    })),
  }
}

async function check(
  rooms: ReplyRooms,
  { id: author }: Asker,
  { id, facility }: CaseTable,
  report: NewReport,
): Promise<CheckedReport> {
  const { directory } = rooms
  expectCrosswalk(rooms, facility)
  const certificate = directory.principal(author)?.certificate ?? ''
  const recipient = await directory.facilityRecipient(facility)
  return checkReport(rooms, { report, case: id, author, certificate, facility: recipient })
}

const rowOf = (
  { directory, now }: ReplyRooms,
  id: string,
  {
    row,
    report,
    checked: { statement, message },
  }: {
    readonly row: CaseTable
    readonly report: NewReport
    readonly checked: CheckedReport
  },
): CaseReportTable => ({
  id,
  case_id: row.id,
  code: row.code,
  facility: row.facility,
  group_id: row.group_id,
  status: statement.status,
  agreement: statement.agreement ?? null,
  author: statement.author,
  statement: report.statement,
  signature: report.signature,
  certificate: directory.principal(statement.author)?.certificate ?? '',
  sha256: statement.sha256,
  size: message.length,
  signed_at: Date.parse(statement.signedAt),
  received_at: now(),
  acknowledged_at: null,
  acknowledgement: null,
  acknowledgement_signature: null,
  expired_at: null,
})

async function record(
  { ledger, cases }: ReplyRooms,
  author: Asker,
  row: CaseReportTable,
): Promise<SentReport> {
  const { receipts } = await ledger.record(async (tx) => {
    if (await findByMessage(tx, row.sha256)) throw new NocturneError('report_under_way')
    await insertReport(tx, row)
    return { value: undefined, events: await cases.reported(tx, author, arrived(row)) }
  })
  return { row, receipt: await ledger.proof(receipts[0].index) }
}

const arrived = (row: CaseReportTable): ArrivedReport => ({
  id: row.id,
  case: row.case_id,
  status: row.status,
  agreement: row.agreement ?? undefined,
  sha256: row.sha256,
})

async function read(
  { store, ledger, cases }: ReplyRooms,
  { actor }: Asker,
  row: CaseReportTable,
): Promise<Buffer> {
  if (row.expired_at !== null) throw new NocturneError('content_expired')
  const about = await cases.find(row.case_id)
  const [view] = about ? await cases.views([about]) : []
  // So that a search by transfer finds who read its reports.
  const transfer = view?.transfers[0]?.id
  await ledger.note({
    type: 'report.read',
    outcome: 0,
    actor,
    facility: row.facility,
    group: row.group_id,
    ...(transfer !== undefined && { transfer }),
    detail: { case: row.case_id, code: row.code, report: row.id, status: row.status },
  })
  const chunks: Buffer[] = []
  for await (const chunk of await store.get(keyOf(row.id))) chunks.push(chunk)
  const message = Buffer.concat(chunks)
  if (createHash('sha256').update(message).digest('hex') !== row.sha256)
    throw new NocturneError('object_missing')
  return message
}

async function acknowledge(
  rooms: ReplyRooms,
  facility: Asker,
  row: CaseReportTable,
  signed: AcknowledgeReport,
): Promise<SentReport> {
  const { ledger, cases, directory, state, now } = rooms
  const certificate = directory.principal(row.facility)?.certificate ?? ''
  await checkAcknowledgement(rooms, row, signed, certificate)
  if (row.acknowledged_at !== null) return { row, receipt: undefined }
  const { receipts } = await ledger.record(async (tx) => {
    const isFirst = await acknowledgeReport(tx, row.id, signed, now())
    if (!isFirst) throw new NocturneError('report_under_way')
    return { value: undefined, events: await cases.reportAcknowledged(tx, facility, arrived(row)) }
  })
  const updated = (await findReport(state.db, row.id)) ?? row
  return { row: updated, receipt: await ledger.proof(receipts[0].index) }
}
