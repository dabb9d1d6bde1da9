/** Concurrent work on a sequence, with results in its order. */

export type Work<T, R> = (thing: T, turn: Promise<void>) => AsyncGenerator<R, void>

interface Begun<R> {
  readonly results: AsyncGenerator<R, void>
  readonly first: Promise<IteratorResult<R, void>>
  readonly end: () => void
  readonly giveUp: (reason: Error) => void
}

/**
 * Yields the results of `work` for each of `things`, in order, with up to `most` in progress: one
 * is processed while another waits for the disk. Each runs ahead up to its first result. `turn`
 * resolves when all earlier ones have ended, and rejects when one failed or the caller stopped:
 * steps that must not happen out of order or after a failure wait for it.
 */
export async function* inOrder<T, R>(
  things: Iterable<T>,
  most: number,
  work: Work<T, R>,
): AsyncGenerator<R, void> {
  const begun: Begun<R>[] = []
  let turn = Promise.resolve()
  const begin = (thing: T): void => {
    const results = work(thing, turn)
    turn = new Promise((end, giveUp) => begun.push({ results, first: results.next(), end, giveUp }))
    // Rejections that nobody waits for must not be reported as unhandled.
    turn.catch(() => undefined)
    begun.at(-1)?.first.catch(() => undefined)
  }
  const finish = async function* (): AsyncGenerator<R, void> {
    const [first] = begun
    if (!first) return
    for (let next = await first.first; next.done !== true; next = await first.results.next())
      yield next.value
    begun.shift()
    first.end()
  }
  try {
    for (const thing of things) {
      begin(thing)
      if (begun.length === most) yield* finish()
    }
    while (begun.length > 0) yield* finish()
  } finally {
    for (const { giveUp } of begun) giveUp(new Error('an earlier one has failed'))
    await Promise.allSettled(begun.map(({ results }) => results.return()))
  }
}
