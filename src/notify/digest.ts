/**
 * Several notices that waited for the end of a person's quiet hours become one digest: a row of its
 * own, inserted in the transaction that withdraws them, so that it keeps one ID over all attempts.
 */
import type { Tx } from '../state/index.js'
import type { OutboxTable } from '../state/night/index.js'
import type { DigestLine, Notice } from './notice.js'
import { enqueue, waiting } from './outbox.js'
import type { Channel } from './outbox.js'

/** Merged at once; the rest are sent one by one, or with the next round. */
const AT_ONCE = 2_000
/** Listed in a digest, beyond which it only counts. */
const MOST_LINES = 50

export async function mergeDeferred(tx: Tx, now: number): Promise<void> {
  const rows = await waiting(tx)
    .selectAll()
    .where('due_at', '<=', now)
    .where('attempts', '=', 0)
    .whereRef('due_at', '>', 'created_at')
    .orderBy('created_at')
    .orderBy('id')
    .limit(AT_ONCE)
    .execute()
  const groups = new Map<string, OutboxTable[]>()
  for (const row of rows) {
    const key = [row.person, row.channel, row.due_at].join('|')
    const known = groups.get(key)
    if (known) known.push(row)
    else groups.set(key, [row])
  }
  for (const [key, group] of groups) if (group.length > 1) await merge(tx, key, group, now)
}

async function merge(
  tx: Tx,
  key: string,
  rows: readonly OutboxTable[],
  now: number,
): Promise<void> {
  const [first] = rows
  if (!first) return
  const { person } = first
  const channel = first.channel as Channel
  const notice = digestOf(key, rows, now)
  // Of two gateways, one inserts it. What was committed too late to be in it is sent on its own.
  const added = await enqueue(tx, [{ person, channel, notice, caseId: undefined, dueAt: now }], now)
  if (added === 0) return
  const ids = rows.map(({ id }) => id)
  await tx.updateTable('outbox').set({ withdrawn_at: now }).where('id', 'in', ids).execute()
}

function digestOf(key: string, rows: readonly OutboxTable[], now: number): Notice {
  const notices = rows.map(({ body }) => JSON.parse(body) as Notice)
  const link = notices.findLast((one) => one.link !== undefined)?.link
  return {
    key: `deferred|${key}`,
    event: 'notices.deferred',
    at: new Date(now).toISOString(),
    count: notices.length,
    notices: notices.slice(-MOST_LINES).map(lineOf),
    // The page without the code of one of the cases.
    ...(link !== undefined && { link: link.replace(/#.*$/, '') }),
  }
}

const lineOf = ({ event, code, facility, priority, at }: Notice): DigestLine => ({
  ...{ event, at },
  ...(code !== undefined && { code }),
  ...(facility !== undefined && { facility }),
  ...(priority !== undefined && { priority }),
})
