/** Words on plain X-rays, blanked where they stand; and how it is told where that is. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { FoundWord, TextDetector } from '../../src/deidentify/index.js'
import { placeOf } from '../../src/deidentify/blank/place.js'
import { bestReadings } from '../../src/deidentify/blank/readings.js'
import { SYNTAX, dataset, part10, valueOf, type Encoding, type Written } from './_build.js'
import { bytesOfPixels, noise, ultrasound, type Picture } from './_image.js'
import { codeOf, contextFor, run } from './_run.js'
import { foundWords } from './_words.js'
import { write } from './_writing.js'

const CR = '1.2.840.10008.5.1.4.1.1.1'
const DX = '1.2.840.10008.5.1.4.1.1.1.1'
const ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6.1'
const [ROWS, COLUMNS] = [60, 90]
const PLACE = { x: 20, y: 10, width: 30, height: 8 }
const BOX = { x: 24, y: 12, width: 20, height: 4 }

function xray(picture: Partial<Picture> = {}, sopClass = CR, encoding: Encoding = 'explicit') {
  const whole: Picture = { rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2', ...picture }
  const pixels = noise((ROWS * COLUMNS * (whole.bits ?? 8) * (whole.frames ?? 1)) / 8)
  const more: Written[] = [
    [0x00080016, 'UI', sopClass],
    [0x00080060, 'CS', sopClass === ULTRASOUND ? 'US' : 'CR'],
  ]
  const value: Written = [0x7fe00010, (whole.bits ?? 8) === 16 ? 'OW' : 'OB', pixels]
  const elements = ultrasound(whole, [], value, encoding, more)
  return { file: part10(dataset(elements, encoding), SYNTAX[encoding]), pixels, picture: whole }
}

/** Answers each reading with the next list. */
function reading(...answers: readonly (readonly FoundWord[] | undefined)[]) {
  const shown: Uint8Array[] = []
  const textDetector: TextDetector = {
    clears: true,
    threads: 1,
    readWords: ({ values }) => {
      shown.push(values)
      return Promise.resolve(answers[shown.length - 1])
    },
  }
  return { context: contextFor('pseudonymize', { textDetector }), shown }
}
const name = (place?: FoundWord['place']): FoundWord => ({ text: 'Smithers', box: BOX, place })

