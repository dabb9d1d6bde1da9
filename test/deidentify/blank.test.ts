import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deflateRawSync } from 'node:zlib'
import { dataset, part10, topLevel, valueOf, type Encoding, type Written } from './_build.js'
import {
  bytesOfPixels,
  compressedFile,
  noise,
  ultrasound,
  ultrasoundFile,
  type Picture,
  type Region,
} from './_image.js'
import { codeOf, contextFor, run, withPixels } from './_run.js'

const ROWS = 20
const COLUMNS = 26
const REGION: Region = [4, 3, 21, 16]
const isText = (x: number, y: number): boolean => x < 4 || x > 21 || y < 3 || y > 16
const sizeOf = ({ frames = 1, samples = 1, bits = 8, photometric }: Picture): number =>
  frames * ROWS * COLUMNS * (photometric.endsWith('_422') ? 2 : (samples * bits) / 8)
const pixelsOf = (bytes: Buffer, length: number) => bytes.subarray(-length)
const picture = (more: Partial<Picture>): Picture => ({
  rows: ROWS,
  columns: COLUMNS,
  photometric: 'MONOCHROME2',
  ...more,
})

describe('uncompressed pixels outside the regions declared by the scanner', () => {
  it.each<[string, Picture, string, Encoding]>([
    ['grey of 8 bits', picture({}), 'OB', 'explicit'],
    ['grey in implicit VR', picture({}), 'OW', 'implicit'],
    ['grey of 16 bits in big endian', picture({ bits: 16, stored: 12 }), 'OW', 'big'],
    ['grey of 8 bits in big-endian words', picture({}), 'OW', 'big'],
    ['grey of 32 bits', picture({ bits: 32 }), 'OW', 'explicit'],
    [
      'inverse grey',
      picture({ photometric: 'MONOCHROME1', bits: 16, stored: 12 }),
      'OW',
      'explicit',
    ],
    ['a palette', picture({ photometric: 'PALETTE COLOR', bits: 16 }), 'OW', 'explicit'],
    ['colour by pixel', picture({ photometric: 'RGB', samples: 3, planar: 0 }), 'OB', 'explicit'],
    ['colour by plane', picture({ photometric: 'RGB', samples: 3, planar: 1 }), 'OB', 'explicit'],
    ['colour of 16 bits', picture({ photometric: 'RGB', samples: 3, bits: 16 }), 'OW', 'big'],
    [
      'luminance by plane',
      picture({ photometric: 'YBR_FULL', samples: 3, planar: 1 }),
      'OB',
      'explicit',
    ],
    ['halved chrominance', picture({ photometric: 'YBR_FULL_422', samples: 3 }), 'OB', 'explicit'],
  ])('are blanked in %s, and no other byte changes', async (_, image, vr, encoding) => {
    const whole = { ...image, frames: 3 }
    const before = noise(sizeOf(whole))
    const input = ultrasoundFile(whole, [REGION], [0x7fe00010, vr, before], encoding)
    const text = bytesOfPixels(whole, isText)
    for (const chunkBytes of [65536, 97]) {
      const { bytes, facts } = await run(input, contextFor(), chunkBytes)
      const after = pixelsOf(bytes, before.length)
      const changed = [...before.keys()].filter((at) => before[at] !== after[at])
      expect(changed.filter((at) => !text.has(at))).toEqual([])
      // One value for each position in a pixel or plane: nothing of the text can be recognized.
      expect(new Set([...text].map((at) => after[at])).size).toBeLessThanOrEqual(2)
      expect(facts).toMatchObject({ pixelsBlanked: true, pixelsAtRisk: false })
    }
  })

  it('are black according to the photometric interpretation', async () => {
    const firstOf = async (image: Partial<Picture>, length: number) => {
      const whole = picture(image)
      const input = ultrasoundFile(whole, [REGION], [0x7fe00010, 'OW', noise(sizeOf(whole))])
      const { bytes } = await run(input)
      return [...pixelsOf(bytes, sizeOf(whole)).subarray(0, length)]
    }
    expect(await firstOf({}, 2)).toEqual([0, 0])
    expect(await firstOf({ photometric: 'MONOCHROME1', bits: 16, stored: 12 }, 4)).toEqual([
      0xff, 0x0f, 0xff, 0x0f,
    ])
    expect(await firstOf({ photometric: 'YBR_FULL', samples: 3 }, 4)).toEqual([0, 128, 128, 0])
    expect(await firstOf({ photometric: 'YBR_FULL_422', samples: 3 }, 5)).toEqual([
      0, 0, 128, 128, 0,
    ])
  })

  it('are blanked in whole bytes if a pixel is one bit', async () => {
    const whole = picture({ bits: 1, columns: 32 })
    const before = noise((ROWS * 32) / 8)
    const input = ultrasoundFile(whole, [[8, 3, 23, 16]], [0x7fe00010, 'OB', before])
    const after = pixelsOf((await run(input)).bytes, before.length)
    for (let at = 0; at < before.length; at++) {
      const [row, byte] = [Math.floor(at / 4), at % 4]
      const isKept = row >= 3 && row <= 16 && (byte === 1 || byte === 2)
      expect([at, after[at]]).toEqual([at, isKept ? before[at] : 0])
    }
  })

  it('are blanked in a deflated file', async () => {
    const whole = picture({})
    const before = noise(ROWS * COLUMNS)
    const body = dataset(ultrasound(whole, [REGION], [0x7fe00010, 'OB', before]))
    const input = part10(deflateRawSync(body), '1.2.840.10008.1.2.1.99')
    expect((await run(input)).facts.pixelsBlanked).toBe(true)
  })

  it('are blanked for any number and position of regions', async () => {
    const region = fc
      .tuple(fc.nat(COLUMNS - 2), fc.integer({ min: 1, max: ROWS - 2 }), fc.nat(12), fc.nat(8))
      .map(([x, y, width, height]): Region => [
        x,
        y,
        Math.min(COLUMNS - 1, x + 1 + width),
        Math.min(ROWS - 1, y + 1 + height),
      ])
    const before = noise(ROWS * COLUMNS)
    await fc.assert(
      fc.asyncProperty(fc.array(region, { minLength: 1, maxLength: 6 }), async (regions) => {
        const input = ultrasoundFile(picture({}), regions, [0x7fe00010, 'OB', before])
        const after = pixelsOf((await run(input)).bytes, before.length)
        const isKept = (x: number, y: number) =>
          regions.some(([x0, y0, x1, y1]) => x >= x0 && x <= x1 && y >= y0 && y <= y1)
        for (let at = 0; at < before.length; at++)
          if (after[at] !== (isKept(at % COLUMNS, Math.floor(at / COLUMNS)) ? before[at] : 0))
            return false
        return true
      }),
      { numRuns: 60 },
    )
  })
})

