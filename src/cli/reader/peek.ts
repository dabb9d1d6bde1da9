import { HEAD_BYTES } from '../../protocol/opened-names.js'

/** The first bytes of the content, and the content with those bytes in front again. */
export async function peek(
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly whole: AsyncIterable<Uint8Array> }> {
  const iterator = content[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  let size = 0
  while (size < HEAD_BYTES) {
    const next = await iterator.next()
    if (next.done === true) break
    // Copied: the producer may reuse the memory.
    seen.push(Uint8Array.from(next.value))
    size += next.value.length
  }
  return { head: Buffer.concat(seen).subarray(0, HEAD_BYTES), whole: rejoin(seen, iterator) }
}

async function* rejoin(
  seen: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}
