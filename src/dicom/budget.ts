/**
 * Bounds the cost of reading one file: the number of elements, and how long it runs before
 * yielding.
 */
import { NocturneError } from '../lib/errors.js'
import type { Element } from './elements/element.js'
import type { Pace } from '../lib/pace.js'

/**
 * Elements and items per file: enough for an enhanced multi-frame object of 2,500 frames with 80
 * each. Bounds time and memory.
 */
const MAX_NODES = 200_000
/** Elements per data set: four times the number that PS3.6 lists. */
const MAX_ELEMENTS = 20_000

/** Tracks what has been spent on one file against its limits. */
export class Budget {
  readonly pace: Pace
  readonly #allowed: () => number
  /** Elements and items read so far. */
  spent = 0

  /**
   * @param allowed returns how many elements and items the part of the file seen so far may hold;
   *   the fixed limit of this module always applies as well.
   */
  constructor(pace: Pace, allowed: () => number = () => MAX_NODES) {
    this.pace = pace
    this.#allowed = allowed
  }

  /**
   * Counts one more element or item.
   *
   * @returns true when the caller should yield to other tasks.
   * @throws NocturneError `header_too_complex`
   */
  spend(): boolean {
    this.count()
    return this.pace.isDue()
  }

  /**
   * Counts one more of a few elements that are read in a single step.
   *
   * @throws NocturneError `header_too_complex`
   */
  count(): void {
    if (++this.spent > MAX_NODES || this.spent > this.#allowed())
      throw new NocturneError('header_too_complex')
  }
}

/** @throws NocturneError `header_too_complex` */
export function expectFew(elements: readonly Element[]): void {
  if (elements.length > MAX_ELEMENTS) throw new NocturneError('header_too_complex')
}
