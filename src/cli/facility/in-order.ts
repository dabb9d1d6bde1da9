/** Work on many things at a time whose results come in the order of the things. */

export type Work<T, R> = (thing: T, turn: Promise<void>) => AsyncGenerator<R, void>

interface Begun<R> {
  readonly results: AsyncGenerator<R, void>
  readonly first: Promise<IteratorResult<R, void>>
  readonly end: () => void
  readonly giveUp: (reason: Error) => void
}

/**
 * What `work` gives for each of `things`, in their order, while up to `most` are begun: so one is
 * worked on while the disk is waited for about another. Each is begun as far as its first result.
 * `turn` comes when all before it have ended, and fails when one did or the caller has gone: what
 * must not happen out of order, or after a failure, waits for it.
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
    // Who does not wait for these is not to hear of them either.
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
    for (const { giveUp } of begun) giveUp(new Error('what comes before it has failed'))
    await Promise.allSettled(begun.map(({ results }) => results.return()))
  }
}
