/**
 * Ranges of one download are one event: a reader that fetches an item in a thousand pieces does not
 * fill the ledger. The first range begins the download, durably; later ones of the same reader,
 * address and item belong to it until it ends, with the bytes of all of them.
 */
import type { Receipt } from '../ledger/log/index.js'

export interface Begun {
  readonly id: string
  readonly receipt: Receipt
}

export interface RangeSteps {
  begin(): Promise<Begun>
  /** Extends its lease. */
  renew(id: string): Promise<void>
  end(id: string, sent: { readonly bytes: number; readonly ranges: number }): Promise<void>
}

interface Ranged {
  readonly reader: string
  readonly transfer: string
  /** Bytes of the whole item: once as many were sent, the download is over. */
  readonly size: number
  readonly begun: Promise<Begun>
  readonly steps: RangeSteps
  active: number
  bytes: number
  ranges: number
  /** Milliseconds since 1970. */
  usedAt: number
  renewedAt: number
}

/** A client that continues later begins another download. */
const IDLE_MS = 30_000
const RENEW_MS = 60_000

export interface RangeOf {
  /** Of reader, address, item and key packet. */
  readonly key: string
  readonly reader: string
  readonly transfer: string
  readonly size: number
}

export class Ranges {
  readonly #open = new Map<string, Ranged>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** A range of the download that is under way, or of one that it begins. */
  async join(of: RangeOf, steps: RangeSteps): Promise<Begun> {
    const { reader, transfer, size, key } = of
    const now = this.#now()
    let ranged = this.#open.get(key)
    if (!ranged) {
      const counts = { active: 0, bytes: 0, ranges: 0, usedAt: now, renewedAt: now }
      ranged = { reader, transfer, size, steps, begun: steps.begin(), ...counts }
      this.#open.set(key, ranged)
      ranged.begun.catch(() => this.#open.delete(key))
    }
    ranged.active += 1
    ranged.ranges += 1
    ranged.usedAt = now
    const begun = await ranged.begun
    if (now - ranged.renewedAt > RENEW_MS) {
      ranged.renewedAt = now
      await steps.renew(begun.id)
    }
    return begun
  }

  /** The end of one range; of the download too once everything was sent. */
  async leave(key: string, bytes: number): Promise<void> {
    const ranged = this.#open.get(key)
    if (!ranged) return
    ranged.active -= 1
    ranged.bytes += bytes
    ranged.usedAt = this.#now()
    if (ranged.active === 0 && ranged.bytes >= ranged.size) await this.#end(key, ranged)
  }

  /** Ends those that nobody has used lately. */
  endIdle(): Promise<void> {
    return this.#endThose(({ usedAt }) => this.#now() - usedAt > IDLE_MS)
  }

  /** Ends those of a reader who asks for receipts, which name the end. */
  endOf(reader: string, transfer: string): Promise<void> {
    return this.#endThose((one) => one.reader === reader && one.transfer === transfer)
  }

  /** Before the gateway stops. */
  endAll(): Promise<void> {
    return this.#endThose(() => true)
  }

  async #endThose(is: (ranged: Ranged) => boolean): Promise<void> {
    for (const [key, ranged] of this.#open)
      if (ranged.active === 0 && is(ranged)) await this.#end(key, ranged)
  }

  async #end(key: string, { begun, steps, bytes, ranges }: Ranged): Promise<void> {
    this.#open.delete(key)
    await steps.end((await begun).id, { bytes, ranges })
  }
}
