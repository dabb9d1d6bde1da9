/**
 * Runs at most this many tasks at a time, in the order requested. A task that fails does not affect
 * the others.
 */
export function atMost(number: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = number
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free -= 1
    else
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
