/**
 * One file for each place where other de-identifiers have been seen to leave an identity, or to
 * break the image; each contains the same identity. The results of other programs were measured
 * once on files like these, with default settings, in the versions given in the column headings.
 */
import { deflateRawSync } from 'node:zlib'
import {
  CT,
  dataset,
  fragments,
  instance,
  part10,
  SYNTAX,
  type Encoding,
  type Written,
} from '../deidentify/_build.js'

export interface LeakCase {
  readonly name: string
  readonly bytes: Buffer
  /**
   * dicom-curate 0.41.2, Kitware dicom-anonymizer, pydicom/deid with remove_private; '' if not
   * measured.
   */
  readonly others: readonly [curate: string, kitware: string, deid: string]
}

const NAME = 'SMITHSON^JANETTE'
const ID = 'MRN0012345'
const NONE = ['', '', ''] as const

/** In lower case; finding any of these in the bytes identifies the patient. */
export const IDENTITY: readonly string[] = [
  ...['smithson', 'janette', 'mrn0012345', '0012345', '19700321', '1970-03-21', '21.03.1970'],
  ...['03/21/1970', '1.2.3.4.5', '1.2.826.0.1.99.7', 'springvale', ';3edmw;h'],
]

const text = (tag: number, vr = 'LO', value = `of ${NAME} ${ID}`): Written => [tag, vr, value]
const sequence = (tag: number, ...items: (readonly Written[])[]): Written => [tag, 'SQ', { items }]
const pixels = (vr = 'OW', value = Buffer.alloc(128, 1)): Written => [0x7fe00010, vr, value]
const IMAGE: readonly Written[] = [
  [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
  [0x00280002, 'US', Buffer.from([1, 0])],
  [0x00280004, 'CS', 'MONOCHROME2'],
  [0x00280010, 'US', Buffer.from([8, 0])],
  [0x00280011, 'US', Buffer.from([8, 0])],
  [0x00280100, 'US', Buffer.from([16, 0])],
  [0x00280101, 'US', Buffer.from([12, 0])],
  [0x00280102, 'US', Buffer.from([11, 0])],
  [0x00280103, 'US', Buffer.from([0, 0])],
]

/** Numbers in the byte order of the encoding. */
const ordered = (written: Written, encoding: Encoding): Written => {
  const [tag, vr, value] = written
  if (encoding !== 'big' || !Buffer.isBuffer(value)) return written
  return [tag, vr, Buffer.from(value).reverse()]
}

function file(more: readonly Written[], encoding: Encoding = 'explicit', after: Written[] = []) {
  const given = new Set(more.map(([tag]) => tag))
  const image = [...IMAGE.map((one) => ordered(one, encoding)), pixels()].filter(
    ([tag]) => !given.has(tag),
  )
  const body = dataset([...instance([...image, ...more]), ...after], encoding)
  return part10(body, SYNTAX[encoding])
}

const made = (name: string, bytes: Buffer, others: LeakCase['others'] = NONE): LeakCase => ({
  name,
  bytes,
  others,
})

const nested = (levels: number, inmost: readonly Written[]): readonly Written[] =>
  levels === 0 ? inmost : [sequence(0x00082112, nested(levels - 1, inmost))]

const japanese = Buffer.from('1b2442' + '3b3345444d573b48' + '1b2842', 'hex')

export const LEAK_CASES: readonly LeakCase[] = [
  made(
    'behind Pixel Data: 7FE1, digital signature, FFFC',
    file([], 'explicit', [
      [0x7fe10010, 'LO', 'VENDOR'],
      text(0x7fe11001),
      sequence(0xfffafffa, [[0x04000115, 'OB', Buffer.from(`cert of ${NAME}`)]]),
      [0xfffcfffc, 'OB', Buffer.from(`${NAME} ${ID}`)],
    ]),
    ['leak', 'ok', 'leak'],
  ),
  made(
    'PN and UIDs that Table E.1-1 does not list',
    file([
      [0x00081196, 'US', Buffer.from([1, 0])],
      [0x00209161, 'UI', '1.2.826.0.1.99.7.1'],
      [0x00200242, 'UI', '1.2.826.0.1.99.7.2'],
      [0x00281214, 'UI', '1.2.826.0.1.99.7.3'],
      [0x300e0008, 'PN', NAME],
      [0x0040a123, 'PN', NAME],
    ]),
    ['leak', 'leak', 'ok'],
  ),
  made(
    'six levels down, with private elements there',
    file(nested(6, [[0x00091001, 'LO', NAME], [0x00100010, 'PN', NAME], text(0x00204000, 'LT')])),
    ['ok', 'ok', 'ok'],
  ),
  made(
    'a name under sequences that the table does not list',
    file([
      sequence(0x52009229, [
        sequence(0x00089124, [[0x00100010, 'PN', NAME], text(0x00082111, 'ST')]),
      ]),
    ]),
    ['ok', 'leak', 'ok'],
  ),
  made(
    'overlay description and comments',
    file([text(0x60000022), text(0x60004000, 'LT'), [0x60003000, 'OW', Buffer.alloc(8)]]),
    ['ok', 'leak', 'leak'],
  ),
  made(
    'encapsulated PDF',
    part10(
      dataset(
        instance([
          [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.1'],
          [0x00080060, 'CS', 'DOC'],
          [0x00420010, 'ST', `report of ${NAME}`],
          [0x00420011, 'OB', Buffer.from(`%PDF-1.4\n(${NAME})`)],
        ]),
      ),
    ),
    ['leak', 'crash', 'leak'],
  ),
  made(
    'preamble and group 0002',
    part10(
      dataset(instance([...IMAGE, pixels()])),
      SYNTAX.explicit,
      Buffer.from(`${NAME} ${ID} 1970-03-21`.padEnd(128, '\0')),
      [
        [0x00020016, 'AE', 'SMITHSON'],
        [0x00020100, 'UI', '1.2.826.0.1.99.7.4'],
        [0x00020102, 'OB', Buffer.from(`${NAME}${ID}`)],
      ],
    ),
    ['ok', 'leak', 'leak'],
  ),
  made(
    'an icon with pixels of its own',
    file([sequence(0x00880200, [...IMAGE.slice(1), pixels('OW', Buffer.from(NAME))])]),
    ['rejected', 'ok', 'ok'],
  ),
  made(
    'several UIDs in one value',
    file([[0x00080058, 'UI', '1.2.826.0.1.99.7.5\\1.2.826.0.1.99.7.6']]),
    ['2 UIDs to 1', 'ok', ''],
  ),
  made(
    'a sequence written as UN (CP-246)',
    file([
      [
        0x00081140,
        'UN',
        { items: [[[0x00100010, 'PN', NAME], text(0x00104000, 'LT')]], isOpen: true },
      ],
    ]),
  ),
  made(
    'a private sequence of private sequences',
    file([
      [0x00090010, 'LO', 'VENDOR'],
      [
        0x00091001,
        'SQ',
        {
          items: [[[0x00091002, 'SQ', { items: [[[0x00091003, 'PN', NAME]]], isOpen: true }]]],
          isOpen: true,
        },
      ],
    ]),
  ),
  made(
    'implicit VR',
    file([text(0x00104000, 'LT'), sequence(0x00082112, [[0x00100010, 'PN', NAME]])], 'implicit'),
  ),
  made(
    'big endian',
    file([text(0x00104000, 'LT'), sequence(0x00082112, [[0x00100010, 'PN', NAME]])], 'big'),
  ),
  made(
    'deflated',
    part10(
      deflateRawSync(dataset(instance([...IMAGE, text(0x00104000, 'LT'), pixels()]))),
      '1.2.840.10008.1.2.1.99',
    ),
    ['image gone', '', ''],
  ),
  made(
    'behind encapsulated Pixel Data',
    part10(
      dataset([
        ...instance([[0x00080016, 'UI', CT], ...IMAGE]),
        [0x7fe00010, 'OB', fragments(Buffer.alloc(64, 2)), 'open'],
        [0xfffcfffc, 'OB', Buffer.from(`${NAME} ${ID}`)],
      ]),
      '1.2.840.10008.1.2.4.90',
    ),
  ),
  made(
    'a curve with its description',
    file([text(0x50000022), [0x50003000, 'OW', Buffer.from(`${NAME}!`)]]),
  ),
  made(
    'a name in elements of numbers',
    file([
      [0x00180050, 'DS', 'SMITHSON'],
      [0x00200013, 'IS', 'MRN0012345'],
    ]),
  ),
  made(
    'a name in codes',
    file([
      [0x00185100, 'CS', 'SMITHSON'],
      sequence(0x00082218, [
        [0x00080100, 'SH', 'SMITHSON'],
        [0x00080102, 'SH', 'DCM'],
        [0x00080104, 'LO', NAME],
      ]),
    ]),
  ),
  made(
    'the ID without its letters and zeros',
    file([text(0x00081030, 'LO', 'ct 12345'), text(0x0008103e, 'LO', 'no 0012345')]),
  ),
  made(
    'the name without separators',
    file([text(0x00181030, 'LO', 'SMITHSONJANETTE'), text(0x00204000, 'LT', 'janettesmithson')]),
  ),
  made(
    'the birth date in other forms',
    file([text(0x00204000, 'LT', '21.03.1970, 1970-03-21'), text(0x00104000, 'LT', '03/21/1970')]),
  ),
  made(
    'dates that the table does not list',
    file([
      [0x00189074, 'DT', '19700321083000'],
      [0x0040a121, 'DA', '19700321'],
    ]),
  ),
  made(
    'original attributes of an earlier correction',
    file([
      sequence(0x04000561, [
        sequence(0x04000550, [
          [0x00100010, 'PN', NAME],
          [0x00100020, 'LO', ID],
        ]),
        text(0x04000564),
      ]),
    ]),
  ),
  made(
    'encrypted attributes of somebody else',
    file([
      sequence(0x04000500, [
        [0x04000510, 'UI', '1.2.840.10008.1.2'],
        [0x04000520, 'OB', Buffer.from(`${NAME} ${ID}!`)],
      ]),
    ]),
  ),
  made(
    'institution, address, physicians, operators',
    file([
      text(0x00080080),
      text(0x00080081, 'ST', '1 Springvale Rd'),
      [0x00080090, 'PN', NAME],
      [0x00081070, 'PN', NAME],
      text(0x00081010, 'SH', 'SMITHSON'),
    ]),
  ),
  made(
    'station, protocol and requested procedure',
    file([
      text(0x00321060),
      text(0x00400254),
      text(0x00181030),
      sequence(0x00400275, [text(0x00400007), text(0x00321060)]),
    ]),
  ),
  made(
    'Japanese in ISO 2022',
    file([
      [0x00080005, 'CS', '\\ISO 2022 IR 87'],
      [0x00100010, 'PN', Buffer.concat([Buffer.from('SMITHSON^JANETTE='), japanese])],
      [0x00104000, 'LT', japanese],
    ]),
  ),
  made(
    'bytes that are text after all',
    file([
      [0x00080116, 'OB', Buffer.from(`\0${NAME}\0${ID}\0\0`)],
      [0x00280120, 'UN', Buffer.from(NAME)],
    ]),
  ),
  made(
    'VRs that lie',
    file([
      [0x00081030, 'UT', `${NAME} ${ID}`],
      [0x00080070, 'OB', Buffer.from(NAME)],
    ]),
  ),
  made(
    'group lengths and retired groups',
    file([
      [0x00080000, 'UL', Buffer.alloc(4)],
      [0x00041130, 'CS', 'SMITHSON'],
      [0x00200000, 'UL', Buffer.alloc(4)],
    ]),
  ),
  made(
    'an unknown element of a known group',
    file([text(0x00111001), text(0x00181999), [0x00282fff, 'LO', NAME]]),
  ),
]
