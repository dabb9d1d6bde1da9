/** Compressed images, made by dcmtk of real pixels, are blanked and decoded again by dcmtk: pixels outside stay, text goes. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { part10, dataset, topLevel } from '../deidentify/_build.js'
import { noise, ultrasound, type Picture, type Region } from '../deidentify/_image.js'
import { run } from '../deidentify/_run.js'

function reasonToSkip(): string | undefined {
  try {
    for (const command of ['dcmcjpeg', 'dcmdjpeg', 'dcmcjpls', 'dcmdjpls', 'dcmcrle', 'dcmdrle'])
      execFileSync(command, ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'no dcmtk'
  }
}

const missing = reasonToSkip()
const when = missing === undefined ? it : it.skip
const title = (text: string) => (missing === undefined ? text : `${text} (skipped: ${missing})`)

const ROWS = 90
const COLUMNS = 130
/** On no boundary of blocks of 8 or 16. */
const REGION: Region = [19, 21, 101, 76]
const isKept = (x: number, y: number, margin = 0): boolean =>
  x >= 19 + margin && x <= 101 - margin && y >= 21 + margin && y <= 76 - margin

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nocturne-blanking-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A picture that compresses like one: slopes, some noise, and writing at its edges. */
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

async function decoded(name: string, bytes: Buffer, command: string, args: readonly string[] = []) {
  const [source, target] = [join(folder, `${name}.dcm`), join(folder, `${name}.raw.dcm`)]
  await writeFile(source, bytes)
  execFileSync(command, [...args, source, target], { stdio: 'pipe' })
  const pixels = topLevel(readFileSync(target)).get(0x7fe00010)
  if (!pixels) throw new Error(`${name}: no pixels`)
  return pixels
}

async function encoded(name: string, picture: Picture, command: string, args: readonly string[]) {
  const vr = picture.bits === 16 ? 'OW' : 'OB'
  const body = dataset(ultrasound(picture, [REGION], [0x7fe00010, vr, pixelsOf(picture)]))
  const [source, target] = [join(folder, `${name}.in.dcm`), join(folder, `${name}.cmp.dcm`)]
  await writeFile(source, part10(body))
  execFileSync(command, [...args, source, target], { stdio: 'pipe' })
  return readFileSync(target)
}

const grey: Picture = { rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2' }
const grey12: Picture = { ...grey, bits: 16, stored: 12 }
const inverse: Picture = { ...grey12, photometric: 'MONOCHROME1' }
const colour: Picture = { ...grey, photometric: 'RGB', samples: 3, planar: 0 }
const loop: Picture = { ...colour, frames: 3 }

describe('an image compressed by dcmtk and blanked', () => {
  const JPEG = ['dcmcjpeg', 'dcmdjpeg'] as const
  const RLE = ['dcmcrle', 'dcmdrle'] as const
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
    ['baseline JPEG, grey', grey, JPEG, ['+eb'], 0],
    ['extended JPEG of 12 bits', grey12, JPEG, ['+ee'], 0],
    ['baseline JPEG, colour without halving', colour, JPEG, ['+eb', '+s4'], 0],
    ['baseline JPEG, a loop in halved colour', loop, JPEG, ['+eb', '+s2'], 1],
    ['baseline JPEG, colour halved both ways', colour, JPEG, ['+eb', '+np'], 1],
    ['baseline JPEG without a change of colour', colour, JPEG, ['+eb', '+cr'], 1],
  ])(title('as %s: no pixel inside the region changes, and no text is left'), async (...row) => {
    const [name, picture, [compress, decompress], args, margin] = row
    const file = name.replace(/[^a-z0-9]/gi, '-')
    const input = await encoded(file, picture, compress, args)
    const before = await decoded(`${file}.before`, input, decompress)
    const { bytes, facts } = await run(input)
    expect(facts.pixelsBlanked).toBe(true)
    const after = await decoded(`${file}.after`, bytes, decompress)
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
          // Blocks that the edge of the region runs through are blanked whole; smoothing reaches one further.
          if (isKept(x, y, isLossy ? 16 + margin : 0))
            expect([x, y, pixel.toString('hex')]).toEqual([
              x,
              y,
              before.subarray(at, at + size).toString('hex'),
            ])
          if (!isKept(x, y)) shades.add(pixel.toString('hex'))
        }
    // Black; and beside the picture what smoothing makes of its colour, which says nothing of the text.
    expect(shades.size).toBeLessThanOrEqual(isLossy && samples === 3 ? 40 : 1)
  })
})
