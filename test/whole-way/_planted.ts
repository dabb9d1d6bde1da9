/** Files with planted identifiers wherever a file can contain one. */
import { crc32 } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import type { Canaries } from './_canary.js'

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT', 'UC', 'UR'])

type Value = string | Buffer | readonly Elements[]
export type Elements = readonly (readonly [tag: number, vr: string, value: Value])[]

/**
 * Explicit VR little endian (PS3.5 section 7.1.2); sequences alternate between defined and
 * undefined lengths.
 */
function element(tag: number, vr: string, value: Value): Buffer {
  let bytes = Buffer.isBuffer(value)
    ? value
    : typeof value === 'string'
      ? Buffer.from(value)
      : Buffer.concat(value.map((one) => item(dataset(one))))
  if (bytes.length % 2 === 1) {
    bytes = Buffer.concat([bytes, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')])
  }
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8)
  head.writeUInt16LE(tag >>> 16, 0)
  head.writeUInt16LE(tag & 0xffff, 2)
  head.write(vr, 4, 'latin1')
  if (vr === 'SQ' && (tag & 4) !== 0) {
    head.writeUInt32LE(0xffffffff, 8)
    return Buffer.concat([head, bytes, Buffer.from('feffdde000000000', 'hex')])
  }
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8)
  else head.writeUInt16LE(bytes.length, 6)
  return Buffer.concat([head, bytes])
}

