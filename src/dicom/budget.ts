/** What reading one file may cost: in elements, and in time between two looks at the clock. */
import { NocturneError } from '../lib/errors.js'
import type { Element } from './elements/element.js'
import type { Pace } from '../lib/pace.js'

/**
 * Elements and items of one file: an enhanced multi-frame of 2,500 frames with 80 each. Bounds time
 * and memory.
 */
const MAX_NODES = 200_000
/** Elements of one data set: four times as many as PS3.6 lists. */
const MAX_ELEMENTS = 20_000

/** What may be spent on one file. */
export class Budget {
  readonly pace: Pace
  readonly #allowed: () => number
  /** Elements and items so far. */
  spent = 0

  /**
   * @param allowed elements and items, of what the file has shown so far; never more than the
   * room's own limit.
   */
  constructor(pace: Pace, allowed: () => number = () => MAX_NODES) {
    this.pace = pace
    this.#allowed = allowed
  }

  /**
   * One more element or item. Whether others must have a turn.
   * @throws NocturneError `header_too_complex`
   */
  spend(): boolean {
    this.count()
    return this.pace.isDue()
  }

  /** One more, of a few that are read in one step. @throws NocturneError `header_too_complex` */
  count(): void {
    if (++this.spent > MAX_NODES || this.spent > this.#allowed())
      throw new NocturneError('header_too_complex')
  }
}

/** @throws NocturneError `header_too_complex` */
export function expectFew(elements: readonly Element[]): void {
  if (elements.length > MAX_ELEMENTS) throw new NocturneError('header_too_complex')
}
