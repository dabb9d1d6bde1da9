/** The report as HL7 v2.5.1 ORU^R01 (IHE RAD-128): one OBX per line, plus one for the PDF. */
import type { FinishedReport } from './finished.js'
import { agreementLine, authorLine, sectionsOf, statusTitle } from './finished.js'

/**
 * HL7 tables 0085 and 0123. An addendum corrects a final report, so its HL7 status is "corrected".
 */
const STATUS = { preliminary: 'P', final: 'F', addendum: 'C' } as const
/** Of the order: some results are available, but not all (HL7 table 0123). */
const SOME = 'A'

/**
 * Encodes the message as UTF-8, with segments terminated by CR.
 *
 * @param control MSH-10: the same for the same report, so that a RIS recognizes a repeat.
 */
export function toOru(report: FinishedReport, pdf: Buffer | undefined, control: string): string {
  const { identity, document } = report
  const mark: Mark = { status: STATUS[document.status], at: stamp(document.signedAt) }
  const lines = linesOf(report)
  const segments = [
    mshOf(report, mark, control),
    pidOf(report),
    ['PV1', '1', 'U'],
    ['ORC', 'RE', '', field(identity.accession)],
    obrOf(report, isPartialFinal(report) ? { ...mark, status: SOME } : mark),
    ...lines.map((line, i) =>
      obx(i + 1, 'TX', field('GDT', 'Report text', 'L'), field(line), mark),
    ),
    ...(pdf
      ? [obx(lines.length + 1, 'ED', field('PDF', 'Report as PDF', 'L'), encapsulated(pdf), mark)]
      : []),
  ]
  return segments.map((one) => `${one.join('|')}\r`).join('')
}

/** The text itself is final, but the RIS must not take the order as completed. */
const isPartialFinal = ({ document, isPartial }: FinishedReport): boolean =>
  document.status === 'final' && isPartial === true

/**
 * What every observation states about the report: its status (HL7 table 0085), and when it was
 * signed.
 */
interface Mark {
  readonly status: string
  readonly at: string
}

type Segment = readonly string[]

function linesOf(report: FinishedReport): readonly string[] {
  const agreement = agreementLine(report)
  return [
    statusTitle(report),
    ...(agreement === undefined ? [] : [agreement]),
    ...sectionsOf(report).flatMap(({ title, text }) => [title, ...text.split(/\r\n|\r|\n/)]),
    authorLine(report),
  ]
}

function mshOf({ document, facility }: FinishedReport, { at }: Mark, control: string): Segment {
  const fields = Array.from({ length: 18 }, () => '')
  fields[0] = 'MSH'
  fields[1] = '^~\\&'
  fields[2] = 'NOCTURNE'
  fields[3] = field(document.gateway)
  fields[4] = field(facility)
  fields[6] = at
  fields[8] = 'ORU^R01^ORU_R01'
  fields[9] = field(control)
  fields[10] = 'P'
  fields[11] = '2.5.1'
  fields[17] = 'UNICODE UTF-8'
  return fields
}

function pidOf({ identity }: FinishedReport): Segment {
  const [family = '', given = '', middle = ''] = alphabetic(identity.patientName)
  const id = `${field(identity.patientId)}^^^${field(identity.issuer)}`
  const name = field(family, given, middle)
  return ['PID', '1', '', id, '', name, '', field(identity.birthDate), field(identity.sex)]
}

function obx(set: number, type: string, what: string, value: string, mark: Mark): Segment {
  const { status, at } = mark
  return ['OBX', String(set), type, what, '1', value, '', '', '', '', '', status, '', '', at]
}

const encapsulated = (pdf: Buffer): string => `^application^pdf^Base64^${pdf.toString('base64')}`

function obrOf({ identity, document, id }: FinishedReport, { at, status }: Mark): Segment {
  const fields = Array.from({ length: 33 }, () => '')
  fields[0] = 'OBR'
  fields[1] = '1'
  fields[2] = field(identity.accession)
  fields[3] = field(id)
  fields[4] = field('RAD', identity.description || 'Radiology report', 'L')
  fields[7] = `${field(identity.studyDate)}${identity.studyDate ? field(identity.studyTime) : ''}`
  fields[16] = field('', ...alphabetic(identity.referringPhysician).slice(0, 2))
  fields[18] = field(identity.accession)
  fields[22] = at
  fields[24] = field(document.modality?.split(',')[0] ?? 'RAD')
  fields[25] = status
  fields[32] = field(document.author, document.authorName ?? '')
  return fields
}

/** The components of a name's alphabetic group (PS3.5 section 6.2, VR PN). */
const alphabetic = (name: string): readonly string[] => (name.split('=')[0] ?? '').split('^')

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
