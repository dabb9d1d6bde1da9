/**
 * Group commit: calls that arrive during a commit share the next one, so they pay only once for
 * durability. No call waits for others that may never come: an idle log commits at once.
 */
import { setImmediate } from 'node:timers/promises'
import type { Attempt } from '../../state/index.js'

interface Job<In, Out> {
  readonly input: In
  readonly resolve: (value: Out) => void
  readonly reject: (reason: unknown) => void
}

/** Limits how long a change can wait for the others in its group. */
const MAX_GROUP = 64

/**
 * @param commit returns one outcome per input, in order, once they are durable; if it rejects, all
 *   calls in the group fail
 */
export function createGroup<In, Out>(
  commit: (inputs: readonly In[]) => Promise<readonly Attempt<Out>[]>,
): (input: In) => Promise<Out> {
  const waiting: Job<In, Out>[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      // A commit of SQLite blocks this thread. All requests that arrived meanwhile are handled in
      // one turn of the event loop, and those that make a change join the group at its end.
      await setImmediate()
      await commitSome(waiting.splice(0, MAX_GROUP))
    }
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
