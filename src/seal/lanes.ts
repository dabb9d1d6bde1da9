import { setImmediate } from 'node:timers/promises'
import { giveBlock } from './blocks.js'
import type { Frame } from './frames.js'
import type { Digests } from './stations.js'
import { Sealer } from './sealer.js'
import type { SealerOptions } from './sealer.js'
import { leastBusy } from './workers.js'
import type { Lane } from './lane.js'

/** A content below this costs less than the way to a thread. */
const LEAST_BYTES = 2 ** 18

/** Streams that are sealed where the caller is. */
let own = 0

/**
 * For a stream whose first frame is `first`. `key` is shared memory, which a thread overwrites when
 * it has taken the key.
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
    // A source that never waits would keep this thread from the other streams, and threads from
    // their next blocks.
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
