import type { Writable } from 'node:stream'

/**
 * Returns how many delimiters busboy has found: the parts and the closing one. Busboy silently
 * skips a part without a Content-Disposition, and data after a boundary that is not a delimiter.
 * The count then differs from the number of parts reported, and an incomplete upload is not
 * mistaken for a complete one.
 */
export function delimiterCount(parser: Writable): () => number | undefined {
  const search: unknown = Reflect.get(parser, '_bparser')
  return () => {
    const count: unknown =
      typeof search === 'object' && search !== null ? Reflect.get(search, 'matches') : undefined
    return typeof count === 'number' ? count : undefined
  }
}
