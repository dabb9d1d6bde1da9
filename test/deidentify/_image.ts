/** Images for tests of blanking, and a reader of their pixels that works sample by sample. */
import { dataset, instance, part10, SYNTAX, type Encoding, type Written } from './_build.js'

export interface Picture {
  readonly rows: number
  readonly columns: number
  readonly frames?: number
  readonly samples?: 1 | 3
  readonly bits?: 1 | 8 | 16 | 32 | 64
  readonly stored?: number
  readonly planar?: 0 | 1
  readonly photometric: string
}

/** Left, top, right and bottom, all inclusive, as in the header. */
export type Region = readonly [x: number, y: number, right: number, bottom: number]

const binary = (value: number, bytes: 2 | 4, encoding: Encoding): Buffer => {
  const buffer = Buffer.alloc(bytes)
  if (encoding === 'big') buffer.writeUIntBE(value, 0, bytes)
  else buffer.writeUIntLE(value, 0, bytes)
  return buffer
}

export const ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6.1'

/** An ultrasound image whose scanner states where the picture is. */
export function ultrasound(
  picture: Picture,
  regions: readonly Region[],
  pixels: Written,
  encoding: Encoding = 'explicit',
  more: readonly Written[] = [],
): Written[] {
  const { rows, columns, frames = 1, samples = 1, bits = 8, stored, planar, photometric } = picture
  const us = (tag: number, value: number): Written => [tag, 'US', binary(value, 2, encoding)]
  const ul = (tag: number, value: number): Written => [tag, 'UL', binary(value, 4, encoding)]
  const items = regions.map(([x, y, right, bottom]) => [
    us(0x00186012, 1),
    ul(0x00186018, x),
    ul(0x0018601a, y),
    ul(0x0018601c, right),
    ul(0x0018601e, bottom),
  ])
  const image: Written[] = [
    [0x00080016, 'UI', ULTRASOUND],
    [0x00080060, 'CS', 'US'],
    ...(items.length > 0 ? [[0x00186011, 'SQ', { items }] as const] : []),
    us(0x00280002, samples),
    [0x00280004, 'CS', photometric],
    ...(planar === undefined ? [] : [us(0x00280006, planar)]),
    [0x00280008, 'IS', String(frames)],
    us(0x00280010, rows),
    us(0x00280011, columns),
    us(0x00280100, bits),
    us(0x00280101, stored ?? bits),
    us(0x00280102, (stored ?? bits) - 1),
    us(0x00280103, 0),
  ]
  const given = new Set(more.map(([tag]) => tag))
  return instance([...image.filter(([tag]) => !given.has(tag)), ...more, pixels])
}

export const ultrasoundFile = (
  picture: Picture,
  regions: readonly Region[],
  pixels: Written,
  encoding: Encoding = 'explicit',
  more: readonly Written[] = [],
): Buffer =>
  part10(dataset(ultrasound(picture, regions, pixels, encoding, more), encoding), SYNTAX[encoding])

/** The same image with its pixels in a compressed syntax. */
export const compressedFile = (
  picture: Picture,
  regions: readonly Region[],
  pixels: Written,
  syntax: string,
  more: readonly Written[] = [],
): Buffer => part10(dataset(ultrasound(picture, regions, pixels, 'explicit', more)), syntax)

/** Bytes without runs of equal values, so that changes can be seen. */
export const noise = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[at] = 1 + ((state >>> 16) % 254)
  }
  return bytes
}

/**
 * Which bytes of an uncompressed value belong to pixels for which `isInside` holds, computed from
 * the address of each sample.
 */
export function bytesOfPixels(
  { rows, columns, frames = 1, samples = 1, bits = 8, planar = 0, photometric }: Picture,
  isInside: (x: number, y: number) => boolean,
): Set<number> {
  const found = new Set<number>()
  const bytes = bits / 8
  const isHalved = photometric.endsWith('_422')
  const perFrame = isHalved ? rows * columns * 2 : rows * columns * samples * bytes
  for (let frame = 0; frame < frames; frame++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        if (!isInside(x, y)) continue
        const pixel = y * columns + x
        if (isHalved) {
          // Y Y Cb Cr for every two pixels.
          const pair = frame * perFrame + Math.floor(pixel / 2) * 4
          for (const at of [pair + (pixel % 2), pair + 2, pair + 3]) found.add(at)
          continue
        }
        for (let sample = 0; sample < samples; sample++) {
          const index = planar === 1 ? sample * rows * columns + pixel : pixel * samples + sample
          for (let byte = 0; byte < bytes; byte++)
            found.add(frame * perFrame + index * bytes + byte)
        }
      }
  return found
}
