/**
 * What is transferred to a closed port is detached here and arrives nowhere: nobody holds its
 * memory any more.
 */
const { port1: nowhere } = new MessageChannel()
nowhere.close()

/**
 * A call costs a microsecond: less than this, and views of Node's pool, are left to the garbage
 * collector.
 */
const LEAST_BYTES = 2 * Buffer.poolSize

/**
 * Gives the memory behind large `bytes` back at once: they, and every other view of it, are empty
 * then. For who owns all of it, and only to save time: the garbage collector comes late to memory
 * that lies outside its heap, and until then a stream goes on asking the system for fresh pages,
 * which costs as much as encrypting them.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_BYTES)
    nowhere.postMessage(undefined, [buffer])
}

// glibc takes from the largest block given back how much it keeps for the next ones; at first, less
// than a block.
freeMemory(Buffer.allocUnsafeSlow(2 ** 21))
