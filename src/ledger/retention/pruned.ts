/** What was pruned, according to the log. */
import type { Db } from '../../state/index.js'
import { parseEntry } from '../log/entry.js'
import { merge, PRUNED, prunedBy } from '../verify/gaps.js'
import type { Range } from '../verify/gaps.js'

/**
 * All ranges pruned so far under the retention policy.
 * @throws NocturneError `ledger_broken`
 */
export async function readPruned(db: Db): Promise<readonly Range[]> {
  return merge((await prunings(db, 0)).flatMap(({ ranges }) => ranges))
}

export const isPruned = (ranges: readonly Range[], index: number): boolean =>
  ranges.some(([from, until]) => from <= index && index < until)

/**
 * Every pruning recorded from that index on.
 * @throws NocturneError `ledger_broken`
 */
export async function prunings(db: Db, from: number) {
  const rows = await db
    .selectFrom('events')
    .select(['idx', 'entry'])
    .where('type', '=', PRUNED)
    .where('idx', '>=', from)
    .orderBy('idx')
    .execute()
  return rows.map(({ idx, entry }) => ({ idx, ranges: prunedBy(parseEntry(entry), idx) }))
}
