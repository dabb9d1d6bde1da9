/**
 * Compares what a text detector is shown of compressed images with what dcmtk decodes, and tests
 * what the shipped detector finds in them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect } from '@jest/globals'
import fc from 'fast-check'
import { type TextDetector } from '../../src/deidentify/index.js'
import { createTextDetector } from '../../src/deidentify/blank/tesseract.js'
import type { GreyPicture } from '../../src/pixels/picture.js'
import { fragments } from '../deidentify/_build.js'
import { compressedFile, noise, type Picture, type Region } from '../deidentify/_image.js'
import { codeOf, contextFor, run } from '../deidentify/_run.js'
import { foundWords } from '../deidentify/_words.js'
import { write } from '../deidentify/_writing.js'
import {
  decodedBy,
  encodedBy,
  encodeJpeg2000,
  folderFor,
  JPEG,
  JPEG_LS,
  noDcmtk,
  RLE,
} from './_compressed.js'
import { noDetector } from '../deidentify/_detector.js'
import { FOLDER, noFiles, title, when } from './_files.js'

const folder = folderFor('inspecting')
/** The element up to its end, which is the end of the file. */
function pixelsIn(file: Buffer): Buffer {
  const at = file.indexOf(Buffer.from('e07f10004f420000ffffffff', 'hex'))
  if (at < 0) throw new Error('no compressed pixels')
  return file.subarray(at)
}

const ROWS = 61
const COLUMNS = 83
const grey: Picture = { rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2' }
const grey12: Picture = { ...grey, bits: 16, stored: 12 }
const colour: Picture = { ...grey, photometric: 'RGB', samples: 3, planar: 0 }
const loop: Picture = { ...colour, frames: 5 }

/** Gradients that differ in each colour and frame, some noise, and a bright bar. */
function pixelsOf({ frames = 1, samples = 1, bits = 8, stored = bits }: Picture): Buffer {
  const grain = noise(frames * ROWS * COLUMNS * samples, 5)
  const most = 2 ** stored - 1
  const values = [...grain].map((byte, at) => {
    const [sample, pixel] = [at % samples, Math.floor(at / samples) % (ROWS * COLUMNS)]
    const frame = Math.floor(at / (ROWS * COLUMNS * samples))
    const [x, y] = [pixel % COLUMNS, Math.floor(pixel / COLUMNS)]
    if (y >= 40 && y < 50 && x < 10 * (frame + 1)) return most
    return Math.floor(((x * (sample + 1) + y * 2 + (byte & 3)) * most) / 700)
  })
  if (bits === 8) return Buffer.from(values)
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, at) => bytes.writeUInt16LE(value, 2 * at))
  return bytes
}

/**
 * Brightness of one frame decoded by dcmtk, in 8 bits: for RGB the brightest sample, otherwise
 * JPEG's luminance.
 */
function expected(
  pixels: Buffer,
  { samples = 1, bits = 8 }: Picture,
  frame: number,
  isLuma: boolean,
) {
  const size = (ROWS * COLUMNS * samples * bits) / 8
  const bytes = pixels.subarray(frame * size, (frame + 1) * size)
  const values = Array.from({ length: ROWS * COLUMNS }, (_, pixel) => {
    if (bits === 16) return bytes.readUInt16LE(2 * pixel)
    const [red = 0, green = 0, blue = 0] = bytes.subarray(pixel * samples, (pixel + 1) * samples)
    if (samples === 1) return red
    return isLuma ? 0.299 * red + 0.587 * green + 0.114 * blue : Math.max(red, green, blue)
  })
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return values.map((value) => ((value - least) * 255) / (most - least))
}

/** A detector that records what it is shown, and finds no text in it. */
function newRecorder() {
  const shown: GreyPicture[] = []
  const textDetector: TextDetector = {
    clears: true,
    threads: 1,
    readWords: (one) => {
      shown.push(one)
      return Promise.resolve([])
    },
  }
  return { shown, textDetector }
}

