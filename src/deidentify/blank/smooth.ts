/**
 * Small letters, enlarged with their shades: black on white they would be broken, because their
 * strokes are thinner than a pixel.
 */
import type { GreyPicture } from '../../pixels/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { type InkImage, SCALE } from './ink.js'

/** Between bright and dark: where writing is drawn on a bar, and nowhere else. */
const MIDDLE = 128

/** @param isInverted for bright writing, since the OCR engine expects dark writing. */
export function* smoothInkOf(
  { width, height, values }: GreyPicture,
  isInverted: boolean,
  pace: Pace,
): Steps<InkImage> {
  const header = Buffer.from(`P5\n${String(width * SCALE)} ${String(height * SCALE)}\n255\n`)
  const pgm = Buffer.alloc(header.length + values.length * SCALE * SCALE)
  header.copy(pgm)
  let at = header.length
  for (let row = 0; row < height * SCALE; row++) {
    const [top, bottom, down] = between(row, height)
    for (let column = 0; column < width * SCALE; column++) {
      const [left, right, across] = between(column, width)
      const mix = (y: number): number =>
        (values[y * width + left] ?? 0) * (1 - across) + (values[y * width + right] ?? 0) * across
      const value = mix(top) * (1 - down) + mix(bottom) * down
      pgm[at++] = isInverted ? 255 - value : value
    }
    if (pace.isDue(width >> 3)) yield
  }
  const isInk = (x: number, y: number): boolean =>
    (values[y * width + x] ?? 0) >= MIDDLE === isInverted
  return { pgm, scale: SCALE, isInk }
}

/**
 * The two pixels between whose centres an enlarged pixel lies, and how near it is to the second.
 */
function between(at: number, length: number): [first: number, second: number, share: number] {
  const exact = Math.min(length - 1, Math.max(0, (at + 0.5) / SCALE - 0.5))
  const first = Math.floor(exact)
  return [first, Math.min(length - 1, first + 1), exact - first]
}
