import { afterAll, describe, expect, it } from '@jest/globals'
import { setImmediate } from 'node:timers/promises'
import { type TextDetector } from '../../src/deidentify/index.js'
import { createTextDetector } from '../../src/deidentify/blank/tesseract.js'
import { noDetector } from './_detector.js'
import { valueOf, type Written } from './_build.js'
import { noise, ultrasoundFile, type Region } from './_image.js'
import { codeOf, contextFor, run, withPixels } from './_run.js'
import { foundWords } from './_words.js'
import { write } from './_writing.js'

const [ROWS, COLUMNS] = [240, 400]
const REGION: Region = [20, 40, 380, 220]
const PICTURE = { rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2' }

/**
 * Tissue that gets brighter towards one side, with some speckle, and text where the test wants it.
 */
function image(...writing: readonly { readonly text: string; readonly y: number }[]): Written {
  const pixels = Buffer.from(
    noise(ROWS * COLUMNS).map((byte, at) => 40 + (at % COLUMNS) / 4 + (byte & 3)),
  )
  for (const { text, y } of writing) write(pixels, COLUMNS, text, { x: 30, y, scale: 2 })
  return [0x7fe00010, 'OB', pixels]
}
const NAME = 'JOHNSON JANE'
const BANNER = { text: NAME, y: 10 }

const missing = noDetector
const when = missing === undefined ? it : it.skip
const title = (text: string) => (missing === undefined ? text : `${text} (skipped: ${missing})`)

describe('with tesseract', () => {
  const detector =
    missing === undefined ? createTextDetector({ clears: true, threads: 1 }) : undefined
  const context = contextFor('pseudonymize', { textDetector: detector })
  afterAll(() => detector?.close())

  when(title('an image that no rule covers passes, marked, if it shows no text'), async () => {
    const { facts } = await run(ultrasoundFile(PICTURE, [], image()), context)
    expect(facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
  })

  when(title('an image that no rule covers is quarantined if it shows a name'), async () => {
    expect(await codeOf(ultrasoundFile(PICTURE, [], image(BANNER)), context)).toBe('text_in_pixels')
  })

  when(title('a blanked image passes when the name was where the rule says'), async () => {
    const { facts } = await run(ultrasoundFile(PICTURE, [REGION], image(BANNER)), context)
    expect(facts).toMatchObject({ pixelsAtRisk: false, pixelsBlanked: true })
  })

  when(title('a blanked image is quarantined when a name stands elsewhere too'), async () => {
    const input = ultrasoundFile(PICTURE, [REGION], image(BANNER, { text: NAME, y: 120 }))
    expect(await codeOf(input, context)).toBe('text_in_pixels')
  })

  when(title('writing in grey is found beside something brighter'), async () => {
    const [, , values] = image({ text: NAME, y: 100 })
    const grey = Uint8Array.from(values as Buffer, (value) => (value === 250 ? 150 : value >> 1))
    for (let y = 10; y < 90; y++) grey.fill(255, y * COLUMNS + 200, y * COLUMNS + 390)
    const picture = { width: COLUMNS, height: ROWS, values: grey }
    expect((await detector?.readWords(picture))?.length).toBeGreaterThanOrEqual(1)
  })

  when(title('a picture of one value tells nothing'), async () => {
    const picture = {
      width: COLUMNS,
      height: ROWS,
      values: new Uint8Array(COLUMNS * ROWS).fill(99),
    }
    expect(await detector?.readWords(picture)).toBeUndefined()
  })

  when(title('it reads a date'), async () => {
    const [, , values] = image({ text: '1937-01-09', y: 100 })
    const picture = { width: COLUMNS, height: ROWS, values: values as Buffer }
    expect((await detector?.readWords(picture))?.length).toBeGreaterThanOrEqual(1)
  })

  when(title('it leaves what it is reading undecided when it is closed, at once'), async () => {
    const closing = createTextDetector({ clears: true, threads: 1 })
    const [, , values] = image(BANNER)
    const picture = { width: COLUMNS, height: ROWS, values: values as Buffer }
    expect((await closing.readWords(picture))?.length).toBeGreaterThanOrEqual(1)
    const reading = [closing.readWords(picture), closing.readWords(picture)]
    await setImmediate()
    await closing.close()
    expect(await Promise.all(reading)).toEqual([undefined, undefined])
  })
})

describe('a detector', () => {
  const answering = (words: readonly string[] | undefined, clears: boolean) => {
    const shown: number[] = []
    const textDetector: TextDetector = {
      clears,
      threads: 1,
      readWords: ({ values }) => {
        shown.push(values[0] ?? 0)
        return Promise.resolve(words && foundWords(words))
      },
    }
    return { context: contextFor('pseudonymize', { textDetector }), shown }
  }

  it('that cannot tell clears no image, and no blanked image is then marked as clean', async () => {
    const { context } = answering(undefined, true)
    expect(await codeOf(ultrasoundFile(PICTURE, [], image()), context)).toBe('pixels_at_risk')
    const blanked = ultrasoundFile(PICTURE, [REGION], image())
    expect(await codeOf(blanked, context)).toBe('pixels_not_cleaned')
    // Without a detector the image is blanked but not marked as clean.
    const { bytes, facts } = await run(
      blanked,
      contextFor('pseudonymize', { textDetector: undefined }),
    )
    expect(facts.pixelsBlanked).toBe(true)
    expect(valueOf(bytes, 0x00280301)).toBeUndefined()
    const read = await run(blanked, answering([], true).context)
    expect(valueOf(read.bytes, 0x00280301)).toBe('NO')
  })

  it('that may not clear is not used for images that no rule covers', async () => {
    const { context, shown } = answering([], false)
    expect(await codeOf(ultrasoundFile(PICTURE, [], image()), context)).toBe('pixels_at_risk')
    expect(shown).toEqual([])
  })

  it('is not used if the profile lets all images pass, or none', async () => {
    const { context, shown } = answering(['Smithers', 'Smithers', 'Smithers'], true)
    const input = ultrasoundFile(PICTURE, [], image(BANNER))
    expect((await run(input, withPixels('pass', context))).facts.pixelsAtRisk).toBe(true)
    expect(await codeOf(input, withPixels('quarantine', context))).toBe('pixels_at_risk')
    expect(shown).toEqual([])
  })

  it('that found words can be overruled by a person', async () => {
    const { context } = answering(['Smithers', 'Smithers', 'Smithers'], true)
    const input = ultrasoundFile(PICTURE, [], image(BANNER))
    expect(await codeOf(input, context)).toBe('text_in_pixels')
    const { facts } = await run(input, { ...context, waived: ['text_in_pixels'] })
    expect(facts.pixelsAtRisk).toBe(true)
  })

  it.each([97, 65536])(
    'is shown the first, middle and last frame, with chunks of %i bytes',
    async (size) => {
      const { context, shown } = answering([], true)
      const frames = 7
      const pixels = Buffer.alloc(frames * 40)
      // In each frame a dark pixel, then one as bright as the frame's number, then the brightest.
      for (let frame = 0; frame < frames; frame++) {
        pixels[frame * 40] = frame * 10
        pixels[frame * 40 + 1] = 255
      }
      const picture = { rows: 4, columns: 10, frames, photometric: 'MONOCHROME2' }
      const input = ultrasoundFile(picture, [], [0x7fe00010, 'OB', pixels])
      await run(input, context, size)
      expect(shown).toEqual([0, 30, 60])
    },
  )

  const words = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(2 * values.length)
    values.forEach((value, index) => bytes.writeUInt16LE(value, 2 * index))
    return bytes
  }
  /** Four entries, the first for pixel value 10: dark, dark, bright in green only, dark. */
  const palette = (bits: 8 | 16, isPacked: boolean): Written[] =>
    [
      [3, 2, 1, 0],
      [3, 2, 200, 0],
      [3, 2, 5, 0],
    ].flatMap((values, colour): Written[] => [
      [0x00281101 + colour, 'US', words(4, 10, bits)],
      [
        0x00281201 + colour,
        'OW',
        isPacked ? Buffer.from(values) : words(...values.map((value) => value << (bits - 8))),
      ],
    ])

  it.each<[string, Written[]]>([
    ['16 bits', palette(16, false)],
    ['8 bits in words', palette(8, false)],
    ['8 bits in bytes', palette(8, true)],
  ])('is shown what a palette of %s looks like', async (_, more) => {
    const shown: number[][] = []
    const textDetector: TextDetector = {
      clears: true,
      threads: 1,
      readWords: ({ values }) => {
        shown.push([...values.subarray(0, 6)])
        return Promise.resolve([])
      },
    }
    const pixels = Buffer.alloc(40, 13)
    pixels.set([10, 11, 12, 13, 0, 255])
    const picture = { rows: 4, columns: 10, photometric: 'PALETTE COLOR' }
    const input = ultrasoundFile(picture, [], [0x7fe00010, 'OB', pixels], 'explicit', more)
    await run(input, contextFor('pseudonymize', { textDetector }))
    expect(shown).toEqual([[4, 3, 255, 0, 4, 0]])
  })

  it.each<[string, Written[]]>([
    ['none', []],
    ['one of other lengths', palette(16, false).slice(0, 5)],
  ])('is not shown an image whose palette is %s, which is therefore held', async (_, more) => {
    const { context, shown } = answering([], true)
    const picture = { rows: 4, columns: 10, photometric: 'PALETTE COLOR' }
    const pixels: Written = [0x7fe00010, 'OB', Buffer.alloc(40, 9)]
    expect(await codeOf(ultrasoundFile(picture, [], pixels, 'explicit', more), context)).toBe(
      'pixels_at_risk',
    )
    expect(shown).toEqual([])
  })

  it.each<[string, object, number]>([
    ['16 bits', { bits: 16 }, 2],
    ['colour by plane', { samples: 3, planar: 1, photometric: 'RGB' }, 3],
    ['halved colour', { samples: 3, photometric: 'YBR_FULL_422' }, 2],
  ])('is shown %s', async (_, more, bytes) => {
    const { context, shown } = answering([], true)
    const picture = { rows: 4, columns: 10, photometric: 'MONOCHROME2', ...more }
    const pixels: Written = [0x7fe00010, 'OW', Buffer.alloc(40 * bytes, 9)]
    await run(ultrasoundFile(picture, [], pixels), context)
    expect(shown).toHaveLength(1)
  })
})
