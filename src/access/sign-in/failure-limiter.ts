/**
 * How many failures to say who one is are let through a minute, by account and by address.
 *
 * A guess at a token or a signature has no chance anyway; this keeps failures from taking processor
 * time and from filling the ledger. Since anybody can fail in another's name, an account's limit
 * does not bind addresses from which that account has come in lately: a stranger must not lock a
 * radiologist out at night.
 */
import { isIPv4, isIPv6 } from 'node:net'

export interface FailureLimiter {
  /** Whole seconds to wait when the account or the address is over its limit; else undefined. */
  check(address: string, account?: string): number | undefined
  /**
   * Whether the lock-out that `check` found is news: true once a minute for each address and
   * account, so that one which goes on knocking is one event.
   */
  isNews(address: string, account?: string): boolean
  failed(address: string, account?: string): void
  /** The account was let in from this address. */
  succeeded(address: string, account: string): void
}

const MINUTE_MS = 60_000
/** Entries kept of each kind; the ones not touched for longest go first. */
const ENTRIES = 20_000

/**
 * Makes a limiter that lets `perMinute` failures through at once, and then one every 60 /
 * `perMinute` seconds.
 */
export function createFailureLimiter(options: {
  readonly perMinute: number
  readonly entries?: number
  readonly now?: () => number
}): FailureLimiter {
  const { perMinute, entries = ENTRIES, now = Date.now } = options
  const intervalMs = MINUTE_MS / perMinute
  /**
   * Generic cell rate algorithm: one number a key, the time at which its failures are all forgiven.
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
 * Keeps the sum of several intervals, which are not whole milliseconds, from reading as one too
 * many.
 */
const EPSILON_MS = 0.001

const clip = (account: string): string => account.slice(0, 64)
const pair = (network: string, account: string): string => `${network} ${clip(account)}`

/**
 * What counts as one address: all of IPv4, and the first 64 bits of IPv6, because whoever has one
 * address of such a network has all of them (RFC 4291 section 2.5.1). IPv4 in IPv6 is IPv4.
 * Anything else is one address.
 */
export function networkOf(address: string): string {
  const bare = address.split('%', 1)[0] ?? ''
  if (isIPv4(bare)) return bare
  if (!isIPv6(bare)) return 'unknown'
  // The URL parser writes the canonical form of RFC 5952, with IPv4 parts in hexadecimal.
  const [head = '', tail] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff')
    return groups
      .slice(6)
      .flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff])
      .join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** A map of bounded size that forgets what was not touched for longest. */
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
