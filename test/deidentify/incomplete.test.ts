/** Incomplete images are recognized, even if the part that is present can be read. */
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { IMAGE_CLASSES } from '../../src/dicom/pixel-data/image-classes.js'
import { dataset, fragments, instance, part10, SYNTAX, type Written } from './_build.js'
import { codeOf, contextFor, withPixels } from './_run.js'

const context = withPixels('pass', contextFor())
const RT_DOSE = '1.2.840.10008.5.1.4.1.1.481.2'
const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30'
const DEFLATED = '1.2.840.10008.1.2.1.99'
const [ROWS, COLUMNS] = [4, 6]

const us = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

interface Layout {
  readonly bits?: number
  readonly samples?: number
  readonly frames?: number
  readonly photometric?: string
}

const layout = ({ bits = 16, samples = 1, frames, photometric = 'MONOCHROME2' }: Layout) =>
  [
    [0x00280002, 'US', us(samples)],
    [0x00280004, 'CS', photometric],
    ...(frames === undefined ? [] : [[0x00280008, 'IS', String(frames)] as const]),
    [0x00280010, 'US', us(ROWS)],
    [0x00280011, 'US', us(COLUMNS)],
    [0x00280100, 'US', us(bits)],
    [0x00280101, 'US', us(bits)],
  ] as readonly Written[]

/** An instance of the class, containing a sequence in which it can be truncated as well. */
function image(sopClass: string, pixels: Written): Written[] {
  const references: Written = [
    0x00081140,
    'SQ',
    { isOpen: true, items: [[[0x00081155, 'UI', '1.2.3.9']], [[0x00081155, 'UI', '1.2.3.8']]] },
  ]
  const dvh: Written = [0x30040050, 'SQ', { items: [[[0x30040001, 'CS', 'CUMULATIVE']]] }]
  return instance([
    [0x00080016, 'UI', sopClass],
    references,
    ...layout({ bits: pixels[0] === 0x7fe00008 ? 32 : 16 }),
    ...(sopClass === RT_DOSE ? [dvh] : []),
    pixels,
  ])
}

const pixelsOf = (sopClass: string): Written =>
  sopClass === PARAMETRIC_MAP
    ? [0x7fe00008, 'OF', Buffer.alloc(ROWS * COLUMNS * 4)]
    : [0x7fe00010, 'OW', Buffer.alloc(ROWS * COLUMNS * 2)]

/** The end of every element and item, at all levels. */
function boundaries(elements: readonly Written[]): number[] {
  const ends: number[] = []
  for (const [count, element] of elements.entries()) {
    const start = dataset(elements.slice(0, count)).length
    const [, , value] = element
    if (typeof value === 'object' && 'items' in value && value.isOpen)
      for (let at = start + 12 + 8, index = 0; index < value.items.length; index++) {
        const inside = dataset(value.items[index] ?? [])
        ends.push(at, at + inside.length, at + inside.length + 8)
        at += inside.length + 16
      }
    ends.push(start + dataset([element]).length)
  }
  return ends
}

describe.each(IMAGE_CLASSES)('an instance of %s', (sopClass) => {
  const elements = image(sopClass, pixelsOf(sopClass))
  const body = dataset(elements)

  it('passes when complete, and is held when truncated at the end of any element', async () => {
    expect(await codeOf(part10(body), context)).toBeUndefined()
    for (const end of boundaries(elements).slice(0, -1))
      expect([end, await codeOf(part10(body.subarray(0, end)), context)]).toEqual([
        end,
        expect.stringMatching(/^(image_incomplete|truncated|missing_identity)$/),
      ])
  })
})

describe('an image with a missing part', () => {
  const CT = '1.2.840.10008.5.1.4.1.1.2'

  it.each(['implicit', 'explicit', 'big'] as const)('is held under %s', async (encoding) => {
    const body = dataset(instance([[0x00080016, 'UI', CT]], encoding), encoding)
    expect(await codeOf(part10(body, SYNTAX[encoding]), context)).toBe('image_incomplete')
  })

  it('is held if deflated', async () => {
    const body = dataset(instance([[0x00080016, 'UI', CT]]))
    expect(await codeOf(part10(deflateRawSync(body), DEFLATED), context)).toBe('image_incomplete')
  })

  it.each([0x00280010, 0x00280011, 0x00280100])('is held without %i', async (missing) => {
    const elements = image(CT, pixelsOf(CT)).filter(([tag]) => tag !== missing)
    expect(await codeOf(part10(dataset(elements)), context)).toBe('image_incomplete')
  })

  it('is complete without pixels if it holds only dose histograms', async () => {
    const dvh: Written = [0x30040050, 'SQ', { items: [[[0x30040001, 'CS', 'CUMULATIVE']]] }]
    const dose = (more: readonly Written[]) =>
      part10(dataset(instance([[0x00080016, 'UI', RT_DOSE], ...more])))
    expect(await codeOf(dose([dvh]), context)).toBeUndefined()
    expect(await codeOf(dose([]), context)).toBe('image_incomplete')
    expect(await codeOf(dose([dvh, ...layout({})]), context)).toBe('image_incomplete')
  })

  it('is held if it has fewer bytes than its geometry requires', async () => {
    const shapes = fc.record({
      bits: fc.constantFrom(1, 8, 16, 32),
      frames: fc.integer({ min: 1, max: 3 }),
      colour: fc.constantFrom(
        ['MONOCHROME2', 1, 1] as const,
        ['RGB', 3, 3] as const,
        ['YBR_FULL_422', 3, 2] as const,
      ),
    })
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(40), async ({ bits, frames, colour }, missing) => {
        const [photometric, samples, stored] = colour
        const whole = Math.ceil((ROWS * COLUMNS * bits * stored * frames) / 8)
        const given = Math.max(0, whole - missing)
        // A missing byte that only pads to an even length is not counted.
        const isWhole = given + (given % 2) >= whole
        const input = part10(
          dataset(
            instance([
              [0x00080016, 'UI', CT],
              ...layout({ bits, frames, samples, photometric }),
              [0x7fe00010, 'OB', Buffer.alloc(given)],
            ]),
          ),
        )
        expect((await codeOf(input, context)) === undefined).toBe(isWhole)
      }),
      { numRuns: 60 },
    )
  })

  it('is held if it has fewer frames than declared, however they are fragmented', async () => {
    const frame = Buffer.from('ffd8ffe000040000ffd9', 'hex')
    const halves = [frame.subarray(0, 6), frame.subarray(6)]
    const loop = (frames: number, ...parts: readonly Buffer[]) =>
      part10(
        dataset(
          instance([
            [0x00080016, 'UI', CT],
            ...layout({ frames }),
            [0x7fe00010, 'OB', fragments(...parts), 'open'],
          ]),
        ),
        '1.2.840.10008.1.2.4.50',
      )
    expect(await codeOf(loop(2, frame, frame), context)).toBeUndefined()
    expect(await codeOf(loop(2, ...halves, ...halves), context)).toBeUndefined()
    expect(await codeOf(loop(3, ...halves, ...halves), context)).toBe('image_incomplete')
    expect(await codeOf(loop(2, frame), context)).toBe('image_incomplete')
    expect(await codeOf(loop(1), context)).toBe('image_incomplete')
  })
})
