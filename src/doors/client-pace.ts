/**
 * How fast a client sends, over the whole of its upload. The pace within short spans is bounded as
 * well, but a client that sends just enough in each of them could hold an upload for days.
 */

/** A bad line may need this long before its average says anything. */
const GRACE_MS = 60_000

export class ClientPace {
  readonly #bytesPerSecond: number
  #bytes = 0
  #waitedMs = 0

  /** @param bytesPerSecond - the least, on average */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** @param waitedMs - only the time for which we waited for the client */
  received(bytes: number, waitedMs: number): void {
    this.#bytes += bytes
    this.#waitedMs += waitedMs
  }

  get isTooSlow(): boolean {
    return (
      this.#waitedMs > GRACE_MS && this.#bytes < (this.#waitedMs / 1_000) * this.#bytesPerSecond
    )
  }
}
