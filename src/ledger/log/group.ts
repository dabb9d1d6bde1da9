/**
 * Group commit: calls that arrive while a transaction is being committed share the next one, so the
 * price of making it durable is paid once for all of them. Nobody waits for company: an idle log
 * commits at once.
 */
import type { Attempt } from '../../state/index.js'

interface Job<In, Out> {
  readonly input: In
  readonly resolve: (value: Out) => void
  readonly reject: (reason: unknown) => void
}

/** Bounds how long a change waits for the others of its group. */
const MAX_GROUP = 64

/**
 * @param commit - answers an outcome an input, in their order, once they are durable; a rejection
 * is everybody's.
 */
export function createGroup<In, Out>(
  commit: (inputs: readonly In[]) => Promise<readonly Attempt<Out>[]>,
): (input: In) => Promise<Out> {
  const waiting: Job<In, Out>[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    isRunning = true
    /** Lets callers of the same turn of the event loop come along. */
    await Promise.resolve()
    while (waiting.length > 0) await commitSome(waiting.splice(0, MAX_GROUP))
    isRunning = false
  }

  async function commitSome(jobs: readonly Job<In, Out>[]): Promise<void> {
    try {
      const outcomes = await commit(jobs.map(({ input }) => input))
      for (const [i, { resolve, reject }] of jobs.entries()) {
        const outcome = outcomes[i]
        if (outcome?.ok) resolve(outcome.value)
        else reject(outcome?.reason)
      }
    } catch (error) {
      for (const { reject } of jobs) reject(error)
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      if (!isRunning) void drain()
    })
}
