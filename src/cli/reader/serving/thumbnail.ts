/** A small greyscale picture of a frame, as PNG. */
import { deflateSync, crc32 } from 'node:zlib'
import { Pace } from '../../../lib/pace.js'
import { canShow, pictureOf } from '../../../pixels/index.js'
import type { GreyPicture } from '../../../pixels/index.js'
import { frameOf } from './frames.js'
import type { Instance } from './library.js'

/** Longer side, in pixels. */
const SIDE = 128

/**
 * Undefined for a frame that does not exist, is compressed, or has a layout that cannot be shown.
 * The brightness is stretched from the darkest to the brightest pixel: good enough to recognize an
 * image, and nothing to read from.
 */
export async function thumbnailOf(one: Instance, frame: number): Promise<Buffer | undefined> {
  const frames = await one.frames()
  if (!frames || frames.isEncapsulated || !canShow(frames.geometry)) return undefined
  const pieces = frameOf(one.read, frames, frame)
  if (!pieces) return undefined
  const parts: Buffer[] = []
  for await (const piece of pieces) parts.push(Buffer.from(piece))
  const { geometry, syntax } = frames
  const bigEndian = syntax === '1.2.840.10008.1.2.2'
  const pace = new Pace()
  const bytes = Buffer.concat(parts)
  const picture = await pace.run(pictureOf({ bytes, geometry, bigEndian }, undefined, pace))
  return pngOf(smaller(picture, geometry.photometric === 'MONOCHROME1'))
}

function smaller({ width, height, values }: GreyPicture, isInverted: boolean): GreyPicture {
  const step = Math.max(1, Math.max(width, height) / SIDE)
  const [columns, rows] = [Math.floor(width / step) || 1, Math.floor(height / step) || 1]
  const picked = new Uint8Array(columns * rows)
  for (let at = 0; at < picked.length; at++) {
    const [x, y] = [Math.floor((at % columns) * step), Math.floor(Math.floor(at / columns) * step)]
    const value = values[y * width + x] ?? 0
    picked[at] = isInverted ? 255 - value : value
  }
  return { width: columns, height: rows, values: picked }
}

/** W3C PNG: greyscale of 8 bits, no filter. */
function pngOf({ width, height, values }: GreyPicture): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.writeUInt8(8, 8)
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.concat([Buffer.alloc(1), values.subarray(y * width, (y + 1) * width)]),
  )
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
