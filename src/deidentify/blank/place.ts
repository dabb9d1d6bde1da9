/**
 * Where a word that was read stands in the picture: all ink on its line, with a margin. A word
 * counts as located only if it is drawn on a plain background and everything around it is free of
 * ink, so that blanking it leaves no stroke of it and hides nothing else.
 */
import type { GreyPicture, Rectangle } from '../../pixels/index.js'

/** A guess which pixels of a picture are writing. */
export interface Ink {
  readonly picture: GreyPicture
  readonly isInk: (x: number, y: number) => boolean
}

/** Left, top, right and bottom; the last two are exclusive. */
interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const LEAST_HEIGHT = 5
/** Letters higher than this share of the picture are anatomy. */
const MOST_HEIGHT = 1 / 10
export const mostHeight = ({ height }: GreyPicture): number => Math.max(24, height * MOST_HEIGHT)
/** A line that spans this much of the picture is none. */
const MOST_WIDTH = 0.9
/** In heights of the word: a gap this wide ends the line. */
const GAP = 1.2
/** In heights of the word: accents, parentheses and descenders reach no further beyond it. */
const OVERHANG = 0.6
const MARGIN = 0.3
/** Of 256 levels. Compression leaves some noise in a plain background. */
const PLAIN = 40
const CONTRAST = 50
/** Share of a word's box that is ink. */
const LEAST_INK = 0.04
const MOST_INK = 0.65

/** Undefined if the word cannot be located with certainty. */
export function placeOf(ink: Ink, { x, y, width, height }: Rectangle): Rectangle | undefined {
  const { picture } = ink
  if (height < LEAST_HEIGHT || height > mostHeight(picture)) return undefined
  const word: Box = { left: x, top: y, right: x + width, bottom: y + height }
  const line = alongLine(ink, acrossLine(ink, word, height), height)
  const whole = line && acrossLine(ink, line, height)
  if (!whole || !isPlain(ink, whole)) return undefined
  const margin = Math.max(2, Math.ceil(height * MARGIN))
  return {
    x: whole.left - margin,
    y: whole.top - margin,
    width: whole.right - whole.left + 2 * margin,
    height: whole.bottom - whole.top + 2 * margin,
  }
}

/** Grown upwards and downwards to rows without ink; undefined if there are none within reach. */
function acrossLine(ink: Ink, box: Box | undefined, height: number): Box | undefined {
  if (!box) return undefined
  const reach = Math.ceil(height * OVERHANG)
  const hasInk = (row: number): boolean => {
    if (row < 0 || row >= ink.picture.height) return false
    for (let column = box.left; column < box.right; column++)
      if (ink.isInk(column, row)) return true
    return false
  }
  let { top, bottom } = box
  while (hasInk(top - 1)) if (box.top - --top > reach) return undefined
  while (hasInk(bottom)) if (++bottom - box.bottom > reach) return undefined
  return { ...box, top, bottom }
}

/** Grown to the left and to the right up to a gap; undefined if it then spans the picture. */
function alongLine(ink: Ink, box: Box | undefined, height: number): Box | undefined {
  if (!box) return undefined
  const { width } = ink.picture
  const gap = Math.ceil(height * GAP)
  const hasInk = (column: number): boolean => {
    for (let row = box.top; row < box.bottom; row++) if (ink.isInk(column, row)) return true
    return false
  }
  let { left, right } = box
  for (let at = left - 1; at >= 0 && left - at <= gap; at--) if (hasInk(at)) left = at
  for (let at = right; at < width && at - right < gap; at++) if (hasInk(at)) right = at + 1
  return right - left > MOST_WIDTH * width ? undefined : { ...box, left, right }
}

/** Whether the box shows strokes of one brightness on a plain background of another. */
function isPlain({ picture, isInk }: Ink, { left, top, right, bottom }: Box): boolean {
  const strokes: number[] = []
  const background: number[] = []
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++)
      (isInk(x, y) ? strokes : background).push(picture.values[y * picture.width + x] ?? 0)
  const share = strokes.length / (strokes.length + background.length)
  if (!(share >= LEAST_INK && share <= MOST_INK)) return false
  const of = quantilesOf(background)
  const [stroke, ground] = [quantilesOf(strokes)(0.5), of(0.5)]
  // The edges of strokes are smooth: the values of the background that resemble them are left out.
  const spread = stroke > ground ? of(0.75) - of(0.05) : of(0.95) - of(0.25)
  return Math.abs(stroke - ground) >= CONTRAST && spread <= PLAIN
}

function quantilesOf(values: number[]): (share: number) => number {
  const sorted = values.sort((a, b) => a - b)
  return (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
}
