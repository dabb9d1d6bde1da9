/** A report on the facility's machine, with the patient's identity restored. */
import type { ReportDocument } from '../protocol/report.js'

export interface Identity {
  readonly patientId: string
  /** Issuer of Patient ID; empty if there is none. */
  readonly issuer: string
  /** DICOM person name: `DOE^JANE`. */
  readonly patientName: string
  /** `YYYYMMDD`, or empty. */
  readonly birthDate: string
  /** `M`, `F`, `O`, or empty. */
  readonly sex: string
  readonly accession: string
  /** Original UIDs. */
  readonly study: string
  /** `YYYYMMDD` and `HHMMSS`, or empty. */
  readonly studyDate: string
  readonly studyTime: string
  readonly studyId: string
  readonly description: string
  readonly referringPhysician: string
}

export interface FinishedReport {
  readonly id: string
  readonly facility: string
  readonly document: ReportDocument
  readonly identity: Identity
  /** Parts of the case are still to be reported, by this reader or by others. */
  readonly isPartial?: boolean
}

export const TITLES = {
  indication: 'INDICATION',
  technique: 'TECHNIQUE',
  comparison: 'COMPARISON',
  findings: 'FINDINGS',
  impression: 'IMPRESSION',
} as const

const STATUS = { preliminary: 'PRELIMINARY REPORT', final: 'FINAL REPORT', addendum: 'ADDENDUM' }
const AGREES = {
  agree: 'The preliminary report is confirmed.',
  minor: 'MINOR DISCREPANCY with the preliminary report.',
  major: 'MAJOR DISCREPANCY with the preliminary report.',
}

/** `FINAL REPORT, CHEST ONLY (part of case K7Q-4MD)` for a part that is shared by body region. */
export const statusTitle = ({
  document: { status, part },
}: Pick<FinishedReport, 'document'>): string =>
  part
    ? `${STATUS[status]}, ${part.region.toUpperCase()} ONLY (part of case ${part.code})`
    : STATUS[status]
export const agreementLine = ({ document }: FinishedReport): string | undefined =>
  document.agreement && AGREES[document.agreement]

/** The sections that have text, in the usual order of a report. */
export const sectionsOf = ({
  document,
}: FinishedReport): readonly { readonly title: string; readonly text: string }[] =>
  (Object.keys(TITLES) as (keyof typeof TITLES)[]).flatMap((name) => {
    const text = document.sections[name]?.trim()
    return text ? [{ title: TITLES[name], text }] : []
  })

export const authorLine = ({
  document: { author, authorName, signedAt },
}: FinishedReport): string => `Electronically signed by ${authorName ?? author}, ${signedAt}`

/** Formats `DOE^JANE` as a readable name. */
export function nameOf(patientName: string): string {
  const [alphabetic = ''] = patientName.split('=')
  const [family = '', given = '', middle = ''] = alphabetic.split('^')
  const first = [given, middle].filter((one) => one !== '').join(' ')
  return first === '' ? family : `${family}, ${first}`
}
