/**
 * A reader's report: the sealed document, and the accompanying statement that the gateway can read.
 * Both are signed on the reader's machine: the document inside the seal, for the facility; the
 * statement in clear, for the gateway.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { readSigned, signedRequest } from './signed.js'
import { id, instant, principalId, sha256 } from './words.js'

export const REPORT_STATUSES = ['preliminary', 'final', 'addendum'] as const
export type ReportStatus = (typeof REPORT_STATUSES)[number]

/** Agreement of a final report with the preliminary one. */
export const AGREEMENTS = ['agree', 'minor', 'major'] as const
export type Agreement = (typeof AGREEMENTS)[number]

export const SECTIONS = ['indication', 'technique', 'comparison', 'findings', 'impression'] as const
export type SectionName = (typeof SECTIONS)[number]

interface AboutItems {
  readonly items: readonly {
    readonly study?: string | undefined
    readonly modality?: string | undefined
  }[]
}

/** Studies and modalities, from the manifests of a case. */
export function aboutStudies(
  manifests: readonly AboutItems[],
): Pick<ReportDocument, 'studies' | 'modality'> {
  const items = manifests.flatMap((manifest) => manifest.items)
  const studies = new Set(items.flatMap(({ study }) => study ?? []))
  const modalities = new Set(items.flatMap(({ modality }) => modality ?? []))
  const modality = [...modalities].sort().join(',').slice(0, 64)
  return { studies: [...studies].slice(0, 100), ...(modality !== '' && { modality }) }
}

/** A report has a few pages; its attachments (a PDF, key images) count towards the same limit. */
export const MAX_REPORT_BYTES = 5 << 20

const uid = z.string().check(z.regex(/^[0-9.]{1,64}$/))

export const reportDocument = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-report'),
  gateway: z.string().check(z.maxLength(120)),
  case: id,
  code: z.string().check(z.maxLength(16)),
  status: z.enum(REPORT_STATUSES),
  author: principalId,
  /** Of a part that is shared by body region: the code of the whole case. */
  part: z.optional(
    z.strictObject({
      code: z.string().check(z.maxLength(16)),
      region: z.string().check(z.maxLength(32)),
    }),
  ),
  /** Name as printed under the report. */
  authorName: z.optional(z.string().check(z.maxLength(200))),
  signedAt: instant,
  sections: z.partialRecord(z.enum(SECTIONS), z.string().check(z.maxLength(200_000))),
  agreement: z.optional(z.enum(AGREEMENTS)),
  /** Pseudonymous: the studies that the report is about, and the patient's code. */
  studies: z.array(uid).check(z.maxLength(100)),
  patientCode: z.optional(z.string().check(z.maxLength(64))),
  modality: z.optional(z.string().check(z.maxLength(64))),
  attachments: z
    .array(
      z.strictObject({
        name: z.string().check(z.maxLength(200)),
        mediaType: z.enum(['application/pdf', 'application/dicom', 'image/png', 'image/jpeg']),
        sha256,
        /** Base64. */
        content: z.base64(),
      }),
    )
    .check(z.maxLength(50)),
})

export type ReportDocument = z.output<typeof reportDocument>

const statementSchema = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-report-statement'),
  gateway: z.string().check(z.maxLength(120)),
  case: id,
  status: z.enum(REPORT_STATUSES),
  agreement: z.optional(z.enum(AGREEMENTS)),
  author: principalId,
  /** SHA-256 of the whole sealed message, hexadecimal. */
  sha256,
  signedAt: instant,
})

export type ReportStatement = z.output<typeof statementSchema>

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeReportStatement = (one: Omit<ReportStatement, 'v' | 'type'>): string =>
  canonicalJson({ v: 1, type: 'nocturne-report-statement', ...one })

/** Undefined unless the text has exactly this form. */
export const readReportStatement = (text: string): ReportStatement | undefined =>
  readSigned(text, statementSchema)

const acknowledgementSchema = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-report-acknowledgement'),
  gateway: z.string().check(z.maxLength(120)),
  report: id,
  facility: principalId,
  sha256,
  openedAt: instant,
})

export type ReportAcknowledgement = z.output<typeof acknowledgementSchema>

/** The statement that the facility signs once it has opened, verified and stored a report. */
export const writeReportAcknowledgement = (
  one: Omit<ReportAcknowledgement, 'v' | 'type'>,
): string => canonicalJson({ v: 1, type: 'nocturne-report-acknowledgement', ...one })

export const readReportAcknowledgement = (text: string): ReportAcknowledgement | undefined =>
  readSigned(text, acknowledgementSchema)

/** The request with which a reader adds a report to a case. */
export const newReport = z.strictObject({
  ...signedRequest.shape,
  /**
   * One OpenPGP message in base64: key packets to the facility, the group and recovery, then the
   * data.
   */
  message: z.base64().check(z.maxLength(Math.ceil((MAX_REPORT_BYTES * 4) / 3) + 4)),
})

export type NewReport = z.output<typeof newReport>

/** What the facility posts once it has opened, verified and kept a report. */
export const acknowledgeReport = signedRequest

export type AcknowledgeReport = z.output<typeof acknowledgeReport>
