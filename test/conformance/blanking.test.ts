/**
 * Compressed images made by dcmtk from real pixels are blanked, and decoded again by dcmtk: pixels
 * outside the mask are unchanged, and text is gone.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { builtCommand } from '../_built.js'
import { fragments, valueOf } from '../deidentify/_build.js'
import { compressedFile, noise, type Picture, type Region } from '../deidentify/_image.js'
import { run } from '../deidentify/_run.js'
import {
  decodedBy,
  decodeJpeg2000,
  encodedBy,
  folderFor,
  JPEG,
  JPEG_LS,
  noDcmtk,
  RLE,
} from './_compressed.js'

const when = noDcmtk === undefined ? it : it.skip
const title = (text: string) => (noDcmtk === undefined ? text : `${text} (skipped: ${noDcmtk})`)
const folder = folderFor('blanking')

const ROWS = 90
const COLUMNS = 130
/** Not aligned to blocks of 8 or 16. */
const REGION: Region = [19, 21, 101, 76]
const isKept = (x: number, y: number, margin = 0): boolean =>
  x >= 19 + margin && x <= 101 - margin && y >= 21 + margin && y <= 76 - margin

/** A picture that compresses like a real one: gradients, some noise, and text at its edges. */
function pixelsOf({ frames = 1, samples = 1, bits = 8, stored = bits }: Picture): Buffer {
  const grain = noise(frames * ROWS * COLUMNS * samples, 7)
  const most = 2 ** stored
  const values = [...grain].map((byte, at) => {
    const pixel = Math.floor(at / samples) % (ROWS * COLUMNS)
    const [x, y] = [pixel % COLUMNS, Math.floor(pixel / COLUMNS)]
    const isInk = !isKept(x, y) && (x + y) % 5 < 2
    return isInk ? most - 1 : (x * 3 + y * 2 + (byte & 7)) % most
  })
  if (bits === 8) return Buffer.from(values)
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, at) => bytes.writeUInt16LE(value, 2 * at))
  return bytes
}

