/** How frames are separated in encapsulated Pixel Data (PS3.5 section A.4), per transfer syntax. */
import { NocturneError, type Place } from '../../lib/errors.js'

/**
 * `jpeg`, `jpeg 2000`: one codestream per frame, with start and end markers, in one or more
 * fragments. `fragment`: no markers, at least one fragment per frame. `stream`: all frames in one
 * stream, as in video.
 */
export type Framing = 'jpeg' | 'jpeg 2000' | 'fragment' | 'stream'

const JPEG = /^1\.2\.840\.10008\.1\.2\.4\.(?:5\d|6\d|70|80|81)$/
const JPEG_2000 = /^1\.2\.840\.10008\.1\.2\.4\.(?:90|91|201|202|203)$/
/**
 * RLE, individually deflated frames, encapsulated uncompressed, and JPEG XL, which has no end
 * marker.
 */
const FRAGMENT = /^1\.2\.840\.10008\.1\.2\.(?:5|8\.1|1\.98|4\.11[0-2])$/

/**
 * JPEG 2000 part 2 (.92, .93) counts as a stream, because one codestream may hold components of
 * several frames.
 */
export function framingOf(syntax: string): Framing {
  if (JPEG.test(syntax)) return 'jpeg'
  if (JPEG_2000.test(syntax)) return 'jpeg 2000'
  return FRAGMENT.test(syntax) ? 'fragment' : 'stream'
}

const START_OF_IMAGE = 0xffd8
const START_OF_CODESTREAM = 0xff4f

/** Whether a fragment that begins with `head` can be the first fragment of a frame. */
export function startsFrame(framing: Framing, head: Buffer): boolean {
  if (framing === 'fragment' || framing === 'stream') return true
  const start = framing === 'jpeg' ? START_OF_IMAGE : START_OF_CODESTREAM
  return head.length > 2 && head.readUInt16BE(0) === start
}

/**
 * Whether the frame that ends with `tail` is known to be complete: its end marker is there,
 * possibly followed by padding.
 */
export function endsFrame(framing: Framing, tail: Buffer): boolean {
  if (framing === 'stream') return false
  if (framing === 'fragment') return true
  let end = tail.length
  while (end > 0 && tail[end - 1] === 0) end -= 1
  return end > 1 && tail[end - 2] === 0xff && tail[end - 1] === 0xd9
}

/** Number of bytes of a fragment that `startsFrame` and `endsFrame` examine. */
export const LOOKED_AT = 16

/**
 * Counts the frames of one image from its fragments, regardless of how the frames are split into
 * fragments.
 */
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
   * Some writers omit the delimiter at the end of the file. This is accepted if all frames are
   * there and the last one is complete.
   *
   * @param tail the last bytes of the last fragment, if no delimiter follows it.
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
const FRAMES = 'there are fewer frames than Number of Frames specifies (PS3.5 section A.4)'