describe('a detector is shown the pixels that dcmtk decodes, and the image is copied byte for byte', () => {
  when(noDcmtk).each<[string, Picture, readonly [string, string], string[], number, boolean]>([
    ['RLE in colour', loop, RLE, [], 0, false],
    ['RLE of 12 bits', grey12, RLE, [], 0, false],
    ['lossless JPEG of 12 bits', grey12, JPEG, ['+e1'], 0, false],
    ['lossless JPEG in colour', loop, JPEG, ['+e1'], 0, false],
    ...[2, 3, 4, 5, 6, 7].map(
      (predictor): [string, Picture, typeof JPEG, string[], number, boolean] => [
        `lossless JPEG, predictor ${String(predictor)}`,
        grey12,
        JPEG,
        ['+el', '+sv', String(predictor)],
        0,
        false,
      ],
    ),
    ['JPEG-LS', grey, JPEG_LS, ['+el'], 0, false],
    ['JPEG-LS of 12 bits', grey12, JPEG_LS, ['+el'], 0, false],
    ['JPEG-LS in colour by pixel', loop, JPEG_LS, ['+el', '+is'], 0, false],
    ['JPEG-LS in colour by plane', loop, JPEG_LS, ['+el', '+in'], 0, false],
    ['JPEG-LS with loss', grey12, JPEG_LS, ['+en', '+md', '2'], 0, false],
    ['baseline JPEG', grey, JPEG, ['+eb'], 1, false],
    ['extended JPEG of 12 bits', grey12, JPEG, ['+ee'], 1, false],
    ['baseline JPEG in colour', colour, JPEG, ['+eb', '+s4'], 3, true],
    ['baseline JPEG with subsampled colour', loop, JPEG, ['+eb', '+s2'], 3, true],
    [
      'baseline JPEG with colour subsampled in both directions',
      colour,
      JPEG,
      ['+eb', '+np'],
      3,
      true,
    ],
    ['baseline JPEG without a colour transform', colour, JPEG, ['+eb', '+cr'], 1, false],
  ])(title('%s', noDcmtk), async (...row) => {
    const [, picture, [compress, decompress], args, tolerance, isLuma] = row
    const pixels = pixelsOf(picture)
    const input = await encodedBy([compress, ...args], picture, [], pixels, folder)
    const truth = await decodedBy(decompress, input, folder)
    const { shown, textDetector } = newRecorder()
    const { bytes, facts } = await run(input, contextFor('pseudonymize', { textDetector }))
    expect(facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
    expect(pixelsIn(bytes).equals(pixelsIn(input))).toBe(true)
    const frames = picture.frames === 5 ? [0, 2, 4] : [0]
    expect(shown).toHaveLength(frames.length)
    for (const [index, { width, height, values }] of shown.entries()) {
      expect([width, height]).toEqual([COLUMNS, ROWS])
      const wanted = expected(truth, picture, frames[index] ?? 0, isLuma)
      const worst = wanted.map((value, at) => Math.abs(value - (values[at] ?? 0)))
      expect(Math.max(...worst)).toBeLessThanOrEqual(tolerance + 0.51)
    }
  })
})

describe('a real image in HTJ2K', () => {
  const FILE = join(FOLDER, 'pydicom-data/HTJ2K_08_RGB.dcm')

  when(noFiles)(title('is shown, although it cannot be blanked', noFiles), async () => {
    const source = readFileSync(FILE)
    const frame = source.subarray(source.indexOf(Buffer.from('ff4fff51', 'hex')))
    const picture: Picture = { rows: 480, columns: 640, photometric: 'RGB', samples: 3, planar: 0 }
    const pixels = [0x7fe00010, 'OB', fragments(frame), 'open'] as const
    const image = (...regions: readonly Region[]) =>
      compressedFile(picture, regions, pixels, '1.2.840.10008.1.2.4.203')
    const { shown, textDetector } = newRecorder()
    const context = contextFor('pseudonymize', { textDetector })
    await run(image(), context)
    const at = (x: number, y: number) => shown[0]?.values[y * 640 + x] ?? 0
    // A sail against the sky.
    expect(at(297, 230)).toBeLessThan(at(150, 150) - 40)
    expect(Math.abs(at(150, 150) - at(450, 150))).toBeLessThan(20)
    expect(await codeOf(image([9, 50, 600, 400]), context)).toBe('pixels_not_cleaned')
  })
})

describe('a compressed frame with bytes changed', () => {
  when(noDcmtk).each<[string, readonly [string, string], string[]]>([
    ['RLE', RLE, []],
    ['baseline JPEG', JPEG, ['+eb']],
    ['lossless JPEG', JPEG, ['+e1']],
    ['JPEG-LS', JPEG_LS, ['+el']],
  ])(title('is shown or held: %s', noDcmtk), async (_, [compress], args) => {
    const source = await encodedBy([compress, ...args], colour, [], pixelsOf(colour), folder)
    const first = source.length - pixelsIn(source).length + 20
    const change = fc.tuple(fc.integer({ min: first, max: source.length - 9 }), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const input = Buffer.from(source)
        for (const [at, byte] of changes) input[at] = byte
        let shown = 0
        const textDetector: TextDetector = {
          clears: true,
          threads: 1,
          readWords: () =>
            Promise.resolve(foundWords(Array<string>((shown += 1) - 1).fill('Smithers'))),
        }
        const code = await codeOf(input, contextFor('pseudonymize', { textDetector }))
        expect(['pixels_at_risk', 'malformed', 'truncated', undefined]).toContain(code)
        if (code === undefined) expect(shown).toBe(1)
      }),
      { numRuns: 60 },
    )
  })
})

