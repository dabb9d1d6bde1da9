/**
 * A buffer that is transferred to a closed port is detached here and arrives nowhere, so nothing
 * holds its memory any more.
 */
const { port1: nowhere } = new MessageChannel()
nowhere.close()

/**
 * A call costs a microsecond: smaller buffers, and views of Node's pool, are left to the garbage
 * collector.
 */
const LEAST_BYTES = 2 * Buffer.poolSize

/**
 * Frees the memory behind large `bytes` at once: they, and every other view of that memory, are
 * empty afterwards. Only for callers that own all of it, and only to save time: the garbage
 * collector is slow to free memory outside its heap, and until it does, a stream keeps asking the
 * system for fresh pages, which costs as much as encrypting them.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_BYTES)
    nowhere.postMessage(undefined, [buffer])
}

// glibc decides by the largest block freed so far how much it keeps for later blocks; at first,
// that is less than one block.
freeMemory(Buffer.allocUnsafeSlow(2 ** 21))
