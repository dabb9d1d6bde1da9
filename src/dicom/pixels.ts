/** Pixel Data on its way through: counted or followed fragment by fragment, never changed, never held. */
import { NocturneError } from '../lib/errors.js'
import { type Encoding, ITEM, SEQUENCE_END, UNDEFINED_LENGTH } from './element.js'
import type { Reader } from './reader.js'
import { type Header, readHeader } from './walk.js'

/**
 * The whole element, beginning with its header, byte for byte.
 *
 * Encapsulated (PS3.5 A.4): items of defined length up to the sequence delimiter, whatever they hold.
 *
 * @throws NocturneError `truncated`, `malformed`
 */
export async function* passPixels(
  reader: Reader,
  header: Header,
  encoding: Encoding,
): AsyncGenerator<Buffer, void> {
  if (header.length !== UNDEFINED_LENGTH) {
    for (let left = header.valueStart + header.length; left > 0;) {
      const part = await reader.takeSome(left)
      left -= part.length
      yield part
    }
    return
  }
  yield* reader.take(header.valueStart)
  for (;;) {
    await reader.fill(8)
    if (reader.filled < 8) throw new NocturneError('truncated')
    const { tag, length } = readHeader(reader.buffer, 0, 8, false, encoding)
    const isEnd = tag === SEQUENCE_END
    if (isEnd ? length !== 0 : tag !== ITEM || length === UNDEFINED_LENGTH)
      throw new NocturneError('malformed')
    yield* reader.take(8)
    if (isEnd) return
    yield* reader.take(length)
  }
}
