/**
 * Legal holds: events that must be kept whatever their age. A hold is an event and is ended by
 * another; there is no list outside the log.
 */
import { sql } from 'kysely'
import type { Tx, Db } from '../../state/index.js'
import { NocturneError } from '../../lib/errors.js'
import { parseEntry } from '../log/entry.js'
import type { Actor, LedgerEntry } from '../log/events.js'
import type { Ledger } from '../log/ledger.js'
import type { EventQuery, Receipt } from '../log/contract.js'
import { filtered } from '../log/query.js'

/** A hold covers the events that match all of these. */
export interface HoldScope {
  readonly facility?: string
  readonly transfer?: string
  /** Handle of a patient; also covers the events of the patient's transfers. */
  readonly patient?: string
  readonly actor?: string
  /** In milliseconds since 1970; inclusive. */
  readonly from?: number
  readonly until?: number
}

export interface Hold extends HoldScope {
  /** Id of the event that placed the hold. */
  readonly id: string
  readonly index: number
  readonly since: string
  readonly by: string
}

/** Every hold is evaluated for each bundle to be pruned, so their number is limited. */
const MAX_HOLDS = 1_000
const TEXTS = ['facility', 'transfer', 'patient', 'actor'] as const
const TIMES = ['from', 'until'] as const

/**
 * @throws NocturneError `bad_request` for a scope that matches nothing or everything,
 *   `too_many_holds`, `ledger_unavailable`
 */
export async function addHold(ledger: Ledger, actor: Actor, scope: HoldScope): Promise<Receipt> {
  const detail: Record<string, string> = {}
  for (const name of TEXTS) if (scope[name] !== undefined) detail[name] = scope[name]
  for (const name of TIMES)
    if (scope[name] !== undefined) detail[name] = new Date(scope[name]).toISOString()
  const { from = -Infinity, until = Infinity } = scope
  if (Object.keys(detail).length === 0) throw new NocturneError('bad_request', { field: 'body' })
  if (from >= until) throw new NocturneError('bad_request', { field: 'until' })
  const { receipts } = await ledger.record(async (tx) => {
    if ((await readHolds(tx)).length >= MAX_HOLDS) throw new NocturneError('too_many_holds')
    return { value: undefined, events: [{ type: 'hold.added', outcome: 0, actor, detail }] }
  })
  return receipts[0]
}

/** @throws NocturneError `not_found` for a hold that is not in force, `ledger_unavailable` */
export async function removeHold(ledger: Ledger, actor: Actor, id: string): Promise<Receipt> {
  const { receipts } = await ledger.record(async (tx) => {
    if (!(await readHolds(tx)).some((hold) => hold.id === id)) throw new NocturneError('not_found')
    return { value: undefined, events: [{ type: 'hold.removed', outcome: 0, actor, related: id }] }
  })
  return receipts[0]
}

/**
 * The holds in force.
 * @throws NocturneError `ledger_broken`
 */
export async function readHolds(db: Db | Tx): Promise<readonly Hold[]> {
  const rows = await db
    .selectFrom('events')
    .select(['idx', 'entry'])
    .where('type', '=', 'hold.added')
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('events as later')
            .select(sql<number>`1`.as('one'))
            .whereRef('later.related', '=', 'events.event_id')
            .where('later.type', '=', 'hold.removed'),
        ),
      ),
    )
    .orderBy('idx')
    .execute()
  return rows.map(({ idx, entry }) => toHold(idx, parseEntry(entry)))
}

function toHold(index: number, { id, time, actor, detail = {} }: LedgerEntry): Hold {
  const scope: Partial<Record<(typeof TEXTS)[number], string>> &
    Partial<Record<(typeof TIMES)[number], number>> = {}
  for (const name of TEXTS) {
    const value = detail[name]
    if (typeof value === 'string') scope[name] = value
  }
  for (const name of TIMES) {
    const value = detail[name]
    if (typeof value === 'string') scope[name] = Date.parse(value)
  }
  return { id, index, since: time, by: actor.id, ...scope }
}

/**
 * Whether an event of any of these transfers is under a hold; then their contents must be kept.
 * @throws NocturneError `ledger_broken`
 */
export async function areTransfersHeld(
  db: Db | Tx,
  transfers: readonly string[],
): Promise<boolean> {
  for (const hold of await readHolds(db))
    for (const transfer of transfers) {
      if (hold.transfer !== undefined && hold.transfer !== transfer) continue
      const row = await filtered(db, { ...queryOf(hold), transfer })
        .select('idx')
        .limit(1)
        .executeTakeFirst()
      if (row) return true
    }
  return false
}

/** Rows are in the same bundle if `idx / 256` is equal; both databases round this down. */
export async function bundlesUnderHold(
  db: Db | Tx,
  holds: readonly Hold[],
  from: number,
  until: number,
): Promise<ReadonlySet<number>> {
  const held = new Set<number>()
  for (const hold of holds) {
    const rows = await filtered(db, { ...queryOf(hold), start: from, end: until })
      .select(sql<number>`idx / 256`.as('bundle'))
      .distinct()
      .execute()
    for (const { bundle } of rows) held.add(bundle)
    // The event that placed a hold is kept as long as the hold is in force.
    if (hold.index >= from && hold.index < until) held.add(Math.floor(hold.index / 256))
  }
  return held
}

function queryOf({ patient, facility, transfer, actor, from, until }: Hold): EventQuery {
  return {
    ...(patient !== undefined && { touching: [patient] }),
    ...(facility !== undefined && { facility }),
    ...(transfer !== undefined && { transfer }),
    ...(actor !== undefined && { actor }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
}
