/** Sealed reports in the object store. */
import type { ObjectStore } from '../store/index.js'
import type { State } from '../state/index.js'
import { timeOfId } from '../lib/ids.js'
import { findReport } from './rows.js'

const PREFIX = 'reports/'

export const keyOf = (id: string): string => `${PREFIX}${id}`

/** Longer than any request takes: an object is stored before its row. */
const UNDER_WAY_MS = 60 * 60_000

/**
 * Deletes objects without a row, left by a process that died between the two steps.
 *
 * @returns the number of objects deleted.
 */
export async function sweepReports({
  state,
  store,
  now,
}: {
  readonly state: State
  readonly store: ObjectStore
  readonly now: () => number
}): Promise<number> {
  let count = 0
  for await (const key of store.list(PREFIX)) {
    const id = key.slice(PREFIX.length)
    const made = timeOfId(id)
    if (made === undefined || now() - made < UNDER_WAY_MS) continue
    if (await findReport(state.db, id)) continue
    await store.delete(key)
    count += 1
  }
  return count
}
