/** What a reader's machine makes of a written report: a command or a page, with the key at hand. */
import { sha256Of } from '../protocol/signed.js'
import type { WritingKey } from '../protocol/signed.js'
import { writeReportStatement } from '../protocol/report.js'
import type { Agreement, ReportDocument, ReportStatus } from '../protocol/report.js'

export interface WrittenReport {
  readonly status: ReportStatus
  readonly agreement: Agreement | undefined
  readonly authorName: string | undefined
  readonly sections: ReportDocument['sections']
  readonly attachments: ReportDocument['attachments']
}

/** The case, as gateway and manifests name it. */
export interface ReportedCase extends Pick<ReportDocument, 'gateway' | 'case' | 'code'> {
  readonly reader: string
  readonly signedAt: string
  /** Pseudonymous, so that the facility can restore them with its crosswalk. */
  readonly about: Pick<ReportDocument, 'studies' | 'modality'>
  /** Of a part that is shared by body region. */
  readonly part?: ReportDocument['part']
}

export interface ComposedReport {
  readonly statement: string
  readonly signature: string
  readonly message: Uint8Array
}

export async function composeReport(
  { seal, sign }: WritingKey,
  { gateway, case: id, code, reader, signedAt, about, part }: ReportedCase,
  { status, agreement, authorName, sections, attachments }: WrittenReport,
): Promise<ComposedReport> {
  const common = { gateway, case: id, status, author: reader, signedAt }
  const agreed = agreement !== undefined && { agreement }
  const document: ReportDocument = {
    ...{ v: 1, type: 'nocturne-report', code, sections, attachments },
    ...common,
    ...about,
    ...(part && { part }),
    ...(authorName !== undefined && { authorName }),
    ...agreed,
  }
  const message = await seal(new TextEncoder().encode(JSON.stringify(document)))
  const sha256 = await sha256Of(message)
  const statement = writeReportStatement({ ...common, sha256, ...agreed })
  return { statement, signature: await sign(statement), message }
}
