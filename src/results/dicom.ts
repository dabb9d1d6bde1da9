/**
 * The report as DICOM, for the PACS: Basic Text SR (PS3.3 A.35.1) and Encapsulated PDF (A.45.1), in
 * the patient's original study. Part 10, explicit VR little endian, UTF-8.
 */
import { createHash } from 'node:crypto'
import type { FinishedReport } from './finished.js'
import { agreementLine, authorLine, sectionsOf, statusTitle } from './finished.js'

type Value = string | number | Buffer | readonly Dataset[]
type Dataset = Readonly<Record<string, Element>>
type Element = readonly [vr: string, value: Value]

const SR = '1.2.840.10008.5.1.4.1.1.88.11'
const PDF = '1.2.840.10008.5.1.4.1.1.104.1'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
const LONG: ReadonlySet<string> = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])
const IMPLEMENTATION = uidFrom('nocturne')

/**
 * A preliminary report is PARTIAL and UNVERIFIED (PS3.3 C.17.2); only a final one may be VERIFIED.
 */
export function toSr(report: FinishedReport): Buffer {
  const { document, identity, id } = report
  const instance = uidFrom(`${id}/sr`)
  const [date, time] = stamp(document.signedAt)
  const isFinal = document.status !== 'preliminary'
  const agreement = agreementLine(report)
  const texts = [
    { title: 'STATUS', text: statusTitle(report) },
    ...(agreement === undefined ? [] : [{ title: 'DISCREPANCY', text: agreement }]),
    ...sectionsOf(report),
    { title: 'SIGNATURE', text: authorLine(report) },
  ]
  return part10(SR, instance, {
    ...common(report, SR, instance, 'SR', 'sr'),
    '00081111': ['SQ', []],
    '0040A040': ['CS', 'CONTAINER'],
    '0040A043': ['SQ', [code('18748-4', 'LN', 'Diagnostic imaging report')]],
    '0040A050': ['CS', 'SEPARATE'],
    ...(isFinal && {
      '0040A073': [
        'SQ',
        [
          {
            '0040A027': ['LO', clip(report.facility, 64)],
            '0040A030': ['DT', `${date}${time}`],
            '0040A075': ['PN', clip(document.authorName ?? document.author, 64)],
            '0040A088': ['SQ', []],
          },
        ],
      ] as const,
    }),
    '0040A370': [
      'SQ',
      [
        {
          '00080050': ['SH', clip(identity.accession, 16)],
          '00081110': ['SQ', []],
          '0020000D': ['UI', identity.study],
          '00321060': ['LO', clip(identity.description, 64)],
          '00321064': ['SQ', []],
          '00401001': ['SH', ''],
          '00402016': ['LO', ''],
          '00402017': ['LO', ''],
        },
      ],
    ],
    '0040A372': ['SQ', []],
    '0040A491': ['CS', isFinal ? 'COMPLETE' : 'PARTIAL'],
    '0040A493': ['CS', isFinal ? 'VERIFIED' : 'UNVERIFIED'],
    '0040A496': ['CS', isFinal ? 'FINAL' : 'PRELIMINARY'],
    '0040A730': ['SQ', texts.map(({ title, text }) => textItem(title, text))],
  })
}

export function toEncapsulatedPdf(report: FinishedReport, pdf: Buffer): Buffer {
  const instance = uidFrom(`${report.id}/pdf`)
  return part10(PDF, instance, {
    ...common(report, PDF, instance, 'DOC', 'pdf'),
    '00080064': ['CS', 'WSD'],
    '00280301': ['CS', 'NO'],
    '0040A043': ['SQ', [code('18748-4', 'LN', 'Diagnostic imaging report')]],
    '00420010': ['ST', statusTitle(report)],
    '00420011': ['OB', pdf],
    '00420012': ['LO', 'application/pdf'],
    '00420015': ['UL', pdf.length],
  })
}

