/** Pixel Data on its way through, blanked and looked at as the verdict says. */
import type { Encoding } from '../element.js'
import type { Pace } from '../pace.js'
import type { Reader } from '../reader.js'
import type { Header } from '../walk.js'
import { encapsulated, framesOf } from './frames.js'
import { inspected } from './inspect.js'
import { blankNative } from './native.js'
import type { PixelVerdict } from './plan.js'

/**
 * The whole element, beginning with its header. Uncompressed pixels pass as they come; of compressed ones a frame is held
 * at a time.
 *
 * @throws NocturneError `truncated`, `malformed`, `pixels_not_cleaned`, `text_in_pixels`, `pixels_at_risk`: discard what was
 * read.
 */
export async function* cleanPixels(
  reader: Reader,
  header: Header,
  encoding: Encoding,
  { plan, inspection }: Pick<PixelVerdict, 'plan' | 'inspection'>,
  pace: Pace,
): AsyncGenerator<Buffer, void> {
  yield* reader.take(header.valueStart)
  if (!plan || 'layout' in plan.way) {
    const value = reader.take(header.length)
    const blanked =
      plan && 'layout' in plan.way ? blankNative(value, plan.way.layout, plan.mask) : value
    yield* inspection ? inspected(blanked, inspection) : blanked
    return
  }
  const { geometry, mask } = plan
  const { codec } = plan.way
  const blanked = async function* () {
    const frames = framesOf(reader, encoding, geometry.frames, (part) => codec.startsFrame(part))
    for await (const frame of frames) {
      pace.begin()
      yield await codec.blank(frame, geometry, mask, pace)
    }
  }
  yield* encapsulated(blanked(), encoding)
}
