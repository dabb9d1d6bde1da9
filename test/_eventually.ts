import { setTimeout as delay } from 'node:timers/promises'

/**
 * Checks repeatedly until `isSo` holds or the time is over. Returns the last value seen, for the
 * test to judge.
 */
export async function eventually<T>(
  look: () => Promise<T>,
  isSo: (seen: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (isSo(seen) || performance.now() > deadline) return seen
    await delay(100)
  }
}
