/**
 * Reports on the facility's machine: fetched, opened, verified, re-identified, written, and only
 * then acknowledged. If a run is interrupted, the report stays unacknowledged, and the next run
 * writes the same files again.
 */
import { join } from 'node:path'
import { caseView } from '../../protocol/http/cases.js'
import { reportAnswer, reportsAnswer } from '../../protocol/http/reports.js'
import type { ReportAnswer, ReportView } from '../../protocol/http/reports.js'
import { MAX_REPORT_BYTES, writeReportAcknowledgement } from '../../protocol/report.js'
import type { ReportDocument } from '../../protocol/report.js'
import { readReport } from '../../reports/browser.js'
import {
  sendMllp,
  toEncapsulatedPdf,
  toFhir,
  toOru,
  toPdf,
  toSr,
  toText,
} from '../../results/index.js'
import type { FinishedReport, MllpTarget } from '../../results/index.js'
import { inspectCertificate, signDetached, verifyDetached } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { writeWhole, once } from '../local-write.js'
import { fetchToMemory } from '../reader/download.js'
import { openSigned } from '../reader/seal-back.js'
import type { OpeningWork } from '../reader/seal-back.js'
import { storeInstances } from './pacs.js'
import type { PacsTarget } from '../pacs/address.js'
import type { Format } from './report-formats.js'
import { identityOf } from './report-identity.js'
import type { Identities } from './report-identity.js'

/** A report opened on this machine, with its reader's signature verified. */
export interface OpenedReport {
  readonly view: ReportAnswer
  readonly document: ReportDocument
  /** Fingerprint of the certificate that signed it. */
  readonly signedBy: string
}

/** The reports that the facility has not acknowledged, oldest first. */
export async function waitingReports(client: GatewayClient): Promise<readonly ReportView[]> {
  const answer = await client.json({ path: '/v1/reports?waiting=true' })
  return parseAnswer(reportsAnswer, answer).reports
}

/**
 * @throws CommandError `cannot_open`
 * @throws CommandError `report_invalid` if message, statement and document do not belong together
 */
export async function openReport(work: OpeningWork, id: string): Promise<OpenedReport> {
  const answer = await work.client.json({ path: `/v1/reports/${id}` })
  const view = parseAnswer(reportAnswer, answer)
  const sealed = await fetchToMemory({
    ...work,
    path: `/v1/reports/${id}/message`,
    what: `report ${id}`,
    size: MAX_REPORT_BYTES,
    onBytes: () => undefined,
  })
  const document = await readReport(
    {
      gateway: work.gateway,
      open: (message, certificate) =>
        openSigned(Buffer.from(message), work.keys, certificate, `report ${view.code}`),
      verify: verifyDetached,
    },
    view,
    sealed,
  )
  if (!document) throw invalid(view)
  const { fingerprint } = await inspectCertificate(view.certificate, new Date())
  return { view, document, signedBy: fingerprint }
}

const invalid = ({ code }: ReportView) =>
  new CommandError(`the report on ${code} is not what its reader signed`, {
    code: 'report_invalid',
    hint: 'do not use it; call the reader, and tell the operator',
  })

export interface Delivery {
  readonly out: string
  readonly formats: readonly Format[]
  readonly mllp: MllpTarget | undefined
  readonly pacs: PacsTarget | undefined
}

/**
 * Writes the report in every format, with its attachments, under names without PHI; sends it to the
 * RIS and the PACS; then acknowledges it.
 *
 * @returns the plaintext files
 * @throws CommandError `not_in_crosswalk`, `ris_unreachable`, `ris_refused`, `pacs_unreachable`,
 *   `pacs_refused`, and errors of the disk and the gateway
 */
export async function deliverReport(
  work: OpeningWork,
  opened: OpenedReport,
  identities: Identities,
  { out, formats, mllp, pacs }: Delivery,
): Promise<readonly string[]> {
  const { view, document } = opened
  const identity = identityOf(document.studies, identities)
  const isPartial = await isWholeUnfinished(work.client, view)
  const { id, facility } = view
  const report: FinishedReport = { id, facility, document, identity, isPartial }
  const pdf = await toPdf(report)
  const base = `${view.code}-${view.status}-${view.id}`
  const files: string[] = []
  const write = async (name: string, bytes: Buffer) => {
    const path = join(out, name)
    await writeWhole(path, once(bytes))
    files.push(path)
  }
  for (const format of formats)
    await write(`${base}${ENDINGS[format]}`, renderAs(format, report, pdf))
  for (const [at, { name, content }] of document.attachments.entries())
    await write(`${base}-${at + 1}${endingOf(name)}`, Buffer.from(content, 'base64'))
  if (mllp) await sendMllp(oruOf(report, pdf), mllp)
  if (pacs) await storeInstances([toSr(report), toEncapsulatedPdf(report, pdf)], pacs)
  await acknowledge(work, view)
  return files
}

/** Whether another part of the case, or the rest of it, has no final report yet. */
async function isWholeUnfinished(client: GatewayClient, { case: id }: ReportView) {
  const read = async (one: string) =>
    parseAnswer(caseView, await client.json({ path: `/v1/cases/${one}` }))
  const own = await read(id)
  const whole = own.part ? await read(own.part.of) : own
  return whole.parts !== undefined && whole.state !== 'final' && whole.state !== 'closed'
}

/** MSH-10 has at most 20 characters, and is the same for the same report. */
const oruOf = (report: FinishedReport, pdf: Buffer): string =>
  toOru(report, pdf, report.id.replaceAll('-', '').slice(0, 20))

const ENDINGS: Readonly<Record<Format, string>> = {
  text: '.txt',
  pdf: '.pdf',
  hl7: '.hl7',
  fhir: '.fhir.json',
  sr: '.sr.dcm',
  'dicom-pdf': '.pdf.dcm',
}

function renderAs(format: Format, report: FinishedReport, pdf: Buffer): Buffer {
  switch (format) {
    case 'text':
      return Buffer.from(toText(report))
    case 'pdf':
      return pdf
    case 'hl7':
      return Buffer.from(oruOf(report, pdf))
    case 'fhir':
      return Buffer.from(toFhir(report, pdf))
    case 'sr':
      return toSr(report)
    case 'dicom-pdf':
      return toEncapsulatedPdf(report, pdf)
  }
}

/**
 * The file extension of a name that arrived sealed from the reader: short, only letters and digits;
 * or none.
 */
const endingOf = (name: string): string => /\.[a-z0-9]{1,5}$/i.exec(name)?.[0].toLowerCase() ?? ''

async function acknowledge(
  { client, gateway, keys }: OpeningWork,
  view: ReportView,
): Promise<void> {
  const statement = writeReportAcknowledgement({
    ...{ gateway, report: view.id, facility: view.facility, sha256: view.sha256 },
    openedAt: new Date().toISOString(),
  })
  const signature = await signDetached(statement, keys[0], new Date())
  await client.post(`/v1/reports/${view.id}/acknowledge`, { statement, signature })
}
