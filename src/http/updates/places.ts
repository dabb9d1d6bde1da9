/** Bounds the streams that are open at the same time: of one account, one address, and of all. */
import { NocturneError } from '../../lib/errors.js'

/** A browser has one for all its tabs. */
const OF_ACCOUNT = 8
/** A hospital behind one address. */
const OF_ADDRESS = 256
const OF_ALL = 2_000

export class Places {
  readonly #taken = new Map<string, number>()

  /**
   * Returns a function that gives the place back.
   *
   * @throws NocturneError `too_many_updates`
   */
  take(account: string, address: string): () => void {
    const bounds = [
      [`account ${account}`, OF_ACCOUNT],
      [`address ${address}`, OF_ADDRESS],
      ['all', OF_ALL],
    ] as const
    if (bounds.some(([name, most]) => (this.#taken.get(name) ?? 0) >= most))
      throw new NocturneError('too_many_updates')
    for (const [name] of bounds) this.#change(name, 1)
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      for (const [name] of bounds) this.#change(name, -1)
    }
  }

  #change(name: string, by: 1 | -1): void {
    const count = (this.#taken.get(name) ?? 0) + by
    if (count > 0) this.#taken.set(name, count)
    else this.#taken.delete(name)
  }
}