describe('a word on a plain X-ray', () => {
  it.each<[string, Partial<Picture>, string, Encoding, number]>([
    ['of 8 bits', {}, CR, 'explicit', 0],
    ['of 12 bits', { bits: 16, stored: 12 }, DX, 'implicit', 0],
    ['where the largest value is black', { photometric: 'MONOCHROME1' }, CR, 'explicit', 255],
    ['in big endian', { bits: 16, stored: 12 }, CR, 'big', 0],
  ])('is blanked where it stands, and nowhere else: %s', async (...row) => {
    const [, picture, sopClass, encoding, black] = row
    const { file, pixels, picture: whole } = xray(picture, sopClass, encoding)
    for (const chunk of [97, 65_536]) {
      const { context, shown } = reading([name(PLACE)], [])
      const { bytes, facts, report } = await run(file, context, chunk)
      expect(facts).toMatchObject({ pixelsAtRisk: false, pixelsBlanked: true })
      expect(bytes.includes('113101')).toBe(true)
      if (encoding === 'explicit') expect(valueOf(bytes, 0x00280301)).toBe('NO')
      expect(report).toContainEqual(expect.objectContaining({ path: '7FE00010', option: '113101' }))
      const inside = bytesOfPixels(whole, (x, y) => x >= 20 && x < 50 && y >= 10 && y < 18)
      const expected = pixels.map((byte, at) => (inside.has(at) ? black : byte))
      expect(bytes.subarray(-pixels.length).equals(Buffer.from(expected))).toBe(true)
      expect(shown).toHaveLength(2)
    }
  })

  it('is looked for again after blanking, and blanked as well if it stands elsewhere', async () => {
    const other = { x: 0, y: 40, width: 10, height: 10 }
    const second = { text: '19370109', box: { x: 1, y: 41, width: 8, height: 8 }, place: other }
    const { context } = reading([name(PLACE)], [second], [])
    const { facts } = await run(xray().file, context)
    expect(facts.pixelsBlanked).toBe(true)
  })

  it('may be read twice, once with less certainty', async () => {
    const { context } = reading([name(), { ...name(PLACE), text: 'Smithes' }], [])
    expect((await run(xray().file, context)).facts.pixelsBlanked).toBe(true)
  })

  it.each<[string, readonly (readonly FoundWord[])[]]>([
    ['cannot be located', [[name()]]],
    ['still stands after blanking', [[name(PLACE)], [name()]]],
    ['is never gone', Array.from({ length: 9 }, () => [name(PLACE)])],
    ['covers much of the image', [[name({ x: 0, y: 0, width: 90, height: 10 })]]],
    ['is a date in several words', [foundWords(['29', 'FEB', '1956'])]],
  ])('holds the image if it %s', async (_, answers) => {
    expect(await codeOf(xray().file, reading(...answers).context)).toBe('text_in_pixels')
  })

  it('holds the image if the detector cannot tell', async () => {
    expect(await codeOf(xray().file, reading(undefined).context)).toBe('pixels_at_risk')
    const { context } = reading([name(PLACE)], undefined)
    expect(await codeOf(xray().file, context)).toBe('pixels_at_risk')
  })

  it.each<[string, Partial<Picture>, string]>([
    ['an ultrasound image', {}, ULTRASOUND],
    ['an X-ray of several frames', { frames: 2 }, DX],
  ])('is not blanked on %s', async (_, picture, sopClass) => {
    const { context } = reading([name(PLACE)], [], [])
    expect(await codeOf(xray(picture, sopClass).file, context)).toBe('text_in_pixels')
  })

  it('that tells nothing leaves the image as it is, marked', async () => {
    const { file, pixels } = xray()
    const { context, shown } = reading(foundWords(['R', 'PA', 'ERECT']))
    const { bytes, facts } = await run(file, context)
    expect(facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
    expect(valueOf(bytes, 0x00280301)).toBeUndefined()
    expect(bytes.subarray(-pixels.length).equals(pixels)).toBe(true)
    expect(shown).toHaveLength(1)
  })

  it('is not waited for in a file that ends too early', async () => {
    const { file } = xray()
    expect(await codeOf(file.subarray(0, -20), reading([]).context)).toBe('truncated')
  })
})

describe('the place of a word', () => {
  const [width, height] = [300, 120]
  const ink = (values: Uint8Array) => ({
    picture: { width, height, values },
    isInk: (x: number, y: number) => (values[y * width + x] ?? 0) >= 192,
  })
  const plain = () => Buffer.from(noise(width * height).map((byte) => 30 + (byte & 7)))

  it('contains every letter of its line, whichever of its words was read', () => {
    const at = fc.record({
      x: fc.integer({ min: 20, max: 90 }),
      y: fc.integer({ min: 20, max: 60 }),
      scale: fc.integer({ min: 1, max: 2 }),
    })
    fc.assert(
      fc.property(at, fc.constantFrom(0, 5), (where, first) => {
        const values = plain()
        write(values, width, 'JOHN JANE', where)
        const letters = [...values.keys()].filter((one) => (values[one] ?? 0) >= 192)
        const { scale } = where
        const word = {
          x: where.x + 6 * first * scale,
          y: where.y,
          width: 23 * scale,
          height: 7 * scale,
        }
        const place = placeOf(ink(values), word)
        expect(place).toBeDefined()
        for (const letter of letters) {
          const [x, y] = [letter % width, Math.floor(letter / width)]
          expect(x > place!.x && x < place!.x + place!.width - 1).toBe(true)
          expect(y > place!.y && y < place!.y + place!.height - 1).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  const word = { x: 50, y: 40, width: 46, height: 14 }
  const drawn = (change: (values: Buffer) => void) => {
    const values = plain()
    write(values, width, 'JOHN', { x: 50, y: 40, scale: 2 })
    change(values)
    return placeOf(ink(values), word)
  }

  it('leaves out what stands apart from its line', () => {
    expect(drawn(() => undefined)).toBeDefined()
    const place = drawn((values) => write(values, width, 'T', { x: 150, y: 40, scale: 2 }))
    expect(place!.x + place!.width).toBeLessThan(140)
  })

  it.each<[string, (values: Buffer) => void]>([
    [
      'a bone runs through it',
      (values) => {
        for (let y = 0; y < height; y++) values.fill(250, y * width + 60, y * width + 75)
      },
    ],
    [
      'its background is not plain',
      (values) => {
        for (let at = 0; at < values.length; at++)
          if ((values[at] ?? 0) < 192) values[at] = (at * 7919) % 180
      },
    ],
    [
      'its line runs from side to side',
      (values) => {
        for (let x = 0; x < width; x += 5) values.fill(250, 45 * width + x, 45 * width + x + 2)
      },
    ],
  ])('is unknown if %s', (_, change) => {
    expect(drawn(change)).toBeUndefined()
  })

  it('is unknown for letters as high as anatomy', () => {
    expect(placeOf(ink(plain()), { x: 10, y: 10, width: 90, height: 60 })).toBeUndefined()
  })
})

describe('readings of the same writing', () => {
  const at = (x: number, width: number, y = 10) => ({ x, y, width, height: 20 })
  const texts = (...all: Parameters<typeof bestReadings>[0]) =>
    bestReadings(all).map(({ text }) => text)
  const LIVER = { text: 'LIVER', confidence: 96, box: at(552, 70) }

  it('are one if a better one contains another, or covers its ghost', () => {
    expect(texts({ text: 'VER', confidence: 95, box: at(571, 51) }, LIVER)).toEqual(['LIVER'])
    expect(texts(LIVER, { text: 'IUEB', confidence: 51, box: at(548, 80) })).toEqual(['LIVER'])
    const persist = { text: 'Persist', confidence: 96, box: at(16, 68) }
    const ghost = { text: 'BREA', confidence: 60, box: at(12, 108) }
    expect(texts(persist, { text: 'Med', confidence: 91, box: at(88, 30) }, ghost)).toEqual([
      'Persist',
      'Med',
    ])
  })

  it('are all kept if none is much better, or they stand apart', () => {
    const all = [
      LIVER,
      { text: 'SMITH', confidence: 80, box: at(552, 70) },
      { text: 'VER', confidence: 60, box: at(300, 40) },
      { text: 'JONES', confidence: 50, box: at(552, 70, 60) },
      { text: 'MITHERS', confidence: 50, box: at(500, 300) },
    ]
    expect(texts(...all)).toEqual(['LIVER', 'SMITH', 'VER', 'JONES', 'MITHERS'])
  })
})
