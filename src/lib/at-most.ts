/**
 * Runs so many works at a time, in the order of asking. One that fails takes nobody else's turn.
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