function common(
  { identity, document, id, facility }: FinishedReport,
  sopClass: string,
  instance: string,
  modality: string,
  kind: string,
): Dataset {
  const [date, time] = stamp(document.signedAt)
  return {
    '00080005': ['CS', 'ISO_IR 192'],
    '00080016': ['UI', sopClass],
    '00080018': ['UI', instance],
    '00080020': ['DA', identity.studyDate],
    '00080023': ['DA', date],
    '0008002A': ['DT', `${date}${time}`],
    '00080030': ['TM', identity.studyTime],
    '00080033': ['TM', time],
    '00080050': ['SH', clip(identity.accession, 16)],
    '00080060': ['CS', modality],
    '00080070': ['LO', 'Nocturne'],
    '00080080': ['LO', clip(facility, 64)],
    '00080090': ['PN', identity.referringPhysician],
    '00081030': ['LO', clip(identity.description, 64)],
    '00100010': ['PN', identity.patientName],
    '00100020': ['LO', clip(identity.patientId, 64)],
    '00100021': ['LO', clip(identity.issuer, 64)],
    '00100030': ['DA', identity.birthDate],
    '00100040': ['CS', identity.sex],
    '0020000D': ['UI', identity.study],
    '0020000E': ['UI', uidFrom(`${id}/series/${kind}`)],
    '00200010': ['SH', clip(identity.studyId, 16)],
    '00200011': ['IS', kind === 'sr' ? '9001' : '9002'],
    '00200013': ['IS', '1'],
  }
}

const code = (value: string, scheme: string, meaning: string): Dataset => ({
  '00080100': ['SH', value],
  '00080102': ['SH', scheme],
  '00080104': ['LO', meaning],
})

const SECTION_CODES: Readonly<Record<string, readonly [string, string, string]>> = {
  INDICATION: ['121109', 'DCM', 'Indications for Procedure'],
  TECHNIQUE: ['121065', 'DCM', 'Procedure Description'],
  COMPARISON: ['121060', 'DCM', 'History'],
  FINDINGS: ['121071', 'DCM', 'Finding'],
  IMPRESSION: ['121073', 'DCM', 'Impression'],
  DISCREPANCY: ['121077', 'DCM', 'Conclusion'],
  STATUS: ['121106', 'DCM', 'Comment'],
  SIGNATURE: ['121106', 'DCM', 'Comment'],
}

const textItem = (title: string, text: string): Dataset => ({
  '0040A010': ['CS', 'CONTAINS'],
  '0040A040': ['CS', 'TEXT'],
  '0040A043': ['SQ', [code(...(SECTION_CODES[title] ?? ['121106', 'DCM', 'Comment']))]],
  '0040A160': ['UT', text],
})

function part10(sopClass: string, instance: string, dataset: Dataset): Buffer {
  const meta = encode({
    '00020001': ['OB', Buffer.from([0, 1])],
    '00020002': ['UI', sopClass],
    '00020003': ['UI', instance],
    '00020010': ['UI', EXPLICIT_LITTLE],
    '00020012': ['UI', IMPLEMENTATION],
    '00020013': ['SH', 'NOCTURNE'],
  })
  const length = encode({ '00020000': ['UL', meta.length] })
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, encode(dataset)])
}

/** Encodes elements in ascending order, as PS3.5 section 7.1 requires. */
function encode(dataset: Dataset): Buffer {
  const tags = Object.keys(dataset).sort()
  return Buffer.concat(
    tags.flatMap((tag) => {
      const [vr, value] = dataset[tag] ?? ['UN', '']
      const bytes = valueOf(vr, value)
      const head = Buffer.alloc(LONG.has(vr) ? 12 : 8)
      head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0)
      head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2)
      head.write(vr, 4, 'latin1')
      if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8)
      else head.writeUInt16LE(bytes.length, 6)
      return [head, bytes]
    }),
  )
}

function valueOf(vr: string, value: Value): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  if (Buffer.isBuffer(value)) return even(value, 0)
  if (typeof value === 'string') return even(Buffer.from(value), vr === 'UI' ? 0 : 0x20)
  return Buffer.concat(
    value.map((item) => {
      const bytes = encode(item)
      const head = Buffer.from('feff00e000000000', 'hex')
      head.writeUInt32LE(bytes.length, 4)
      return Buffer.concat([head, bytes])
    }),
  )
}

const even = (bytes: Buffer, pad: number): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([pad])])

/** Truncates text that is too long for its VR, without splitting a character. */
const clip = (text: string, length: number): string => Array.from(text).slice(0, length).join('')

const stamp = (time: string): readonly [string, string] => {
  const digits = time.replace(/\D/g, '')
  return [digits.slice(0, 8), digits.slice(8, 14)]
}

/**
 * A UID derived from a UUID (PS3.5 B.2). The same name always gives the same UID, so a report that
 * is written twice is one instance.
 */
function uidFrom(name: string): string {
  const hex = createHash('sha256').update(`nocturne/uid/v1|${name}`).digest('hex').slice(0, 32)
  return `2.25.${BigInt(`0x${hex}`)}`
}
