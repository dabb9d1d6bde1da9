import { NocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'

/**
 * The bytes of one item, bounded. Leaving the loop over them early does not end the source under
 * them: whoever made the item still has to get past the rest. Once that was done, `isOpen` says no,
 * and reading on is a mistake of ours that must not look like the end of the item.
 *
 * @throws NocturneError `item_too_large` from the iterator, at the first byte beyond `limit`.
 */
export function boundedBytes(
  source: ByteSource,
  limit: number,
  isOpen: () => boolean,
): AsyncIterable<Buffer> {
  let passed = 0
  let failed = false
  const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
    if (failed) return { done: true, value: undefined }
    try {
      if (!isOpen()) throw new NocturneError('internal')
      const chunk = await source.chunk()
      if (chunk === undefined) return { done: true, value: undefined }
      passed += chunk.length
      if (passed > limit) throw new NocturneError('item_too_large')
      source.consume(chunk.length)
      return { done: false, value: chunk }
    } catch (error) {
      failed = true
      throw error
    }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next,
      return: () => Promise.resolve({ done: true, value: undefined }),
    }),
  }
}

/** The bytes of an item that has none to give. */
export const noBytes: AsyncIterable<Buffer> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}

/** Reads to the end and keeps nothing. @throws what the bytes throw. */
export async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}