const missing = noDetector ?? noDcmtk

describe('with tesseract, an image that no rule covers', () => {
  const textDetector =
    missing === undefined ? createTextDetector({ clears: true, threads: 1 }) : undefined
  const context = contextFor('pseudonymize', { textDetector })
  afterAll(() => textDetector?.close())

  const [rows, columns] = [160, 320]
  const picture: Picture = { rows, columns, photometric: 'MONOCHROME2' }
  const colour: Picture = { ...picture, photometric: 'RGB', samples: 3, planar: 0 }

  /** Tissue that gets brighter towards one side, with some speckle, and optionally a name. */
  function image({ samples = 1, bits = 8 }: Picture, text: string): Buffer {
    const grain = noise(rows * columns)
    const grey = Buffer.from(grain.map((byte, at) => 40 + (at % columns) / 4 + (byte & 3)))
    write(grey, columns, text, { x: 30, y: 20, scale: 2 })
    if (bits === 8)
      return Buffer.from([...grey].flatMap((value) => Array<number>(samples).fill(value)))
    const bytes = Buffer.alloc(2 * grey.length)
    grey.forEach((value, at) => bytes.writeUInt16LE(value * 16, 2 * at))
    return bytes
  }
  const grey12: Picture = { ...picture, bits: 16, stored: 12 }
  const by =
    ([command]: readonly [string, string], ...args: string[]) =>
    (one: Picture, pixels: Buffer) =>
      encodedBy([command, ...args], one, [], pixels, folder)

  when(missing).each<[string, Picture, (one: Picture, pixels: Buffer) => Promise<Buffer>]>([
    ['RLE', colour, by(RLE)],
    ['baseline JPEG', colour, by(JPEG, '+eb')],
    ['extended JPEG', grey12, by(JPEG, '+ee')],
    ['lossless JPEG', grey12, by(JPEG, '+el')],
    ['lossless JPEG, first predictor', colour, by(JPEG, '+e1')],
    ['JPEG-LS', grey12, by(JPEG_LS, '+el')],
    ['JPEG-LS with loss', picture, by(JPEG_LS, '+en', '+md', '2')],
    ['JPEG 2000', colour, encodeJpeg2000],
  ])(
    title('is held in %s if a name is written on it, and passes unchanged if not', missing),
    async (_, one, encode) => {
      expect(await codeOf(await encode(one, image(one, 'JOHNSON JANE')), context)).toBe(
        'text_in_pixels',
      )
      const clean = await encode(one, image(one, ''))
      const { bytes, facts } = await run(clean, context)
      expect(facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
      expect(pixelsIn(bytes).equals(pixelsIn(clean))).toBe(true)
    },
  )
})
