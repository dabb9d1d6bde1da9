/**
 * Failures of people who are not signed in are events, and anybody can cause them: without a bound
 * a stranger could fill the ledger, which is never pruned. So a bounded number is recorded one by
 * one; the others are counted, and the next event that is recorded says how many there were.
 */
export interface EventThrottle {
  /**
   * Undefined when this failure is only to be counted; else how many were only counted since the
   * last one that was recorded.
   */
  admit(): number | undefined
}

/** At most `perMinute` events within any clock minute. */
export function createEventThrottle(options: {
  readonly perMinute: number
  readonly now?: () => number
}): EventThrottle {
  const { perMinute, now = Date.now } = options
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
