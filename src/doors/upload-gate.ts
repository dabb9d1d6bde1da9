import { NocturneError } from '../lib/errors.js'
import type { Priority } from '../protocol/priority.js'

export interface Slot {
  /**
   * Call once the priority is known, which may be after the start of the body.
   * @throws NocturneError `too_busy`
   */
  declare(priority: Priority): void
}

interface Held {
  readonly facility: string
  /** Undefined until it is declared. */
  priority: Priority | undefined
}

/**
 * Bounds the number of concurrent uploads, and with it memory, open files and sealing work.
 *
 * - No facility takes more than half, so that its flood leaves the others theirs.
 * - A quarter is kept for facilities that have no upload under way.
 * - A quarter of all, and of each facility's half, is kept for STAT.
 */
export class UploadGate {
  readonly #most: number
  readonly #tell: (running: number) => void
  readonly #held = new Set<Held>()

  /** @param tell is called with the number of running uploads whenever it changes. */
  constructor(most: number, tell: (running: number) => void) {
    this.#most = most
    this.#tell = tell
  }

  /** @throws NocturneError `too_busy`, and whatever the work throws. */
  async pass(facility: string, work: (slot: Slot) => Promise<void>): Promise<void> {
    const own = this.#count((one) => one.facility === facility)
    const reserve = own === 0 ? 0 : Math.floor(this.#most / 4)
    if (own >= this.#half || this.#held.size >= this.#most - reserve)
      throw new NocturneError('too_busy')
    const held: Held = { facility, priority: undefined }
    this.#held.add(held)
    this.#tell(this.#held.size)
    try {
      await work({ declare: (priority) => this.#declare(held, priority) })
    } finally {
      this.#held.delete(held)
      this.#tell(this.#held.size)
    }
  }

  get #half(): number {
    return Math.max(1, Math.floor(this.#most / 2))
  }

  #declare(held: Held, priority: Priority): void {
    held.priority = priority
    if (priority === 'stat') return
    const others = (one: Held) => one.priority !== undefined && one.priority !== 'stat'
    const own = (one: Held) => others(one) && one.facility === held.facility
    const isOver =
      this.#count(others) > withReserve(this.#most) || this.#count(own) > withReserve(this.#half)
    if (!isOver) return
    held.priority = undefined
    throw new NocturneError('too_busy')
  }

  #count(is: (held: Held) => boolean): number {
    return [...this.#held].filter(is).length
  }
}

/** What is left for work that can wait. */
const withReserve = (most: number): number => Math.max(1, Math.floor(most * 0.75))
