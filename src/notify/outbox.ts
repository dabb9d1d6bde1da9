/**
 * The outbox: a notification is a row, written in the transaction of the change it reports. It is
 * sent afterwards, under a lease. After a crash in between, it is sent when the lease has expired.
 * After a crash between sending and recording the success, it is sent again with the same ID, by
 * which receivers recognize it.
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
  /** The case it is about, so that it can be withdrawn. */
  readonly caseId: string | undefined
  /** Not sent before this time. */
  readonly dueAt: number
}

/**
 * Skips notices whose key was already used.
 *
 * @returns the number of new rows.
 */
export async function enqueue(tx: Tx, all: readonly Addressed[], now: number): Promise<number> {
  let added = 0
  for (const { person, channel, notice, caseId, dueAt } of all) {
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
        due_at: dueAt,
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

/**
 * Withdraws the notices about a case, which no longer apply. Notices being sent are not recalled.
 */
export async function withdraw(tx: Tx, caseId: string, now: number): Promise<void> {
  await tx
    .updateTable('outbox')
    .set({ withdrawn_at: now })
    .where('case_id', '=', caseId)
    .where('sent_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .execute()
}

/** Longer than any attempt can take. */
const LEASE_MS = 60_000
const AT_ONCE = 20

/** Whose notices: every channel's without it. `except`: those of channels that no longer exist. */
export type OnChannel = { readonly only: Channel } | { readonly except: readonly Channel[] }

/** Leases the rows that are due to the caller. */
export async function leaseDue(
  tx: Tx,
  now: number,
  on?: OnChannel,
): Promise<readonly OutboxTable[]> {
  const due = await waiting(tx, on)
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

export async function isAnyDue(db: Db, now: number, on?: OnChannel): Promise<boolean> {
  const row = await waiting(db, on)
    .select('id')
    .where('due_at', '<=', now)
    .where('lease_until', '<=', now)
    .executeTakeFirst()
  return row !== undefined
}

export async function backlog(db: Db): Promise<{ waiting: number; failing: number }> {
  const row = await waiting(db)
    .select((e) => [
      e.fn.countAll<number | string>().as('waiting'),
      e.fn.count<number | string>('last_code').as('failing'),
    ])
    .executeTakeFirst()
  return { waiting: Number(row?.waiting ?? 0), failing: Number(row?.failing ?? 0) }
}

/** Notices that are neither sent nor withdrawn. */
export const waiting = (db: Db | Tx, on?: OnChannel) => {
  const all = db.selectFrom('outbox').where('sent_at', 'is', null).where('withdrawn_at', 'is', null)
  if (on === undefined) return all
  if ('only' in on) return all.where('channel', '=', on.only)
  return on.except.length === 0 ? all : all.where('channel', 'not in', on.except)
}

/**
 * Records the outcome of an attempt. `code` is undefined if it was sent; otherwise it is the
 * reason, and the attempt is repeated later until it succeeds or the notice is withdrawn.
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
