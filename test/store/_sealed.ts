/** Sealed streams for the store's tests. The store only looks at bytes, so any bytes will do. */
import { createCipheriv, createHash } from 'node:crypto'
import type { SealedStream } from '../../src/seal/index.js'

/** A stream that has the type of a sealed one, and can be read once. */
export function sealed(bytes: AsyncIterable<Buffer> | Iterable<Buffer>): SealedStream {
  const hash = createHash('sha256')
  let size = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      hash.update(chunk)
      size += chunk.length
      // Copied, because the store takes ownership of the memory and tests use theirs again.
      yield Buffer.from(chunk)
    }
  }
  const digests = () => {
    const ciphertext = { sha256: hash.copy().digest('hex'), size }
    return { plaintext: ciphertext, ciphertext }
  }
  const stream: Pick<SealedStream, 'bytes' | 'digests'> = { bytes: counted(), digests }
  return stream as SealedStream
}

/** `size` bytes without repetitions, in chunks of 64 KiB; the same bytes for the same seed. */
export function* pattern(size: number, seed = 1): Generator<Buffer> {
  const key = createHash('sha256').update(String(seed)).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  for (let offset = 0; offset < size; offset += 65_536)
    yield stream.update(Buffer.alloc(Math.min(65_536, size - offset)))
}

/** The output of `pattern`, followed by a failure of the source. */
export function* failing(size: number, error: Error): Generator<Buffer> {
  yield* pattern(size)
  throw error
}

export async function digestOf(
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    size += chunk.length
  }
  return { sha256: hash.digest('hex'), size }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
