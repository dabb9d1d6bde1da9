/** Checks, on a machine with a key, that a report is what its reader signed. */
import { sha256Of } from '../protocol/signed.js'
import type { OpeningKey } from '../protocol/signed.js'
import { readReportStatement, reportDocument } from '../protocol/report.js'
import type { ReportDocument } from '../protocol/report.js'
import type { ReportAnswer } from '../protocol/http/reports.js'

export interface ReportOpening extends OpeningKey {
  /** Name of the gateway, which every statement contains. */
  readonly gateway: string
}

/** Undefined if message, statement and document do not belong together. */
export async function readReport(
  { gateway, open, verify }: ReportOpening,
  view: ReportAnswer,
  sealed: Uint8Array,
): Promise<ReportDocument | undefined> {
  const { statement: text, signature, certificate, receivedAt } = view
  const statement = readReportStatement(text)
  const isStated =
    statement?.sha256 === (await sha256Of(sealed)) &&
    statement.case === view.case &&
    statement.author === view.author &&
    statement.gateway === gateway &&
    (await verify(text, signature, certificate, new Date(receivedAt)))
  if (!isStated) return undefined
  const document = documentOf(await open(sealed, certificate))
  const isSame =
    document?.case === statement.case &&
    document.author === statement.author &&
    document.status === statement.status &&
    document.agreement === statement.agreement &&
    document.gateway === statement.gateway
  return isSame ? document : undefined
}

function documentOf(content: Uint8Array): ReportDocument | undefined {
  try {
    return reportDocument.safeParse(JSON.parse(new TextDecoder().decode(content))).data
  } catch {
    return undefined
  }
}
