/** The report as HL7 v2.5.1 ORU^R01 (IHE RAD-128): one OBX per line, plus one for the PDF. */
import type { FinishedReport } from './finished.js'
import { agreementLine, authorLine, sectionsOf, statusTitle } from './finished.js'

/**
 * HL7 tables 0085 and 0123. An addendum corrects a final report, so its HL7 status is "corrected".
 */
const STATUS = { preliminary: 'P', final: 'F', addendum: 'C' } as const

/**
 * Encodes the message as UTF-8, with segments terminated by CR.
 *
 * @param control MSH-10: the same for the same report, so that a RIS recognizes a repeat.
 */
export function toOru(report: FinishedReport, pdf: Buffer | undefined, control: string): string {
  const { identity, document, facility } = report
  const status = STATUS[document.status]
  const at = stamp(document.signedAt)
  const agreement = agreementLine(report)
  const lines = [
    statusTitle(report),
    ...(agreement === undefined ? [] : [agreement]),
    ...sectionsOf(report).flatMap(({ title, text }) => [title, ...text.split(/\r\n|\r|\n/)]),
    authorLine(report),
  ]
  const [family = '', given = '', middle = ''] = (identity.patientName.split('=')[0] ?? '').split(
    '^',
  )
  const service = field('RAD', identity.description || 'Radiology report', 'L')
  const segments = [
    [
      'MSH',
      '^~\\&',
      'NOCTURNE',
      field(document.gateway),
      field(facility),
      '',
      at,
      '',
      'ORU^R01^ORU_R01',
      field(control),
      'P',
      '2.5.1',
      '',
      '',
      '',
      '',
      '',
      'UNICODE UTF-8',
    ],
    [
      'PID',
      '1',
      '',
      `${field(identity.patientId)}^^^${field(identity.issuer)}`,
      '',
      field(family, given, middle),
      '',
      field(identity.birthDate),
      field(identity.sex),
    ],
    ['PV1', '1', 'U'],
    ['ORC', 'RE', '', field(identity.accession)],
    obr(report, { service, at, status }),
    ...lines.map((line, i) => [
      'OBX',
      String(i + 1),
      'TX',
      field('GDT', 'Report text', 'L'),
      '1',
      field(line),
      '',
      '',
      '',
      '',
      '',
      status,
      '',
      '',
      at,
    ]),
    ...(pdf === undefined
      ? []
      : [
          [
            'OBX',
            String(lines.length + 1),
            'ED',
            field('PDF', 'Report as PDF', 'L'),
            '1',
            `^application^pdf^Base64^${pdf.toString('base64')}`,
            '',
            '',
            '',
            '',
            '',
            status,
            '',
            '',
            at,
          ],
        ]),
  ]
  return segments.map((one) => `${one.join('|')}\r`).join('')
}

function obr(
  { identity, document, id }: FinishedReport,
  {
    service,
    at,
    status,
  }: { readonly service: string; readonly at: string; readonly status: string },
): readonly string[] {
  const fields = Array.from({ length: 33 }, () => '')
  fields[0] = 'OBR'
  fields[1] = '1'
  fields[2] = field(identity.accession)
  fields[3] = field(id)
  fields[4] = service
  fields[7] = `${field(identity.studyDate)}${identity.studyDate ? field(identity.studyTime) : ''}`
  fields[16] = field(
    '',
    ...(identity.referringPhysician.split('=')[0] ?? '').split('^').slice(0, 2),
  )
  fields[18] = field(identity.accession)
  fields[22] = at
  fields[24] = field(document.modality?.split(',')[0] ?? 'RAD')
  fields[25] = status
  fields[32] = field(document.author, document.authorName ?? '')
  return fields
}

/**
 * Joins components, escaping the characters that have a meaning in HL7 (2.7.1) and replacing
 * control characters by spaces.
 */
const field = (...components: readonly string[]): string => components.map(escaped).join('^')

const ESCAPES: Readonly<Record<string, string>> = {
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
  '\\': '\\E\\',
}

const escaped = (text: string): string =>
  text.replace(/\p{Cc}/gu, ' ').replace(/[|^&~\\]/g, (one) => ESCAPES[one] ?? one)

/** `2026-11-30T02:00:00.000Z` as `20261130020000+0000`. */
const stamp = (time: string): string => `${time.replace(/\D/g, '').slice(0, 14)}+0000`
