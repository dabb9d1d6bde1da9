/**
 * Limits how many failures of unauthenticated callers become events. Anybody can cause such
 * failures, and without a limit they could fill the ledger, which is never pruned. Up to the limit
 * each is recorded; further ones are only counted, and the next event recorded states how many
 * there were.
 */
export interface EventThrottle {
  /**
   * Returns undefined if this failure must only be counted; otherwise the number of failures only
   * counted since the last one recorded.
   */
  admit(): number | undefined
}

/** Admits at most `perMinute` events within any clock minute. */
export function createEventThrottle(options: {
  readonly perMinute: number
  readonly now: () => number
}): EventThrottle {
  const { perMinute, now } = options
  let minute = 0
  let recorded = 0
  let counted = 0

  return {
    admit() {
      const current = Math.floor(now() / 60_000)
      if (current !== minute) {
        minute = current
        recorded = 0
      }
      if (recorded >= perMinute) {
        counted += 1
        return undefined
      }
      recorded += 1
      const untold = counted
      counted = 0
      return untold
    },
  }
}
