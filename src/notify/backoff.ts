const FIRST_MS = 10_000
const LONGEST_MS = 10 * 60_000

/**
 * The delay after this many attempts (from 1): doubles each time up to ten minutes. Retries never
 * stop.
 */
export const delayAfter = (attempts: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(attempts - 1, 16), LONGEST_MS)
