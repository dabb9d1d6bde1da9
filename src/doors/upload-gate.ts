import { NocturneError } from '../lib/errors.js'

/** Bounds the number of concurrent uploads, and with it memory, open files and sealing work. */
export class UploadGate {
  readonly #most: number
  readonly #tell: (running: number) => void
  #running = 0

  /** @param tell is called with the number of running uploads whenever it changes. */
  constructor(most: number, tell: (running: number) => void) {
    this.#most = most
    this.#tell = tell
  }

  /** @throws NocturneError `too_busy`, and whatever the work throws. */
  async pass(work: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#most) throw new NocturneError('too_busy')
    this.#running += 1
    this.#tell(this.#running)
    try {
      await work()
    } finally {
      this.#running -= 1
      this.#tell(this.#running)
    }
  }
}
