import { freeMemory } from '../lib/free-memory.js'

const NOTHING = Buffer.alloc(0)

/**
 * The stream again, in parts of exactly `sizeOf(n)` bytes, n from 1; only the last may be shorter,
 * and a stream without a byte has no part. At most one part and one chunk are held here, so a slow
 * store holds back the source. A part of several chunks is copied into what `allocate` gives; a
 * part that is one chunk is passed as it is. The chunks' memory is taken over: once copied, it is
 * given back.
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

/** `isWhole`: nothing of the last chunk is left for the next part. */
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
