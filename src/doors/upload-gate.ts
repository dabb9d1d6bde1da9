import { NocturneError } from '../lib/errors.js'

/**
 * Bounds the number of concurrent uploads, and with it memory, open files and sealing work. No
 * facility takes more than half, so that its flood leaves the others theirs; and a quarter is kept
 * for facilities that have no upload under way, which a STAT study then finds open.
 */
export class UploadGate {
  readonly #most: number
  readonly #tell: (running: number) => void
  readonly #byFacility = new Map<string, number>()
  #running = 0

  /** @param tell is called with the number of running uploads whenever it changes. */
  constructor(most: number, tell: (running: number) => void) {
    this.#most = most
    this.#tell = tell
  }

  /** @throws NocturneError `too_busy`, and whatever the work throws. */
  async pass(facility: string, work: () => Promise<void>): Promise<void> {
    const own = this.#byFacility.get(facility) ?? 0
    const half = Math.max(1, Math.floor(this.#most / 2))
    const reserve = own === 0 ? 0 : Math.floor(this.#most / 4)
    if (own >= half || this.#running >= this.#most - reserve) throw new NocturneError('too_busy')
    this.#change(facility, 1)
    try {
      await work()
    } finally {
      this.#change(facility, -1)
    }
  }

  #change(facility: string, by: 1 | -1): void {
    const own = (this.#byFacility.get(facility) ?? 0) + by
    if (own > 0) this.#byFacility.set(facility, own)
    else this.#byFacility.delete(facility)
    this.#running += by
    this.#tell(this.#running)
  }
}
