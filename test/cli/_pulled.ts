/** The folder of a transfer as `pull` leaves it, with small synthetic instances. */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeStart } from '../../src/dicom/write/index.js'
import type { ManifestItem } from '../../src/protocol/manifest.js'
import { itemPaths } from '../../src/protocol/opened-names.js'
import { dataset } from '../deidentify/_build.js'
import type { Written } from '../deidentify/_build.js'

export const CT = '1.2.840.10008.5.1.4.1.1.2'
export const EXPLICIT = '1.2.840.10008.1.2.1'
export const IMPLICIT = '1.2.840.10008.1.2'
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70'
export const STUDY = '2.25.1001'
export const TRANSFER = '01980000-0000-7000-8000-000000000001'

export interface MadeInstance {
  readonly instance: string
  readonly file: string
  readonly dataSet: Buffer
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

/** A greyscale image of 4 by 4 pixels, whose values are its number. */
function imageOf(at: number, instance: string, series: string, syntax: string): Buffer {
  const isCompressed = syntax === JPEG_LOSSLESS
  const fragment = Buffer.alloc(16, at)
  const items = Buffer.concat([
    Buffer.from('feff00e000000000', 'hex'),
    Buffer.from('feff00e010000000', 'hex'),
    fragment,
    Buffer.from('feffdde000000000', 'hex'),
  ])
  const elements: Written[] = [
    [0x00080016, 'UI', CT],
    [0x00080018, 'UI', instance],
    [0x00080020, 'DA', '20260301'],
    [0x00080060, 'CS', 'CT'],
    [0x00081030, 'LO', 'Thorax'],
    [0x00100010, 'PN', 'PSEUDONYM^ONE'],
    [0x00100020, 'LO', 'P1'],
    [0x0020000d, 'UI', STUDY],
    [0x0020000e, 'UI', series],
    [0x00200010, 'SH', 'S1'],
    [0x00200011, 'IS', '1'],
    [0x00200013, 'IS', String(at)],
    [0x00280002, 'US', number(1)],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', number(4)],
    [0x00280011, 'US', number(4)],
    [0x00280100, 'US', number(8)],
    [0x00280101, 'US', number(8)],
    [0x00280102, 'US', number(7)],
    [0x00280103, 'US', number(0)],
    isCompressed
      ? [0x7fe00010, 'OB', items, 'open']
      : [0x7fe00010, syntax === IMPLICIT ? 'OW' : 'OB', Buffer.alloc(16, at)],
  ]
  return dataset(elements, syntax === IMPLICIT ? 'implicit' : 'explicit')
}

/**
 * Writes one instance for each syntax, one document, and the manifest.
 *
 * @returns the instances, in the order of the manifest
 */
export async function makePulled(
  out: string,
  syntaxes: readonly string[],
  id = TRANSFER,
): Promise<readonly MadeInstance[]> {
  const series = `${STUDY}.1`
  const made = syntaxes.map((syntax, at) => {
    const instance = `${STUDY}.1.${at + 1}`
    const dataSet = imageOf(at + 1, instance, series, syntax)
    return { instance, dataSet, bytes: Buffer.concat([encodeStart(CT, instance, syntax), dataSet]) }
  })
  const items: ManifestItem[] = made.map(({ instance, bytes }, at) => ({
    ...{ index: at + 1, kind: 'instance', mediaType: 'application/dicom', modality: 'CT' },
    ...{ study: STUDY, series, instance, sopClass: CT, transferSyntax: syntaxes[at] },
    plaintext: digestOf(bytes),
    ciphertext: digestOf(bytes),
  }))
  const note = Buffer.from('requisition')
  items.push({
    ...{ index: items.length + 1, kind: 'document', mediaType: 'text/plain' },
    ...{ plaintext: digestOf(note), ciphertext: digestOf(note) },
  })
  const paths = itemPaths(items)
  const contents = [...made.map(({ bytes }) => bytes), note]
  const files = items.map(({ index }) => join(out, id, paths.get(index) ?? ''))
  for (const [at, file] of files.entries()) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, contents[at] ?? '')
  }
  const manifest = { v: 1, transfer: id, facility: 'f', group: 'g', gateway: 'n', items }
  await writeFile(join(out, id, 'manifest.json'), JSON.stringify(manifest))
  return made.map(({ instance, dataSet }, at) => ({ instance, dataSet, file: files[at] ?? '' }))
}

const digestOf = (bytes: Buffer) => ({
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
})
