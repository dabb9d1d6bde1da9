/** Pixel Data on its way through, blanked where the plan says so. */
import type { Encoding } from '../element.js'
import type { Pace } from '../pace.js'
import type { Reader } from '../reader.js'
import type { Header } from '../walk.js'
import { encapsulated, framesOf } from './frames.js'
import { blankNative } from './native.js'
import type { BlankingPlan } from './plan.js'

/**
 * The whole element, beginning with its header. Uncompressed pixels pass as they come; of compressed ones a frame is held
 * at a time.
 *
 * @throws NocturneError `truncated`, `malformed`, `pixels_not_cleaned`: discard what was read.
 */
export async function* blankPixels(
  reader: Reader,
  header: Header,
  encoding: Encoding,
  { way, geometry, mask }: BlankingPlan,
  pace: Pace,
): AsyncGenerator<Buffer, void> {
  yield* reader.take(header.valueStart)
  if ('layout' in way) {
    yield* blankNative(reader.take(header.length), way.layout, mask)
    return
  }
  const { codec } = way
  const blanked = async function* () {
    const frames = framesOf(reader, encoding, geometry.frames, (part) => codec.startsFrame(part))
    for await (const frame of frames) {
      pace.begin()
      yield await codec.blank(frame, geometry, mask, pace)
    }
  }
  yield* encapsulated(blanked(), encoding)
}