function item(bytes: Buffer): Buffer {
  const head = Buffer.from('feff00e000000000', 'hex')
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

const dataset = (elements: Elements): Buffer =>
  Buffer.concat(
    elements.toSorted(([a], [b]) => a - b).map(([tag, vr, value]) => element(tag, vr, value)),
  )

const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'

/**
 * A CT slice of 8 by 8 pixels with an identifier in every kind of place. `extra` replaces elements
 * with the same tag.
 */
export function plantedInstance(
  canaries: Canaries,
  name: string,
  options: { readonly extra?: Elements; readonly uidRoot?: string } = {},
): Buffer {
  const plant = (kind: 'name' | 'id' | 'date' | 'number', where: string): string =>
    canaries[kind](`${name}: ${where}`)
  const uid = options.uidRoot ?? plantedUid(canaries, name)
  const last = plant('name', "Patient's Name, family")
  const patientId = plant('id', 'Patient ID')
  const common: Elements = [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', CT_IMAGE],
    [0x00080018, 'UI', `${uid}.3`],
    [0x00080020, 'DA', plant('date', 'Study Date')],
    [0x00080023, 'DA', plant('date', 'Content Date')],
    [0x00080030, 'TM', '021407.5'],
    [0x00080050, 'SH', plant('id', 'Accession Number')],
    [0x00080060, 'CS', 'CT'],
    [0x00080080, 'LO', plant('name', 'Institution Name')],
    [0x00080081, 'ST', plant('name', 'Institution Address')],
    [0x00080090, 'PN', plant('name', "Referring Physician's Name")],
    [0x00080094, 'SH', plant('number', "Referring Physician's Telephone Numbers")],
    // The profile retains the device's identity (CID 7050, 113109).
    [0x00081010, 'SH', 'CT2'],
    [0x00081030, 'LO', `${plant('name', 'Study Description')} head`],
    [0x0008103e, 'LO', plant('name', 'Series Description')],
    [0x00081070, 'PN', plant('name', "Operators' Name")],
    [
      0x00081110,
      'SQ',
      [
        [
          [0x00081150, 'UI', CT_IMAGE],
          [0x00081155, 'UI', `${uid}.9`],
        ],
      ],
    ],
    [
      0x00081140,
      'SQ',
      [
        [
          [0x00081150, 'UI', CT_IMAGE],
          [0x00081155, 'UI', `${uid}.4`],
          [
            0x0040a170,
            'SQ',
            [
              [
                [0x00080100, 'SH', '121311'],
                [0x00080102, 'SH', 'DCM'],
                [0x00080104, 'LO', 'Localizer'],
                [0x00100010, 'PN', plant('name', "Patient's Name, two levels down")],
                [0x00091001, 'LO', plant('name', 'private element, two levels down')],
              ],
            ],
          ],
        ],
      ],
    ],
    [0x00090010, 'LO', 'VENDOR 1'],
    [0x00091001, 'LO', plant('name', 'private element')],
    [0x00091002, 'UN', Buffer.from(plant('name', 'private element of unknown VR'))],
    [0x00091004, 'SQ', [[[0x00091005, 'PN', plant('name', 'private sequence')]]]],
    [0x00100010, 'PN', `${last}^${plant('name', "Patient's Name, given")}`],
    [0x00100020, 'LO', patientId],
    [0x00100021, 'LO', plant('name', 'Issuer of Patient ID')],
    [0x00100030, 'DA', plant('date', "Patient's Birth Date")],
    [0x00100040, 'CS', 'F'],
    [0x00101000, 'LO', plant('id', 'Other Patient IDs')],
    [0x00101002, 'SQ', [[[0x00100020, 'LO', plant('id', 'Other Patient IDs Sequence')]]]],
    [0x00101040, 'LO', plant('name', "Patient's Address")],
    [0x00101060, 'PN', plant('name', "Patient's Mother's Birth Name")],
    [0x00102154, 'SH', plant('number', "Patient's Telephone Numbers")],
    [0x001021b0, 'LT', `${plant('name', 'Additional Patient History')} fell`],
    [0x00104000, 'LT', plant('name', 'Patient Comments')],
    [0x0011fffd, 'LO', plant('name', 'element without a private creator')],

    [0x00181030, 'LO', plant('name', 'Protocol Name')],
    [0x0020000d, 'UI', `${uid}.1`],
    [0x0020000e, 'UI', `${uid}.2`],
    [0x00200010, 'SH', plant('id', 'Study ID')],
    [0x00200011, 'IS', '1'],
    [0x00200013, 'IS', '1'],
    // A slice with a position in space, which is therefore not an image that may show a name.
    [0x00200032, 'DS', '-4\\-4\\0'],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', `${uid}.5`],
    [0x00204000, 'LT', plant('name', 'Image Comments')],
    [0x00280002, 'US', Buffer.from([1, 0])],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', Buffer.from([8, 0])],
    [0x00280011, 'US', Buffer.from([8, 0])],
    [0x00280100, 'US', Buffer.from([16, 0])],
    [0x00280101, 'US', Buffer.from([16, 0])],
    [0x00280102, 'US', Buffer.from([15, 0])],
    [0x00280103, 'US', Buffer.from([0, 0])],
    [0x00321032, 'PN', plant('name', 'Requesting Physician')],
    [
      0x00400275,
      'SQ',
      [[[0x00400007, 'LO', plant('name', 'Scheduled Procedure Step Description')]]],
    ],
    [0x00402008, 'PN', plant('name', 'Order Entered By')],
    [0x40080102, 'PN', plant('name', 'Interpretation Recorder')],
    [0x50003000, 'OW', Buffer.from(plant('name', 'curve data'))],
    [0x60004000, 'LT', plant('name', 'overlay comments')],
  ]
  const replaced = new Set(options.extra?.map(([tag]) => tag))
  const main = dataset([
    ...common.filter(([tag]) => !replaced.has(tag)),
    ...(options.extra ?? []),
    [0x7fe00010, 'OW', randomBytes(128)],
  ])
  const behind = dataset([
    [0x7fe10010, 'LO', 'VENDOR 2'],
    [0x7fe11001, 'LO', plant('name', 'private element behind Pixel Data')],
    [0xfffafffa, 'SQ', [[[0x00080005, 'LO', plant('name', 'Digital Signatures Sequence')]]]],
    [0xfffcfffc, 'OB', Buffer.from(plant('name', 'Data Set Trailing Padding'))],
  ])
  const meta = dataset([
    [0x00020001, 'OB', Buffer.from([0, 1])],
    [0x00020002, 'UI', CT_IMAGE],
    [0x00020003, 'UI', `${uid}.3`],
    [0x00020010, 'UI', '1.2.840.10008.1.2.1'],
    [0x00020012, 'UI', '1.2.3.4'],
    [0x00020013, 'SH', plant('name', 'Implementation Version Name')],
    [0x00020016, 'AE', plant('name', 'Source Application Entity Title')],
    [0x00020100, 'UI', '1.2.3.4.5'],
    [0x00020102, 'OB', Buffer.from(plant('name', 'Private Information'))],
  ])
  const preamble = Buffer.alloc(128)
  preamble.write(plant('name', 'preamble'))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  return Buffer.concat([
    preamble,
    Buffer.from('DICM'),
    element(0x00020000, 'UL', length),
    meta,
    main,
    behind,
  ])
}

/** A UID that is itself an identifier. */
export const plantedUid = (canaries: Canaries, name: string): string =>
  `1.2.826.0.1.${canaries.number(`${name}: UIDs`)}`

/** A ZIP whose entries are stored, named as given. */
export function zipOf(
  entries: readonly { readonly name: string; readonly bytes: Buffer }[],
): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of entries) {
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(0x0800, 2)
    fields.writeUInt32LE(crc32(bytes), 10)
    fields.writeUInt32LE(bytes.length, 14)
    fields.writeUInt32LE(bytes.length, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const here = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), bytes])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    const made = Buffer.from([20, 3])
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), made, fields, tail, Buffer.from(name)]))
    local.push(here)
    offset += here.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end])
}
