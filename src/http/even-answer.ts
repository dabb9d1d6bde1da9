/**
 * "No such resource" takes equally long whether the resource does not exist or may not be seen: the
 * answer leaves at a fixed time after the request arrived, so that its time tells nothing.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Well above what looking up a resource and recording the refusal take. */
const GRID_MS = 25

/**
 * Resolves at the next multiple of the grid after `arrived`.
 * @param arrived of the steady clock (`performance.now`)
 */
export async function untilEven(arrived: number): Promise<void> {
  const taken = performance.now() - arrived
  const due = arrived + Math.ceil(taken / GRID_MS) * GRID_MS
  // Timers are only exact to a millisecond, which would be a measurable difference.
  const coarse = Math.floor(due - performance.now()) - 1
  if (coarse > 0) await sleep(coarse)
  while (performance.now() < due) await nextTurn()
}
