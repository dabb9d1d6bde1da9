/**
 * Large headers are processed one after another: each is held in memory as a whole, and those of
 * many concurrent uploads would fill it.
 */

/**
 * Nearly all headers are shorter; the longer ones are RT structure sets and enhanced images with
 * thousands of frames.
 */
export const LARGE_BYTES = 4 * 1024 * 1024
/** Two, so that one slow sender does not keep all others waiting. */
const AT_ONCE = 2

let free = AT_ONCE
const waiting: (() => void)[] = []

/**
 * The turn of one instance, taken once its header turns out to be large. It must be ended whatever
 * becomes of the instance.
 */
export class LargeHeaderTurn {
  #state: 'small' | 'taken' | 'over' = 'small'

  /**
   * Resolves when the instance may hold more than LARGE_BYTES; immediately if it already may or if
   * its header is finished.
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
