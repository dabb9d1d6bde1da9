import { freeMemory } from '../lib/free-memory.js'

const NOTHING = Buffer.alloc(0)

/**
 * Splits the stream into parts of exactly `sizeOf(n)` bytes, n counting from 1. Only the last part
 * may be shorter; an empty stream has no parts. At most one part and one chunk are held, so a slow
 * store slows down the source. Several chunks are copied into a buffer from `allocate`; a part that
 * consists of a single chunk is passed on as it is. Takes ownership of the chunks, and frees each
 * after copying it.
 */
export async function* inParts(
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
  sizeOf: (part: number) => number,
  allocate = (size: number): Buffer => Buffer.allocUnsafe(size),
): AsyncGenerator<Buffer, void, undefined> {
  let part = 1
  let wanted = sizeOf(part)
  let held: Buffer[] = []
  let length = 0
  for await (let chunk of bytes) {
    while (length + chunk.length >= wanted) {
      const rest = wanted - length
      const isWhole = rest === chunk.length
      yield join([...held, chunk.subarray(0, rest)], wanted, allocate, isWhole)
      chunk = isWhole ? NOTHING : chunk.subarray(rest)
      held = []
      length = 0
      wanted = sizeOf(++part)
    }
    if (chunk.length > 0) {
      held.push(chunk)
      length += chunk.length
    }
  }
  if (length > 0) yield join(held, length, allocate, true)
}

/** `isWhole`: the last chunk ends with this part, so none of it is left for the next. */
function join(
  chunks: readonly Buffer[],
  length: number,
  allocate: (size: number) => Buffer,
  isWhole: boolean,
): Buffer {
  const [only] = chunks
  if (chunks.length === 1 && only && isWhole) return only
  const part = allocate(length)
  let offset = 0
  for (const chunk of chunks) offset += chunk.copy(part, offset)
  for (const chunk of isWhole ? chunks : chunks.slice(0, -1)) freeMemory(chunk)
  return part
}
