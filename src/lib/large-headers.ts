/**
 * Large headers are processed one after another: each is held in memory as a whole, and those of
 * many concurrent uploads would fill it.
 */

/**
 * Nearly all headers are shorter; the longer ones are RT structure sets and enhanced images with
 * thousands of frames.
 */
export const LARGE_BYTES = 4 * 1024 * 1024
/** Each of another facility, so that a slow sender keeps no other waiting. */
const AT_ONCE = 3

interface Waiting {
  readonly owner: string
  readonly resolve: () => void
}

const owners = new Set<string>()
const waiting: Waiting[] = []

const isFree = (owner: string): boolean => owners.size < AT_ONCE && !owners.has(owner)

/**
 * The turn of one instance, taken once its header turns out to be large. It must be ended whatever
 * becomes of the instance.
 */
export class LargeHeaderTurn {
  readonly #owner: string
  #state: 'small' | 'taken' | 'over' = 'small'

  /** @param owner - who has one turn at a time */
  constructor(owner: string) {
    this.#owner = owner
  }

  /**
   * Resolves when the instance may hold more than LARGE_BYTES; immediately if it already may or if
   * its header is finished.
   */
  async begin(): Promise<void> {
    if (this.#state !== 'small') return
    const owner = this.#owner
    if (isFree(owner)) owners.add(owner)
    else await new Promise<void>((resolve) => waiting.push({ owner, resolve }))
    this.#state = 'taken'
  }

  end(): void {
    const wasTaken = this.#state === 'taken'
    this.#state = 'over'
    if (!wasTaken) return
    owners.delete(this.#owner)
    const next = waiting.findIndex(({ owner }) => isFree(owner))
    const [chosen] = next < 0 ? [] : waiting.splice(next, 1)
    if (!chosen) return
    owners.add(chosen.owner)
    chosen.resolve()
  }
}
