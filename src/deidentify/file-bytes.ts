/** The bytes of a file, part after part. */

/**
 * Yields each part in turn, then runs `finish`. Written out rather than nested generators, which
 * would cost several promises per chunk at every level. Can be iterated once.
 *
 * @param failureOf converts the error of a part, or of `finish`.
 */
export function bytesOf(
  parts: readonly (Buffer | AsyncIterable<Buffer>)[],
  finish: () => Promise<void>,
  failureOf: (error: unknown) => unknown,
): AsyncIterable<Buffer> {
  let at = 0
  let source: AsyncIterator<Buffer> | undefined
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    at = Infinity
    await source?.return?.()
    source = undefined
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
    try {
      for (let part = parts[at]; part !== undefined; part = parts[++at]) {
        if (Buffer.isBuffer(part)) {
          at += 1
          return { done: false, value: part }
        }
        source ??= part[Symbol.asyncIterator]()
        const step = await source.next()
        if (step.done !== true) return step
        source = undefined
      }
      if (at === parts.length) await finish()
    } catch (error) {
      source = undefined
      at = Infinity
      throw failureOf(error)
    }
    return await end()
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) }
}
