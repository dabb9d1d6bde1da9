/**
 * Removals, in this order. What is true after a crash following each:
 *
 * 1. One transaction deletes the key packets (or marks the message as gone), names the objects in
 *    `removals`, and records `content.expired`. From then on nobody can open the contents; the
 *    objects are still there.
 * 2. The objects are deleted. Those that are left are named by `removals`; deleting one that is
 *    gone succeeds.
 * 3. One transaction deletes the row and records `content.removed`. Without it, the next round
 *    repeats step 2, which finds nothing to do.
 */
import type { EventInput } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import { newId } from '../lib/ids.js'
import type { Tx } from '../state/index.js'
import type { RemovalTable } from '../state/tables/index.js'
import type { RetentionParts } from './contract.js'

/** Objects that are to be removed, with what the events say about them. */
export interface Removal {
  readonly what: RemovalTable['what']
  readonly facility: string
  readonly group?: string
  readonly transfer?: string
  readonly patient?: string | null
  readonly objects: readonly string[]
  readonly detail: Readonly<Record<string, string | number>>
}

/** Part of step 1, in the caller's transaction. */
export async function beginRemoval(
  { system, now }: Pick<RetentionParts, 'system' | 'now'>,
  tx: Tx,
  { what, facility, objects, ...more }: Removal,
): Promise<EventInput> {
  const row: RemovalTable = {
    ...{ id: newId(now()), what, facility, begun_at: now() },
    group_id: more.group ?? null,
    transfer: more.transfer ?? null,
    patient: more.patient ?? null,
    detail: JSON.stringify(more.detail),
    objects: JSON.stringify(objects),
  }
  await tx.insertInto('removals').values(row).execute()
  return eventOf('content.expired', row, system)
}

/** Concurrent deletions share a folder's fsync or a bucket's round trips. */
const DELETIONS_AT_ONCE = 16

/**
 * Steps 2 and 3 for everything that step 1 has begun, here or in a gateway that has died. Two
 * gateways may do this at the same time.
 *
 * @returns the number of objects deleted.
 * @throws NocturneError `store_unavailable`; the next round does the rest
 */
export async function finishRemovals(parts: RetentionParts): Promise<number> {
  let count = 0
  const rows = await parts.state.db.selectFrom('removals').selectAll().orderBy('id').execute()
  for (const row of rows) {
    const objects = namesOf(row)
    for (let at = 0; at < objects.length; at += DELETIONS_AT_ONCE)
      await Promise.all(
        objects.slice(at, at + DELETIONS_AT_ONCE).map((key) => parts.store.delete(key)),
      )
    const ended = await parts.ledger.recordAny(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('removals')
        .where('id', '=', row.id)
        .executeTakeFirst()
      return numDeletedRows === 1n ? [eventOf('content.removed', row, parts.system)] : []
    })
    if (ended > 0) count += objects.length
  }
  return count
}

const namesOf = ({ objects }: RemovalTable): readonly string[] => JSON.parse(objects) as string[]

function eventOf(
  type: 'content.expired' | 'content.removed',
  row: RemovalTable,
  actor: RetentionParts['system'],
): EventInput {
  const detail = JSON.parse(row.detail) as Record<string, Json>
  return {
    ...{ type, outcome: 0, actor, facility: row.facility },
    ...(row.group_id !== null && { group: row.group_id }),
    ...(row.transfer !== null && { transfer: row.transfer }),
    ...(row.patient !== null && { patient: row.patient }),
    detail: { what: row.what, removal: row.id, objects: namesOf(row).length, ...detail },
  }
}
