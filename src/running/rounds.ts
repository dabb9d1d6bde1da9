/**
 * Starts a round at every interval, unless the one before is still running.
 *
 * @param round must not reject
 * @returns a function that starts no more rounds, and waits for the current one
 */
export function startRounds(everyMs: number, round: () => Promise<unknown>): () => Promise<void> {
  let current: Promise<unknown> | undefined
  const timer = setInterval(() => {
    current ??= round().finally(() => (current = undefined))
  }, everyMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await current
  }
}
