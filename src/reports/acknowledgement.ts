import { readReportAcknowledgement } from '../protocol/report.js'
import type { AcknowledgeReport } from '../protocol/report.js'
import { NocturneError } from '../lib/errors.js'
import type { CaseReportTable } from '../state/night/index.js'
import type { VerifyDetached } from '../seal/keys/index.js'

/**
 * Checks that the facility signed that it opened exactly this report.
 *
 * @param certificate the facility's, currently in effect
 * @throws NocturneError `acknowledgement_invalid`, naming the faulty member
 */
export async function checkAcknowledgement(
  { gateway, verifyDetached }: AcknowledgementChecks,
  row: Pick<CaseReportTable, 'id' | 'facility' | 'sha256'>,
  { statement, signature }: AcknowledgeReport,
  certificate: string,
): Promise<void> {
  const read = readReportAcknowledgement(statement)
  const isAbout =
    read?.gateway === gateway &&
    read.report === row.id &&
    read.facility === row.facility &&
    read.sha256 === row.sha256
  if (!isAbout) throw new NocturneError('acknowledgement_invalid', { field: 'statement' })
  if (!(await verifyDetached(statement, signature, certificate)))
    throw new NocturneError('acknowledgement_invalid', { field: 'signature' })
}

interface AcknowledgementChecks {
  readonly gateway: string
  readonly verifyDetached: VerifyDetached
}
