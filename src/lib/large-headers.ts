/**
 * Large headers wait for one another: a header is held whole, and those of many uploads at once
 * would fill the memory.
 */

/**
 * Nearly all headers are shorter; longer ones are RT structure sets, and enhanced images of
 * thousands of frames.
 */
export const LARGE_BYTES = 4 * 1024 * 1024
/** Two, so that one sender that is slow does not keep all others waiting. */
const AT_ONCE = 2

let free = AT_ONCE
const waiting: (() => void)[] = []

/**
 * The turn of one instance, taken once its header turns out to be large. It must end, however that
 * instance fares.
 */
export class LargeHeaderTurn {
  #state: 'small' | 'taken' | 'over' = 'small'

  /**
   * Resolves when the instance may hold more than LARGE_BYTES; at once when it already may, or its
   * header is done.
   */
  async begin(): Promise<void> {
    if (this.#state !== 'small') return
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    this.#state = 'taken'
  }

  end(): void {
    const wasTaken = this.#state === 'taken'
    this.#state = 'over'
    if (!wasTaken) return
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
}
