/**
 * Guesses which pixels of a picture are writing. Each guess is rendered black on white as PGM, for
 * an OCR engine trained on print.
 */
import type { GreyPicture } from '../../pixels/index.js'
import type { Pace, Steps } from '../../lib/pace.js'

/**
 * Writing is drawn in the brightest or the darkest values, or contrasts with its surroundings. The
 * last two guesses also pick up speckle, which looks like letters here and there. For them the OCR
 * engine must be surer, especially of short words. Confidence in per cent.
 */
export const GUESSES = [
  { guess: 'brightest', sureOfWord: 40, sureOfShortWord: 40 },
  { guess: 'darkest', sureOfWord: 40, sureOfShortWord: 40 },
  { guess: 'brighter than around', sureOfWord: 45, sureOfShortWord: 60 },
  { guess: 'darker than around', sureOfWord: 45, sureOfShortWord: 60 },
] as const
type Guess = (typeof GUESSES)[number]['guess']

const BRIGHT = 192
const DARK = 64
/** Half the side of the square around a pixel; strokes are thinner than this. */
const REACH = 8
/** Minimum contrast of writing; speckle has less. */
const CONTRAST = 24
/** If more than this share is ink, it is background rather than writing. */
const MOST_INK = 0.4
/**
 * Small pictures are enlarged: letters 7 pixels high are smaller than those the model was trained
 * on.
 */
const ENLARGED_BELOW = 1000
export const SCALE = 2
export const isSmall = ({ height }: GreyPicture): boolean => height < ENLARGED_BELOW

/** A picture of ink: black on white. */
export interface InkImage {
  /** Each pixel is `scale` by `scale` pixels of it. */
  readonly pgm: Buffer
  readonly scale: 1 | 2
  /** Whether a pixel of the picture is ink. */
  readonly isInk: (x: number, y: number) => boolean
}

/**
 * `none` if the guess finds no ink; undefined if nearly everything is ink, from which nothing can
 * be concluded.
 */
export function* inkOf(
  picture: GreyPicture,
  guess: Guess,
  pace: Pace,
): Steps<InkImage | 'none' | undefined> {
  const { width, height, values } = picture
  // Each pixel becomes one pixel, or a block of two by two.
  const scale = isSmall(picture) ? SCALE : 1
  const header = Buffer.from(`P5\n${String(width * scale)} ${String(height * scale)}\n255\n`)
  const image = Buffer.alloc(header.length + width * height * scale * scale, 255)
  header.copy(image)
  const around = guess.endsWith('around') ? new Surroundings(picture) : undefined
  let ink = 0
  for (let y = 0; y < height; y++) {
    around?.enter(y)
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x] ?? 0
      if (!isInk(guess, value, around?.meanAt(x) ?? 0)) continue
      ink += 1
      const corner = header.length + (y * width * scale + x) * scale
      image[corner] = 0
      if (scale === 1) continue
      image[corner + 1] = 0
      image[corner + width * scale] = 0
      image[corner + width * scale + 1] = 0
    }
    if (pace.isDue(width >> 4)) yield
  }
  if (ink === 0) return 'none'
  if (ink > MOST_INK * values.length) return undefined
  const isInkAt = (x: number, y: number): boolean =>
    image[header.length + (y * width * scale + x) * scale] === 0
  return { pgm: image, scale, isInk: isInkAt }
}

function isInk(guess: Guess, value: number, mean: number): boolean {
  switch (guess) {
    case 'brightest':
      return value >= BRIGHT
    case 'darkest':
      return value < DARK
    case 'brighter than around':
      return value - mean > CONTRAST
    case 'darker than around':
      return mean - value > CONTRAST
  }
}

/** The mean of the square around each pixel, computed row by row from the top. */
class Surroundings {
  readonly #picture: GreyPicture
  /** For each column, the sum over the rows of the square. */
  readonly #columns: Uint32Array
  /** Running sums of the columns from the left, so that a square is the difference of two. */
  readonly #sums: Float64Array
  #rows = 0

  constructor(picture: GreyPicture) {
    this.#picture = picture
    this.#columns = new Uint32Array(picture.width)
    this.#sums = new Float64Array(picture.width + 1)
    for (let row = 0; row < Math.min(REACH, picture.height); row++) this.#add(row, 1)
  }

  /** Must be called for each row, in order. */
  enter(row: number): void {
    if (row + REACH < this.#picture.height) this.#add(row + REACH, 1)
    if (row - REACH > 0) this.#add(row - REACH - 1, -1)
    for (let x = 0; x < this.#columns.length; x++)
      this.#sums[x + 1] = (this.#sums[x] ?? 0) + (this.#columns[x] ?? 0)
  }

  meanAt(x: number): number {
    const from = Math.max(0, x - REACH)
    const to = Math.min(this.#picture.width, x + REACH + 1)
    return ((this.#sums[to] ?? 0) - (this.#sums[from] ?? 0)) / ((to - from) * this.#rows)
  }

  #add(row: number, sign: 1 | -1): void {
    const { width, values } = this.#picture
    for (let x = 0; x < width; x++)
      this.#columns[x] = (this.#columns[x] ?? 0) + sign * (values[row * width + x] ?? 0)
    this.#rows += sign
  }
}
