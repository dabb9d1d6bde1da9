/**
 * Splits long work into short slices: headers are bounded, but still large enough to hold up all
 * other requests.
 */

/** Length of a slice in milliseconds. */
const SLICE = 8
/** Work between two readings of the clock, in units of about a microsecond. */
const UNNOTICED = 200

/**
 * One slice per turn of the event loop, however many headers are being processed: queued
 * `setImmediate` callbacks would all run in the same turn.
 */
let line: Promise<void> = Promise.resolve()
const nextTurn = (): Promise<void> =>
  (line = line.then(() => new Promise((resolve) => setImmediate(resolve))))

/** Until when the work of this turn may last before the next `breathe` ends it. */
let turnUntil = 0

/**
 * Between the steps of work whose awaits never leave the turn, such as queries of a database in
 * this process: lets everything else have a turn once the last one has lasted for a slice.
 */
export async function breathe(): Promise<void> {
  if (performance.now() < turnUntil) return
  await nextTurn()
  turnUntil = performance.now() + SLICE
}

/** Items between two looks at the clock: a promise for each would cost more than small work. */
const AT_ONCE = 64

/** The same items, between which everything else has its turns. */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<T> {
  let count = 0
  for (const item of items) {
    yield item
    count += 1
    if (count % AT_ONCE === 0) await breathe()
  }
}

/** The clock of one instance. Its steps yield when `isDue` says so and continue in a later turn. */
export class Pace {
  #until = performance.now() + SLICE
  #done = 0

  /**
   * Whether others must have a turn. `cost`: the work done since the last call, roughly in
   * microseconds.
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

  /** Begins a new slice, after waiting for something else. */
  begin(): void {
    this.#until = performance.now() + SLICE
  }

  /** The result itself if the steps never yield, as those of nearly all headers. */
  run<T>(steps: Steps<T>): T | Promise<T> {
    const step = steps.next()
    return step.done === true ? step.value : this.#runOn(steps)
  }

  async #runOn<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      await this.rest()
      const step = steps.next()
      if (step.done === true) return step.value
    }
  }
}

/** Work that yields wherever it can be interrupted. */
export type Steps<T> = Generator<undefined, T>
