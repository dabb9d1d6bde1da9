/**
 * Compressed images that cannot be shown to a text detector are held, and if too large are not even
 * decoded.
 */
import { describe, expect, it } from '@jest/globals'
import type { TextDetector } from '../../src/deidentify/index.js'
import { fragments, type Written } from './_build.js'
import { compressedFile, type Picture } from './_image.js'
import { codeOf, contextFor, run } from './_run.js'
import { foundWords } from './_words.js'

const bytes = (...parts: readonly string[]) => Buffer.from(parts.join('').replace(/ /g, ''), 'hex')
const [RLE, JPEG, LOSSLESS, JPEG_LS, JPEG_2000, HTJ2K] = [
  '.5',
  '.4.50',
  '.4.70',
  '.4.80',
  '.4.90',
  '.4.201',
].map((last) => `1.2.840.10008.1.2${last}`) as [string, string, string, string, string, string]

const LARGEST = 'ffff ffff'
const size = (rows: number, columns: number) =>
  Buffer.from([rows >> 8, rows & 255, columns >> 8, columns & 255]).toString('hex')

/** Segments of a JPEG file with one component, with tables of a single code each. */
const START = 'ffd8'
const QUANTIZERS = `ffdb 0043 00 ${'01'.repeat(64)}`
const TABLES = ['00', '10'].map((id) => `ffc4 0014 ${id} 01${'00'.repeat(15)} 00`).join('')
const SCAN = 'ffda 0008 01 01 00 00 3f 00'
const LOSSLESS_SCAN = 'ffda 0008 01 01 00 01 00 00'
const frameOf = (marker: string, dimensions: string) =>
  `${marker} 000b 08 ${dimensions} 01 01 11 00`
/** Every code is one 0 bit: two for the only block, or one for each of 64 samples. */
const BLOCK = '3f'
const SAMPLES = '00'.repeat(8)
const baseline = (dimensions: string) =>
  bytes(START, QUANTIZERS, frameOf('ffc0', dimensions), TABLES, SCAN, BLOCK, 'ffd9')
const lossless = (dimensions: string) =>
  bytes(START, frameOf('ffc3', dimensions), TABLES, LOSSLESS_SCAN, SAMPLES, 'ffd9')
const jpegLs = (dimensions: string) =>
  bytes(START, frameOf('fff7', dimensions), 'ffda 0008 01 01 00 00 00 00 0000 ffd9')
/** SIZ with tiles of this size, a coding style with precincts of this size, and one empty tile. */
const jpeg2000 = (width: number, height: number, tile: number, precinct = 'ff') => {
  const numbers = [width, height, 0, 0, tile, tile, 0, 0]
  const words = numbers.map((value) => value.toString(16).padStart(8, '0')).join('')
  const style = `ff52 000d 01 00 0001 00 00 00 00 00 01 ${precinct}`
  const end = 'ff5c 0004 40 40 ff90 000a 0000 00000000 00 01 ff93 ffd9'
  return bytes('ff4f ff51 0029 0000', words, '0001 07 01 01', style, end)
}
const runs = bytes('01000000 40000000', '00'.repeat(56), 'c100')

const picture = (more: Partial<Picture> = {}): Picture => ({
  rows: 8,
  columns: 8,
  photometric: 'MONOCHROME2',
  ...more,
})

function asking(answer: { readonly words?: readonly string[] } = { words: [] }) {
  const shown: number[] = []
  const textDetector: TextDetector = {
    clears: true,
    threads: 1,
    readWords: ({ width, height }) => {
      shown.push(width * height)
      return Promise.resolve(answer.words && foundWords(answer.words))
    },
  }
  return { context: contextFor('pseudonymize', { textDetector }), shown }
}

const image = (syntax: string, more: Partial<Picture>, ...frames: readonly Buffer[]): Buffer => {
  const even = frames.map((one) => (one.length % 2 === 0 ? one : Buffer.concat([one, bytes('00')])))
  const pixels: Written = [0x7fe00010, 'OB', fragments(...even), 'open']
  return compressedFile(picture(more), [], pixels, syntax)
}