describe('an image that was blanked', () => {
  it('says so as PS3.15 E.3.1 requires, and in the report', async () => {
    const pixels: Written = [0x7fe00010, 'OB', noise(ROWS * COLUMNS)]
    const more: Written[] = [[0x00280301, 'CS', 'YES']]
    const input = ultrasoundFile(picture({}), [REGION], pixels, 'explicit', more)
    const { bytes, report } = await run(input)
    expect(valueOf(bytes, 0x00280301)).toBe('NO')
    expect(topLevel(bytes).get(0x00120064)?.toString('latin1')).toContain('Clean Pixel Data Option')
    expect(report).toContainEqual({
      path: '7FE00010',
      action: 'cleaned',
      reason: 'blanking rule: pictures outlined by the scanner',
      option: '113101',
    })
  })

  it('is blanked by model and size if the scanner declares no regions', async () => {
    const whole = picture({ rows: 480, columns: 640 })
    const before = noise(480 * 640)
    const model: Written[] = [
      [0x00080070, 'LO', 'GE Medical Systems'],
      [0x00081090, 'LO', 'LOGIQ9'],
    ]
    const input = ultrasoundFile(whole, [], [0x7fe00010, 'OB', before], 'explicit', model)
    const after = pixelsOf((await run(input)).bytes, before.length)
    expect(after.subarray(0, 40 * 640).every((byte) => byte === 0)).toBe(true)
    expect(after.subarray(40 * 640).equals(before.subarray(40 * 640))).toBe(true)
    const other = ultrasoundFile(
      { ...whole, rows: 479 },
      [],
      [0x7fe00010, 'OB', before],
      'explicit',
      model,
    )
    expect(await codeOf(other)).toBe('pixels_at_risk')
  })

  it.each<[string, Partial<Picture>, readonly Region[]]>([
    ['extend past the image, which was cropped later', {}, [[4, 3, 27, 16]]],
    ['begin at the top edge, where banners are', {}, [[4, 0, 21, 16]]],
    ['leave no room for text', {}, [[0, 1, 25, 19]]],
    ['are upside down', {}, [[4, 16, 21, 3]]],
  ])('is quarantined when the regions %s', async (_, image, regions) => {
    const whole = picture(image)
    const input = ultrasoundFile(whole, regions, [0x7fe00010, 'OB', noise(sizeOf(whole))])
    expect(await codeOf(input)).toBe('pixels_at_risk')
  })

  it.each<[string, Partial<Picture>, number, Written[]]>([
    ['has more bytes than declared', {}, 2, []],
    ['has an unsupported colour space', { photometric: 'HSV', samples: 3 }, 0, []],
    [
      'has an overlay in unused bits of its pixels',
      { bits: 16, stored: 12 },
      0,
      [[0x60020102, 'US', Buffer.from([12, 0])]],
    ],
    ['is in one of the compressed syntaxes but not compressed', {}, 0, [[0x00020010, 'UI', '']]],
  ])('is quarantined when it %s', async (_, image, extra, more) => {
    const whole = picture(image)
    const isSyntax = more.some(([tag]) => tag === 0x00020010)
    const pixels: Written = [0x7fe00010, 'OW', noise(sizeOf(whole) + extra)]
    const input = isSyntax
      ? compressedFile(whole, [REGION], pixels, '1.2.840.10008.1.2.5')
      : ultrasoundFile(whole, [REGION], pixels, 'explicit', more)
    expect(await codeOf(input)).toBe('pixels_not_cleaned')
    const passed = await run(input, withPixels('pass'))
    const looked = await run(input, contextFor('pseudonymize', { waived: ['pixels_not_cleaned'] }))
    expect(looked.facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
    expect(passed.facts).toMatchObject({ pixelsAtRisk: true, pixelsBlanked: false })
  })
})

describe('a shipped rule', () => {
  const CR = '1.2.840.10008.5.1.4.1.1.1'
  const plate = (more: readonly Written[]): Written[] => [
    [0x00080016, 'UI', CR],
    [0x00080060, 'CS', 'CR'],
    [0x00080070, 'LO', 'Canon Inc.'],
    [0x00081090, 'LO', 'CXDI'],
    ...more,
  ]
  const whole: Picture = { rows: 2592, columns: 2208, photometric: 'MONOCHROME2' }
  const before = Buffer.alloc(2592 * 2208, 9)
  const image = (more: readonly Written[]): Buffer =>
    ultrasoundFile(whole, [], [0x7fe00010, 'OB', before], 'explicit', plate(more))

  it('blanks the bands of the one known plate reader', async () => {
    const { bytes, facts } = await run(image([]))
    expect(facts).toMatchObject({ pixelsBlanked: true, pixelsAtRisk: false })
    const after = pixelsOf(bytes, before.length)
    const band = 80 * 2208
    expect(after.subarray(0, band).every((byte) => byte === 0)).toBe(true)
    expect(after.subarray(-band).every((byte) => byte === 0)).toBe(true)
    expect(after.subarray(band, -band).equals(before.subarray(band, -band))).toBe(true)
  })

  it('blanks the caption of a localizer, but not the slices of the same scanner', async () => {
    const small: Picture = { rows: 100, columns: 120, photometric: 'MONOCHROME2' }
    const source = noise(100 * 120)
    const scanner = (type: string): Buffer =>
      ultrasoundFile(small, [], [0x7fe00010, 'OB', source], 'explicit', [
        [0x00080008, 'CS', type],
        [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
        [0x00080060, 'CS', 'CT'],
        [0x00081090, 'LO', 'LightSpeed VCT'],
        [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
      ])
    const localizer = await run(scanner('ORIGINAL\\PRIMARY\\LOCALIZER'))
    const after = pixelsOf(localizer.bytes, source.length)
    const wrong = [...source.keys()].filter((pixel) => {
      const isCaption = pixel % 120 < 81 && Math.floor(pixel / 120) < 86
      return after[pixel] !== (isCaption ? 0 : source[pixel])
    })
    expect(wrong).toEqual([])
    const slice = await run(scanner('ORIGINAL\\PRIMARY\\AXIAL'))
    expect(slice.facts).toMatchObject({ pixelsBlanked: false, pixelsAtRisk: false })
  })

  it.each<[string, Written[]]>([
    ['came from film', [[0x00080064, 'CS', 'DF']]],
    ['was captured by a device', [[0x00181016, 'LO', 'Frame Grabber']]],
    ['is a screen', [[0x00080008, 'CS', 'DERIVED\\SECONDARY\\SCREEN SAVE']]],
    ['has colours', [[0x00280004, 'CS', 'PALETTE COLOR']]],
  ])('does not let an image pass that %s, which it does not cover', async (_, more) => {
    expect(await codeOf(image(more))).toBe('pixels_at_risk')
  })

  it('leaves that decision to a rule of the facility', async () => {
    const { profile } = contextFor()
    const rule = {
      name: 'ours',
      conditions: [],
      place: { kind: 'edges' as const, top: 9, bottom: 0, left: 0, right: 0, areas: [] },
    }
    const context = contextFor('pseudonymize', { profile: { ...profile, blanking: [rule] } })
    const { facts } = await run(image([[0x00080064, 'CS', 'DF']]), context)
    expect(facts.pixelsBlanked).toBe(true)
  })
})
