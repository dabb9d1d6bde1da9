import { setImmediate } from 'node:timers/promises'
import { giveBlock } from './blocks.js'
import type { Frame } from './frames.js'
import type { Digests } from './stations.js'
import { Sealer } from './sealer.js'
import type { SealerOptions } from './sealer.js'
import { leastBusy } from './workers.js'
import type { Lane } from './lane.js'

/** Smaller content is cheaper to seal here than to send to a thread. */
const LEAST_BYTES = 2 ** 18

/** The number of streams being sealed on the caller's thread. */
let own = 0

/**
 * Chooses where to seal the stream that starts with `first`. `key` is in shared memory; a worker
 * thread overwrites it after copying the key.
 */
export function openLane(key: Uint8Array, options: SealerOptions, first: Frame | undefined): Lane {
  const isLong = first !== undefined && first.bytes.length > LEAST_BYTES
  const thread = isLong ? leastBusy(own) : undefined
  return thread?.open(key, options) ?? new OwnLane(key, options)
}

class OwnLane implements Lane {
  readonly ahead = 1
  readonly #sealer: Sealer

  constructor(key: Uint8Array, options: SealerOptions) {
    this.#sealer = new Sealer(key, options)
    own += 1
  }

  async update(frame: Frame): Promise<readonly Buffer[]> {
    this.#sealer.update(frame)
    giveBlock(Buffer.from(frame.bytes.buffer))
    // Yields to the event loop: a source that never waits would block this thread's other streams
    // and starve the workers of their next blocks.
    await setImmediate()
    return this.#sealer.take()
  }

  end(): Promise<{ readonly frames: readonly Buffer[]; readonly digests: Digests | undefined }> {
    this.#sealer.end()
    const frames = this.#sealer.take()
    return Promise.resolve({ frames, digests: this.#sealer.digests() })
  }

  close(): void {
    own -= 1
    this.#sealer.forget()
  }
}