describe('a compressed image that no rule covers', () => {
  const SMALL = size(8, 8)

  it.each<[string, string, Buffer]>([
    ['RLE', RLE, runs],
    ['baseline JPEG', JPEG, baseline(SMALL)],
    ['lossless JPEG', LOSSLESS, lossless(SMALL)],
  ])('is shown in %s, and passes', async (_, syntax, frame) => {
    const { context, shown } = asking()
    const { facts } = await run(image(syntax, {}, frame), context)
    expect(facts.pixelsAtRisk).toBe(true)
    expect(shown).toEqual([64])
  })

  it.each<[string, string, Buffer]>([
    ['RLE', RLE, runs],
    ['baseline JPEG', JPEG, baseline(LARGEST)],
    ['lossless JPEG', LOSSLESS, lossless(LARGEST)],
    ['JPEG-LS', JPEG_LS, jpegLs(LARGEST)],
    ['JPEG 2000', JPEG_2000, jpeg2000(65535, 65535, 65535)],
    ['HTJ2K', HTJ2K, jpeg2000(65535, 65535, 65535)],
  ])(
    'is held without decoding when it declares 65535 by 65535 pixels in %s',
    async (_, syntax, frame) => {
      const { context, shown } = asking()
      const input = image(syntax, { rows: 65535, columns: 65535 }, frame)
      expect(await codeOf(input, context)).toBe('pixels_at_risk')
      expect(shown).toEqual([])
    },
  )

  it.each<[string, string, Buffer]>([
    ['baseline JPEG', JPEG, baseline(LARGEST)],
    ['lossless JPEG', LOSSLESS, lossless(LARGEST)],
    ['JPEG-LS', JPEG_LS, jpegLs(LARGEST)],
    ['JPEG 2000', JPEG_2000, jpeg2000(65535, 65535, 65535)],
    ['HTJ2K', HTJ2K, jpeg2000(65535, 65535, 65535)],
    ['JPEG 2000 in tiles of one pixel', JPEG_2000, jpeg2000(8, 8, 1)],
  ])('is held undecoded when its frame alone claims more: %s', async (_, syntax, frame) => {
    const { context, shown } = asking()
    expect(await codeOf(image(syntax, {}, frame), context)).toBe('pixels_at_risk')
    expect(shown).toEqual([])
  })

  it.each<[string, string, Buffer[]]>([
    ['ends in the middle of its runs', RLE, [runs.subarray(0, 64)]],
    ['has no scan', JPEG, [bytes(START, QUANTIZERS, frameOf('ffc0', SMALL), TABLES, 'ffd9')]],
    [
      'has no scan of differences',
      LOSSLESS,
      [bytes(START, frameOf('ffc3', SMALL), TABLES, 'ffd9')],
    ],
    ['ends in the middle of its bits', JPEG, [baseline(SMALL).subarray(0, -3)]],
    ['has another size', JPEG, [baseline(size(16, 8))]],
    ['uses another process', JPEG, [lossless(SMALL)]],
    ['is not an image', JPEG_2000, [bytes('00112233')]],
    ['has more frames than declared', JPEG, [baseline(SMALL), baseline(SMALL)]],
    ['is video', '1.2.840.10008.1.2.4.102', [bytes('00000001')]],
    ['is JPEG XL', '1.2.840.10008.1.2.4.110', [bytes('ff0a0000')]],
  ])('is held when it %s', async (_, syntax, frames) => {
    const { context, shown } = asking()
    expect(await codeOf(image(syntax, {}, ...frames), context)).toBe('pixels_at_risk')
    expect(shown).toEqual([])
  })

  it.each<[string, Buffer]>([
    ['precincts of one pixel', jpeg2000(3900, 3900, 3900, '00')],
    ['tiles of sixteen pixels', jpeg2000(3900, 3900, 16)],
  ])('is held when it needs more memory than its pixels: %s', async (_, frame) => {
    const { context, shown } = asking()
    const before = process.memoryUsage().rss
    const input = image(JPEG_2000, { rows: 3900, columns: 3900 }, frame)
    expect(await codeOf(input, context)).toBe('pixels_at_risk')
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20)
    expect(shown).toEqual([])
  })

  it('with many frames is inspected at its first, middle and last, and held if frames cannot be separated', async () => {
    const frames = Array.from({ length: 7 }, () => baseline(SMALL))
    const { context, shown } = asking()
    await run(image(JPEG, { frames: 7 }, ...frames), context)
    expect(shown).toEqual([64, 64, 64])
    expect(await codeOf(image(JPEG, { frames: 6 }, ...frames), context)).toBe('pixels_at_risk')
  })

  it('is held when the detector finds a word, or cannot tell', async () => {
    const input = image(JPEG, {}, baseline(SMALL))
    expect(await codeOf(input, asking({ words: ['Smithers'] }).context)).toBe('text_in_pixels')
    expect(await codeOf(input, asking({}).context)).toBe('pixels_at_risk')
  })
})
