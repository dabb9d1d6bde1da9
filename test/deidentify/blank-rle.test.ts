import { describe, expect, it } from '@jest/globals'
import { fragments, type Written } from './_build.js'
import { compressedFile, noise, type Picture, type Region } from './_image.js'
import { codeOf, run, withPixels } from './_run.js'

const RLE = '1.2.840.10008.1.2.5'
const ROWS = 12
const COLUMNS = 150
const REGION: Region = [10, 2, 140, 9]
const isText = (x: number, y: number): boolean => x < 10 || x > 140 || y < 2 || y > 9

/** Decodes PackBits according to PS3.5 G.3.2; written for this test only. */
function unpack(segment: Buffer): number[] {
  const out: number[] = []
  for (let at = 0; at < segment.length;) {
    const n = segment.readInt8(at++)
    if (n >= 0) {
      out.push(...segment.subarray(at, at + n + 1))
      at += n + 1
    } else if (n !== -128) {
      for (let i = 0; i < 1 - n; i++) out.push(segment[at] ?? 0)
      at += 1
    }
  }
  return out
}

/** Encodes only literal runs, each within a row. */
function pack(plane: Buffer): Buffer {
  const out: Buffer[] = []
  for (let row = 0; row < plane.length; row += COLUMNS)
    for (let at = row; at < row + COLUMNS; at += 100) {
      const part = plane.subarray(at, Math.min(at + 100, row + COLUMNS))
      out.push(Buffer.from([part.length - 1]), part)
    }
  const bytes = Buffer.concat(out)
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
}

function frame(planes: readonly Buffer[]): Buffer {
  const segments = planes.map(pack)
  const header = Buffer.alloc(64)
  header.writeUInt32LE(segments.length, 0)
  let start = 64
  segments.forEach((segment, index) => {
    header.writeUInt32LE(start, 4 + 4 * index)
    start += segment.length
  })
  return Buffer.concat([header, ...segments])
}

/** The planes of each frame in the last element of a file. */
function framesIn(bytes: Buffer): number[][][] {
  const start = bytes.indexOf(Buffer.from('e07f1000', 'hex')) + 12
  const items: Buffer[] = []
  for (let at = start; bytes.readUInt32LE(at) === 0xe000fffe;) {
    const length = bytes.readUInt32LE(at + 4)
    items.push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return items.slice(1).map((item) => {
    const starts = Array.from({ length: item.readUInt32LE(0) }, (_, i) =>
      item.readUInt32LE(4 + 4 * i),
    )
    return starts.map((from, i) =>
      unpack(item.subarray(from, starts[i + 1] ?? item.length)).slice(0, ROWS * COLUMNS),
    )
  })
}

const colour: Picture = { rows: ROWS, columns: COLUMNS, photometric: 'RGB', samples: 3, frames: 2 }
const encapsulated = (...frames: readonly Buffer[]): Written => [
  0x7fe00010,
  'OB',
  fragments(...frames),
  'open',
]
const rleFile = (picture: Picture, pixels: Written) =>
  compressedFile(picture, [REGION], pixels, RLE)
const planes = (count: number, seed: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => noise(ROWS * COLUMNS, seed + index))

describe('RLE frames', () => {
  it.each<[string, Picture, number]>([
    ['colour', colour, 3],
    ['grey of 16 bits', { ...colour, photometric: 'MONOCHROME2', samples: 1, bits: 16 }, 2],
  ])(
    'of %s decode to the same pixels, and to zeros where there may be text',
    async (_, picture, count) => {
      const sources = [planes(count, 1), planes(count, 50)]
      const { bytes } = await run(rleFile(picture, encapsulated(...sources.map(frame))))
      const results = framesIn(bytes)
      expect(results.map((one) => one.length)).toEqual([count, count])
      const expected = sources.map((one) =>
        one.map((plane) =>
          [...plane].map((byte, at) => (isText(at % COLUMNS, Math.floor(at / COLUMNS)) ? 0 : byte)),
        ),
      )
      expect(results).toEqual(expected)
    },
  )

  it('have an empty offset table after blanking', async () => {
    const table: Written = [0x7fe00001, 'OV', Buffer.alloc(8)]
    const picture = { ...colour, frames: 1 }
    const pixels = encapsulated(frame(planes(3, 1)))
    const input = compressedFile(picture, [REGION], pixels, RLE, [table])
    const hasTable = (bytes: Buffer): boolean => bytes.includes(Buffer.from('e07f0100', 'hex'))
    expect(hasTable(input)).toBe(true)
    expect(hasTable((await run(input)).bytes)).toBe(false)
    expect(hasTable((await run(input, withPixels('pass'))).bytes)).toBe(true)
  })

  it('may be split into several fragments if there is only one frame', async () => {
    const source = frame(planes(3, 1))
    const input = rleFile(
      { ...colour, frames: 1 },
      encapsulated(source.subarray(0, 1000), source.subarray(1000)),
    )
    expect(framesIn((await run(input)).bytes)).toHaveLength(1)
  })

  it.each<[string, Buffer, string]>([
    ['are fewer than declared', fragments(frame(planes(3, 1))), 'image_incomplete'],
    [
      'end early',
      fragments(...[1, 2].map((seed) => frame(planes(3, seed)).subarray(0, 900))),
      'malformed',
    ],
    [
      'have too few planes',
      fragments(...[1, 2].map((seed) => frame(planes(1, seed)))),
      'malformed',
    ],
    ['have no header', fragments(Buffer.alloc(8), Buffer.alloc(8)), 'malformed'],
    [
      'are truncated',
      fragments(frame(planes(3, 1)), frame(planes(3, 4))).subarray(0, -500),
      'truncated',
    ],
  ])('go to quarantine when they %s', async (_, value, code) => {
    expect(await codeOf(rleFile(colour, [0x7fe00010, 'OB', value, 'open']))).toBe(code)
  })
})
