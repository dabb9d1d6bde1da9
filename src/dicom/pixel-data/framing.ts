/**
 * How the frames of encapsulated Pixel Data are told apart (PS3.5 section A.4), by transfer syntax.
 */
import { NocturneError, type Place } from '../../lib/errors.js'

/**
 * `jpeg`, `jpeg 2000`: a codestream a frame, with marks at its start and its end, in one or more
 * fragments. `fragment`: no marks, a fragment a frame at least. `stream`: all frames in one stream,
 * as in video.
 */
export type Framing = 'jpeg' | 'jpeg 2000' | 'fragment' | 'stream'

const JPEG = /^1\.2\.840\.10008\.1\.2\.4\.(?:5\d|6\d|70|80|81)$/
const JPEG_2000 = /^1\.2\.840\.10008\.1\.2\.4\.(?:90|91|201|202|203)$/
/**
 * RLE, frames deflated one by one, encapsulated uncompressed, and JPEG XL, which has no mark at its
 * end.
 */
const FRAGMENT = /^1\.2\.840\.10008\.1\.2\.(?:5|8\.1|1\.98|4\.11[0-2])$/

/** Components of several frames may be in one codestream of JPEG 2000 part 2 (.92, .93). */
export function framingOf(syntax: string): Framing {
  if (JPEG.test(syntax)) return 'jpeg'
  if (JPEG_2000.test(syntax)) return 'jpeg 2000'
  return FRAGMENT.test(syntax) ? 'fragment' : 'stream'
}

const START_OF_IMAGE = 0xffd8
const START_OF_CODESTREAM = 0xff4f

/** Whether a fragment that begins with `head` can be the first of a frame. */
export function startsFrame(framing: Framing, head: Buffer): boolean {
  if (framing === 'fragment' || framing === 'stream') return true
  const start = framing === 'jpeg' ? START_OF_IMAGE : START_OF_CODESTREAM
  return head.length > 2 && head.readUInt16BE(0) === start
}

/**
 * Whether the frame that ends in `tail` is known to be whole: by its mark, behind which there may
 * be padding.
 */
export function endsFrame(framing: Framing, tail: Buffer): boolean {
  if (framing === 'stream') return false
  if (framing === 'fragment') return true
  let end = tail.length
  while (end > 0 && tail[end - 1] === 0) end -= 1
  return end > 1 && tail[end - 2] === 0xff && tail[end - 1] === 0xd9
}

/** Bytes of a fragment that `startsFrame` and `endsFrame` look at. */
export const LOOKED_AT = 16

/** Counts the frames of one image as its fragments pass, however its fragments are cut. */
export class FrameCount {
  readonly #framing: Framing
  readonly #frames: number
  #fragments = 0
  #starts = 0

  constructor(framing: Framing, frames: number) {
    this.#framing = framing
    this.#frames = framing === 'stream' ? 1 : frames
  }

  add(head: Buffer): void {
    if (head.length === 0) return
    this.#fragments += 1
    if (startsFrame(this.#framing, head)) this.#starts += 1
  }

  /**
   * Some writers leave out the delimiter at the end of the file: nothing is missing then when all
   * frames are there and the last one is whole.
   *
   * @param tail how the last fragment ends, where no delimiter follows it.
   * @throws NocturneError `truncated`, `image_incomplete`
   */
  expectWhole(place: Omit<Place, 'rule'>, tail?: Buffer): void {
    const found = this.#starts > 0 ? this.#starts : this.#fragments
    const isWhole = found >= this.#frames
    if (tail !== undefined && !(isWhole && endsFrame(this.#framing, tail)))
      throw new NocturneError('truncated', { place: { ...place, rule: NO_DELIMITER } })
    if (!isWhole) throw new NocturneError('image_incomplete', { place: { ...place, rule: FRAMES } })
  }
}

const NO_DELIMITER = 'the sequence of fragments does not end (PS3.5 section A.4)'
const FRAMES = 'fewer frames than Number of Frames says (PS3.5 section A.4)'
