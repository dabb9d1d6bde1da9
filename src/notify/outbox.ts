/**
 * The outbox: what people are to be told is a row, written in the transaction in which it happened.
 * Sending is a second step under a lease. A crash in between sends it after the lease; a crash
 * after sending and before it was noted sends it again, with the same id, by which receivers know
 * it.
 */
import { newId } from '../lib/ids.js'
import type { Tx, Db } from '../state/index.js'
import type { OutboxTable } from '../state/night/index.js'
import { delayAfter } from './backoff.js'
import type { Notice } from './notice.js'

export type Channel = 'mail' | 'push' | `webhook:${string}`

export interface Addressed {
  readonly person: string
  readonly channel: Channel
  readonly notice: Notice
  /** Of the case, so that it can be withdrawn. */
  readonly caseId: string | undefined
}

/** What was said once under the same key is not said again. Answers how many rows are new. */
export async function enqueue(tx: Tx, all: readonly Addressed[], now: number): Promise<number> {
  let added = 0
  for (const { person, channel, notice, caseId } of all) {
    const { numInsertedOrUpdatedRows: rows } = await tx
      .insertInto('outbox')
      .values({
        id: newId(now),
        dedupe: `${notice.key}|${person}|${channel}`,
        person,
        channel,
        body: JSON.stringify(notice),
        case_id: caseId ?? null,
        created_at: now,
        due_at: now,
        lease_until: 0,
        attempts: 0,
        sent_at: null,
        withdrawn_at: null,
        last_code: null,
      })
      .onConflict((conflict) => conflict.column('dedupe').doNothing())
      .executeTakeFirstOrThrow()
    added += Number(rows ?? 0n)
  }
  return added
}

/** What was to be said of a case is no longer true. What is on its way is not called back. */
export async function withdraw(tx: Tx, caseId: string, now: number): Promise<void> {
  await tx
    .updateTable('outbox')
    .set({ withdrawn_at: now })
    .where('case_id', '=', caseId)
    .where('sent_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .execute()
}

/** Longer than every attempt may take. */
const LEASE_MS = 60_000
const AT_ONCE = 20

/** Rows that are due, leased to the caller. */
export async function leaseDue(tx: Tx, now: number): Promise<readonly OutboxTable[]> {
  const due = await waiting(tx)
    .selectAll()
    .where('due_at', '<=', now)
    .where('lease_until', '<=', now)
    .orderBy('due_at')
    .limit(AT_ONCE)
    .execute()
  const leased: OutboxTable[] = []
  for (const row of due) {
    const { numUpdatedRows } = await tx
      .updateTable('outbox')
      .set({ lease_until: now + LEASE_MS, attempts: row.attempts + 1 })
      .where('id', '=', row.id)
      .where('lease_until', '=', row.lease_until)
      .where('attempts', '=', row.attempts)
      .executeTakeFirst()
    if (numUpdatedRows === 1n) leased.push({ ...row, attempts: row.attempts + 1 })
  }
  return leased
}

export async function isAnyDue(db: Db, now: number): Promise<boolean> {
  const row = await waiting(db)
    .select('id')
    .where('due_at', '<=', now)
    .where('lease_until', '<=', now)
    .executeTakeFirst()
  return row !== undefined
}

const waiting = (db: Db | Tx) =>
  db.selectFrom('outbox').where('sent_at', 'is', null).where('withdrawn_at', 'is', null)

/**
 * `code` is undefined when it was sent; else why not, and it is tried again later, for as long as
 * it is true.
 */
export async function settle(
  tx: Tx,
  { id, attempts }: OutboxTable,
  code: string | undefined,
  now: number,
): Promise<void> {
  await tx
    .updateTable('outbox')
    .set(
      code === undefined
        ? { sent_at: now, last_code: null }
        : { due_at: now + delayAfter(attempts), lease_until: 0, last_code: code },
    )
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .execute()
}
