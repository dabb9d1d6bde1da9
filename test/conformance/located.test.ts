/**
 * A name on an X-ray is blanked where it stands, by the shipped detector, in every syntax that can
 * be written again: what dcmtk decodes afterwards is the same everywhere else.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect } from '@jest/globals'
import { createTextDetector } from '../../src/deidentify/blank/tesseract.js'
import { dataset, part10, topLevel, valueOf, type Written } from '../deidentify/_build.js'
import { noise, ultrasound, type Picture } from '../deidentify/_image.js'
import { contextFor, run } from '../deidentify/_run.js'
import { write } from '../deidentify/_writing.js'
import { noDetector } from '../deidentify/_detector.js'
import { JPEG, JPEG_LS, RLE, decodedBy, folderFor, noDcmtk } from './_compressed.js'
import { title, when } from './_files.js'

const folder = folderFor('located')
const [ROWS, COLUMNS] = [300, 500]
const grey12: Picture = {
  ...{ rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2' },
  ...{ bits: 16, stored: 12 },
}

/** A body that gets brighter towards the middle, a name in a dark corner, and a marker. */
function pixelsOf(): Buffer {
  const grain = noise(ROWS * COLUMNS, 3)
  const grey = Buffer.alloc(ROWS * COLUMNS)
  for (let y = 0; y < ROWS; y++)
    for (let x = 0; x < COLUMNS; x++) {
      const far = Math.hypot((x - 250) / 200, (y - 190) / 100)
      const at = y * COLUMNS + x
      grey[at] = Math.max(10, 170 * (1 - far * far)) + ((grain[at] ?? 0) & 3)
    }
  write(grey, COLUMNS, 'SMITH JANE', { x: 20, y: 15, scale: 2 })
  write(grey, COLUMNS, 'T', { x: 460, y: 15, scale: 3 })
  const bytes = Buffer.alloc(2 * grey.length)
  grey.forEach((value, at) => bytes.writeUInt16LE(value * 16, 2 * at))
  return bytes
}

async function xray(compress: readonly string[]): Promise<Buffer> {
  const more: Written[] = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1'],
    [0x00080060, 'CS', 'CR'],
  ]
  const pixels: Written = [0x7fe00010, 'OW', pixelsOf()]
  const input = part10(dataset(ultrasound(grey12, [], pixels, 'explicit', more)))
  const [command, ...args] = compress
  if (command === undefined) return input
  const [source, target] = [join(folder.path, 'x.dcm'), join(folder.path, 'y.dcm')]
  await writeFile(source, input)
  execFileSync(command, [...args, source, target], { stdio: 'pipe' })
  return readFileSync(target)
}

const missing = noDetector ?? noDcmtk

describe('a name on an X-ray', () => {
  const textDetector =
    missing === undefined ? createTextDetector({ clears: true, threads: 1 }) : undefined
  const context = contextFor('pseudonymize', { textDetector })
  afterAll(() => textDetector?.close())

  when(missing).each<[string, readonly string[], string | undefined]>([
    ['uncompressed', [], undefined],
    ['RLE', [RLE[0]], RLE[1]],
    ['lossless JPEG', [JPEG[0], '+e1'], JPEG[1]],
    ['JPEG-LS', [JPEG_LS[0], '+el'], JPEG_LS[1]],
  ])(title('is blanked, and nothing else: %s', missing), async (_, compress, decompress) => {
    const input = await xray(compress)
    const { bytes, facts } = await run(input, context)
    expect(facts).toMatchObject({ pixelsAtRisk: false, pixelsBlanked: true })
    expect(valueOf(bytes, 0x00280301)).toBe('NO')
    const after =
      decompress === undefined
        ? (topLevel(bytes).get(0x7fe00010) ?? Buffer.alloc(0))
        : await decodedBy(decompress, bytes, folder)
    const before = pixelsOf()
    const changed: [number, number][] = []
    for (let at = 0; at < ROWS * COLUMNS; at++) {
      const value = after.readUInt16LE(2 * at)
      if (value === before.readUInt16LE(2 * at)) continue
      expect(value).toBe(0)
      changed.push([at % COLUMNS, Math.floor(at / COLUMNS)])
    }
    // Ten letters of 12 pixels, 14 high, from 20, 15; a margin around them.
    expect(changed.every(([x, y]) => x > 8 && x < 160 && y > 5 && y < 40)).toBe(true)
    for (let y = 15; y < 29; y++)
      for (let x = 20; x < 138; x++) expect(after.readUInt16LE(2 * (y * COLUMNS + x))).toBe(0)
  })
})