const grey: Picture = { rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2' }
const grey12: Picture = { ...grey, bits: 16, stored: 12 }
const inverse: Picture = { ...grey12, photometric: 'MONOCHROME1' }
const colour: Picture = { ...grey, photometric: 'RGB', samples: 3, planar: 0 }
const loop: Picture = { ...colour, frames: 3 }

describe('an image compressed by dcmtk and blanked', () => {
  when.each<[string, Picture, readonly [string, string], string[], number]>([
    ['RLE, a loop in colour', loop, RLE, [], 0],
    ['RLE, grey of 12 bits', inverse, RLE, [], 0],
    ['lossless JPEG, grey of 12 bits', grey12, JPEG, ['+e1'], 0],
    ['lossless JPEG, inverse grey', inverse, JPEG, ['+e1'], 0],
    ['lossless JPEG, a loop in colour', loop, JPEG, ['+e1'], 0],
    ...[2, 3, 4, 5, 6, 7].map((predictor): [string, Picture, typeof JPEG, string[], number] => [
      `lossless JPEG, predictor ${String(predictor)}`,
      grey12,
      JPEG,
      ['+el', '+sv', String(predictor)],
      0,
    ]),
    ['JPEG-LS, grey', grey, JPEG_LS, ['+el'], 0],
    ['JPEG-LS, inverse grey of 12 bits', inverse, JPEG_LS, ['+el'], 0],
    ['JPEG-LS, a loop in colour', loop, JPEG_LS, ['+el', '+is'], 0],
    ['JPEG-LS by line', colour, JPEG_LS, ['+el', '+il'], 0],
    ['JPEG-LS by plane', colour, JPEG_LS, ['+el', '+in'], 0],
    ['JPEG-LS with loss', grey12, JPEG_LS, ['+en', '+md', '2'], 0],
    ['baseline JPEG, grey', grey, JPEG, ['+eb'], 0],
    ['extended JPEG of 12 bits', grey12, JPEG, ['+ee'], 0],
    ['baseline JPEG, colour without subsampling', colour, JPEG, ['+eb', '+s4'], 0],
    ['baseline JPEG, a loop with subsampled colour', loop, JPEG, ['+eb', '+s2'], 1],
    ['baseline JPEG, colour subsampled in both directions', colour, JPEG, ['+eb', '+np'], 1],
    ['baseline JPEG without a colour transform', colour, JPEG, ['+eb', '+cr'], 1],
  ])(title('as %s: no pixel inside the region changes, and no text is left'), async (...row) => {
    const [name, picture, [compress, decompress], args, margin] = row
    const pixels = pixelsOf(picture)
    const input = await encodedBy([compress, ...args], picture, [REGION], pixels, folder)
    const before = await decodedBy(decompress, input, folder)
    const { bytes, facts } = await run(input)
    expect(facts.pixelsBlanked).toBe(true)
    const after = await decodedBy(decompress, bytes, folder)
    const { samples = 1, bits = 8, frames = 1 } = picture
    const size = (samples * bits) / 8
    expect(after.length).toBe(before.length)
    const isLossy = /baseline|extended/.test(name)
    const shades = new Set<string>()
    for (let frame = 0; frame < frames; frame++)
      for (let y = 0; y < ROWS; y++)
        for (let x = 0; x < COLUMNS; x++) {
          const at = (frame * ROWS * COLUMNS + y * COLUMNS + x) * size
          const pixel = after.subarray(at, at + size)
          // Blocks on the edge of the region are blanked as a whole; smoothing extends one further.
          if (isKept(x, y, isLossy ? 16 + margin : 0))
            expect([x, y, pixel.toString('hex')]).toEqual([
              x,
              y,
              before.subarray(at, at + size).toString('hex'),
            ])
          if (!isKept(x, y)) shades.add(pixel.toString('hex'))
        }
    // Black; and next to the picture, results of smoothing its colour, which reveal nothing of the
    // text.
    expect(shades.size).toBeLessThanOrEqual(isLossy && samples === 3 ? 40 : 1)
  })
})

const FOLDER = fileURLToPath(new URL('../../../shared/dicom', import.meta.url))
const noFiles = existsSync(FOLDER) ? undefined : 'no ../shared/dicom'

describe('the codecs in a separate thread', () => {
  const withPeer = noDcmtk === undefined ? it : it.skip
  const named = (text: string) => (noDcmtk === undefined ? text : `${text} (skipped: ${noDcmtk})`)

  withPeer(named('blank frame after frame as they do here'), async () => {
    const args = ['+el', '+is']
    const input = await encodedBy(['dcmcjpls', ...args], loop, [REGION], pixelsOf(loop), folder)
    const [source, target] = [join(folder.path, 'thread.dcm'), join(folder.path, 'thread')]
    await writeFile(source, input)
    const words = ['deidentify', source, '--profile', 'pseudonymize', '--out', target]
    execFileSync(process.execPath, [builtCommand(), ...words], { stdio: 'pipe', timeout: 25_000 })
    const [name = ''] = readdirSync(target)
    const there = await decodedBy('dcmdjpls', readFileSync(join(target, name)), folder)
    const here = await decodedBy('dcmdjpls', (await run(input)).bytes, folder)
    expect(there.equals(here)).toBe(true)
  })
})

describe('a real image in JPEG 2000, presented as from an ultrasound scanner', () => {
  const run2000 = noFiles === undefined ? it : it.skip
  const named = (text: string) => (noFiles === undefined ? text : `${text} (skipped: ${noFiles})`)

  run2000.each<[string, Picture, string]>([
    [
      'pydicom-data/US1_J2KI.dcm',
      { rows: 480, columns: 640, samples: 3, photometric: 'YBR_ICT' },
      '91',
    ],
    [
      'pydicom/src/pydicom/data/test_files/GDCMJ2K_TextGBR.dcm',
      { rows: 400, columns: 400, samples: 3, photometric: 'YBR_RCT' },
      '90',
    ],
    [
      'pydicom/src/pydicom/data/test_files/MR_small_jp2klossless.dcm',
      { rows: 64, columns: 64, bits: 16, photometric: 'MONOCHROME2' },
      '90',
    ],
  ])(named('%s is blanked, and decodes to the same elsewhere'), async (name, picture, syntax) => {
    const source = readFileSync(join(FOLDER, name))
    const frame = source.subarray(source.indexOf(Buffer.from('ff4fff51', 'hex')))
    const { rows, columns, samples = 1, bits = 8 } = picture
    const region: Region = [9, 11, columns - 20, rows - 15 - rows / 8]
    const input = compressedFile(
      picture,
      [region],
      [0x7fe00010, 'OB', fragments(frame), 'open'],
      `1.2.840.10008.1.2.4.${syntax}`,
    )
    const { bytes } = await run(input)
    const [before, after] = [await decodeJpeg2000(source), await decodeJpeg2000(bytes)]
    const size = (samples * bits) / 8
    expect(after.length).toBe(rows * columns * size)
    const wrong: number[] = []
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const at = (y * columns + x) * size
        const isPicture = x >= region[0] && x <= region[2] && y >= region[1] && y <= region[3]
        const expected = isPicture ? before.subarray(at, at + size) : Buffer.alloc(size)
        if (!after.subarray(at, at + size).equals(expected)) wrong.push(at)
      }
    expect(wrong).toEqual([])
    expect(valueOf(bytes, 0x00280004)).toBe(samples === 3 ? 'YBR_RCT' : 'MONOCHROME2')
  })
})
