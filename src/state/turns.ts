/**
 * A first-come, first-served lock: `take` resolves when it is the caller's turn, which lasts until
 * `give`.
 */
export interface Turns {
  take(): Promise<void>
  give(): void
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = []
  let taken = false
  return {
    take: () => {
      if (taken) return new Promise((resolve) => waiting.push(resolve))
      taken = true
      return Promise.resolve()
    },
    give: () => {
      const next = waiting.shift()
      if (next) next()
      else taken = false
    },
  }
}
