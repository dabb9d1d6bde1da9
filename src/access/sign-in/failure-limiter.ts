/**
 * Limits failed authentications per minute, by account and by address.
 *
 * Guessing a token or a signature is hopeless anyway; the limit keeps failures from using processor
 * time and filling the ledger. Since anybody can fail in another person's name, an account's limit
 * does not apply to addresses from which that account has recently signed in: a stranger must not
 * be able to lock a radiologist out at night.
 */
import { networkOf } from '../../lib/net/networks.js'

export interface FailureLimiter {
  /** Whole seconds to wait if the account or the address is over its limit; otherwise undefined. */
  check(address: string, account?: string): number | undefined
  /**
   * Whether the lock-out found by `check` should be recorded: true once a minute per address and
   * account, so that a caller that keeps trying causes only one event.
   */
  isNews(address: string, account?: string): boolean
  failed(address: string, account?: string): void
  /** The account authenticated successfully from this address. */
  succeeded(address: string, account: string): void
}

const MINUTE_MS = 60_000
/** Entries kept of each kind; the least recently used are evicted first. */
const ENTRIES = 20_000

/**
 * Creates a limiter that allows a burst of `perMinute` failures, and then one every 60 /
 * `perMinute` seconds.
 */
export function createFailureLimiter(options: {
  readonly perMinute: number
  readonly entries?: number
  readonly now: () => number
}): FailureLimiter {
  const { perMinute, entries = ENTRIES, now } = options
  const intervalMs = MINUTE_MS / perMinute
  /**
   * Generic cell rate algorithm: one number per key, the time at which all its failures are
   * forgiven.
   */
  const forgivenAt = new Recent<number>(entries)
  const known = new Recent<true>(entries)
  const toldAt = new Recent<number>(entries)

  const count = (key: string) =>
    forgivenAt.set(key, Math.max(forgivenAt.get(key) ?? 0, now()) + intervalMs)

  const waitMs = (key: string) =>
    (forgivenAt.get(key) ?? 0) - now() - (MINUTE_MS - intervalMs) - EPSILON_MS

  return {
    check(address, account) {
      const network = networkOf(address)
      const waits = [waitMs(`a ${network}`)]
      if (account !== undefined && !known.get(pair(network, account)))
        waits.push(waitMs(`p ${clip(account)}`))
      const longest = Math.max(...waits)
      return longest > 0 ? Math.ceil(longest / 1000) : undefined
    },
    isNews(address, account) {
      const key = pair(networkOf(address), account ?? '')
      const last = toldAt.get(key)
      if (last !== undefined && now() - last < MINUTE_MS) return false
      toldAt.set(key, now())
      return true
    },
    failed(address, account) {
      const network = networkOf(address)
      count(`a ${network}`)
      if (account !== undefined && !known.get(pair(network, account))) count(`p ${clip(account)}`)
    },
    succeeded(address, account) {
      known.set(pair(networkOf(address), account), true)
    },
  }
}

/**
 * Prevents the sum of several intervals, which are not whole milliseconds, from being rounded to
 * one failure too many.
 */
const EPSILON_MS = 0.001

const clip = (account: string): string => account.slice(0, 64)
const pair = (network: string, account: string): string => `${network} ${clip(account)}`

/** A map of bounded size that evicts the least recently used entry. */
class Recent<T> {
  readonly #size: number
  readonly #entries = new Map<string, T>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > this.#size && !oldest.done) this.#entries.delete(oldest.value)
  }
}
