import { NocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'

/**
 * Yields the bytes of one item, up to a limit. Leaving the loop early does not end the underlying
 * source, because the maker of the item must still skip the rest. Once it has, `isOpen` returns
 * false, and reading on throws: that is a bug, and must not look like the end of the item.
 *
 * @throws NocturneError `item_too_large` from the iterator, at the first byte beyond `limit`
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
      await source.more()
      const chunk = source.held()
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

/** The bytes of an item without content. */
export const noBytes: AsyncIterable<Buffer> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}

/**
 * Reads to the end and discards everything.
 * @throws the errors of `bytes`
 */
export async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}
