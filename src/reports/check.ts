/** Checks a report on arrival, as far as possible without opening it. */
import { createHash } from 'node:crypto'
import { MAX_REPORT_BYTES, readReportStatement } from '../protocol/report.js'
import type { NewReport, ReportStatement } from '../protocol/report.js'
import { NocturneError } from '../lib/errors.js'
import type { Recipient, VerifyDetached } from '../seal/keys/index.js'

/** How far the reader's clock and ours may differ. */
const CLOCK_SKEW_MS = 5 * 60_000

export interface PostedReport {
  readonly report: NewReport
  /** Of the case in the URL. */
  readonly case: string
  readonly author: string
  /** The author's certificate in effect, armored. */
  readonly certificate: string
  readonly facility: Recipient
}

export interface CheckedReport {
  readonly statement: ReportStatement
  readonly message: Buffer
}

export interface ReportChecks {
  readonly gateway: string
  readonly verifyDetached: VerifyDetached
  /** Whether the message is OpenPGP, encrypted to the recipient (possibly among others). */
  readonly isSealedTo: (message: Uint8Array, recipient: Recipient) => Promise<boolean>
  readonly now: () => number
}

/**
 * Checks that the statement is the author's, about this case and exactly these octets, and that the
 * facility can open them.
 *
 * @throws NocturneError `report_invalid`, naming the faulty member
 */
export async function checkReport(
  { gateway, verifyDetached, isSealedTo, now }: ReportChecks,
  posted: PostedReport,
): Promise<CheckedReport> {
  const { report, author, certificate, facility } = posted
  const message = Buffer.from(report.message, 'base64')
  const statement = readReportStatement(report.statement)
  const isAbout =
    statement?.gateway === gateway &&
    statement.case === posted.case &&
    statement.author === author &&
    statement.sha256 === createHash('sha256').update(message).digest('hex')
  if (!isAbout) throw new NocturneError('report_invalid', { field: 'statement' })
  if (Math.abs(Date.parse(statement.signedAt) - now()) > CLOCK_SKEW_MS)
    throw new NocturneError('report_invalid', { field: 'signedAt' })
  if (!(await verifyDetached(report.statement, report.signature, certificate)))
    throw new NocturneError('report_invalid', { field: 'signature' })
  const isSealed = message.length <= MAX_REPORT_BYTES && (await isSealedTo(message, facility))
  if (!isSealed) throw new NocturneError('report_invalid', { field: 'message' })
  return { statement, message }
}
