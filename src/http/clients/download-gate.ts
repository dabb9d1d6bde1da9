/**
 * Bounds the downloads that run at the same time, of one principal and of all: each holds an open
 * object and a connection for as long as its reader takes.
 */
import { NocturneError } from '../../lib/errors.js'

/** All principals together may have this many times what one may have. */
const ALL = 8

export class DownloadGate {
  readonly #each: number
  readonly #running = new Map<string, number>()
  #all = 0

  constructor(each: number) {
    this.#each = each
  }

  /** @throws NocturneError `too_busy`, and whatever the work throws. */
  async pass(principal: string, work: () => Promise<void>): Promise<void> {
    const own = this.#running.get(principal) ?? 0
    // A principal without any download finds a place of those that nobody else may take.
    const most = this.#each * (own === 0 ? ALL : ALL / 2)
    if (own >= this.#each || this.#all >= most) throw new NocturneError('too_busy')
    this.#change(principal, 1)
    try {
      await work()
    } finally {
      this.#change(principal, -1)
    }
  }

  #change(principal: string, by: 1 | -1): void {
    const own = (this.#running.get(principal) ?? 0) + by
    if (own > 0) this.#running.set(principal, own)
    else this.#running.delete(principal)
    this.#all += by
  }
}
