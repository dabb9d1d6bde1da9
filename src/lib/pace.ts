/**
 * Long work in short slices: a header is bounded, but still large enough to hold up everybody else.
 */

/** A slice, in milliseconds. */
const SLICE = 8
/** Work between two looks at the clock, in units of about a microsecond. */
const UNNOTICED = 200

/**
 * One slice a turn of the event loop, however many headers are at work: callbacks of `setImmediate`
 * that stand in line would all run in the same turn.
 */
let line: Promise<void> = Promise.resolve()
const nextTurn = (): Promise<void> =>
  (line = line.then(() => new Promise((resolve) => setImmediate(resolve))))

/** The clock of one instance. Its steps yield where `isDue` says so, and go on in another turn. */
export class Pace {
  #until = performance.now() + SLICE
  #done = 0

  /**
   * Whether others must have a turn. `cost`: what was done since the last call, in microseconds or
   * so.
   */
  isDue(cost = 1): boolean {
    this.#done += cost
    if (this.#done < UNNOTICED) return false
    this.#done = 0
    return performance.now() >= this.#until
  }

  async rest(): Promise<void> {
    await nextTurn()
    this.begin()
  }

  /** A slice begins: after a wait for something else. */
  begin(): void {
    this.#until = performance.now() + SLICE
  }

  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await this.rest()
    }
  }
}

/** Work that yields wherever it can be interrupted. */
export type Steps<T> = Generator<undefined, T>
