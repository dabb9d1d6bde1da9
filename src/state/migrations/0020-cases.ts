/** Cases and their transfers, and the public keys for proofs that somebody can open a transfer. */
import type { Kysely, Migration } from 'kysely'
import { uniqueCode } from './case-codes.js'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function cases({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('cases')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('code', 'text', (c) => c.notNull().unique())
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('priority', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('report', 'text')
          .addColumn('modality', 'text')
          .addColumn('patient', 'text')
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('available_at', integer)
          .addColumn('claimed_by', 'text')
          .addColumn('claimed_at', integer)
          .addColumn('claim_until', integer)
          .addColumn('reported_by', 'text')
          .addColumn('reported_at', integer)
          .addColumn('closed_at', integer)
          .addColumn('closed_for', 'text'),
      ).execute()
      await indexOn(db, 'cases', ['group_id', 'state'])
      await indexOn(db, 'cases', ['facility', 'state'])
      await indexOn(db, 'cases', ['state', 'claim_until'])
      await finish(
        db.schema
          .createTable('case_transfers')
          .addColumn('transfer', 'text', (c) => c.primaryKey().notNull())
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('joining', 'text', (c) => c.notNull())
          .addColumn('joined_at', integer, (c) => c.notNull()),
      ).execute()
      await indexOn(db, 'case_transfers', ['case_id'])
      await finish(
        db.schema
          .createTable('proof_keys')
          .addColumn('envelope', 'text', (c) => c.primaryKey().notNull())
          .addColumn('public_key', 'text', (c) => c.notNull()),
      ).execute()
      await openCases(db)
    },
  }
}

/**
 * The columns that this migration reads, as they were when it shipped, and the columns it writes.
 */
interface Before {
  transfers: {
    id: string
    facility: string
    group_id: string
    priority: string
    state: string
    created_at: number
    available_at: number | null
    claimed_by: string | null
    claimed_at: number | null
    acknowledged_at: number | null
    patient: string | null
  }
  cases: Record<string, string | number | null>
  case_transfers: Record<string, string | number>
}

const STATES: Readonly<Record<string, string>> = {
  open: 'arriving',
  available: 'waiting',
  acknowledged: 'closed',
}
const ROWS_AT_ONCE = 200

/**
 * Opens one case per existing transfer. Acknowledged transfers count as read, so their cases are
 * closed.
 */
async function openCases(db: Kysely<Before>): Promise<void> {
  const taken = new Set<string>()
  for (let after = ''; ;) {
    const transfers = await db
      .selectFrom('transfers')
      .selectAll()
      .where('state', 'in', Object.keys(STATES))
      .where('id', '>', after)
      .orderBy('id')
      .limit(ROWS_AT_ONCE)
      .execute()
    const last = transfers.at(-1)
    if (!last) return
    after = last.id
    await db
      .insertInto('cases')
      .values(transfers.map((one) => caseOf(one, uniqueCode(taken))))
      .execute()
    await db
      .insertInto('case_transfers')
      .values(
        transfers.map(({ id, created_at }) => ({
          transfer: id,
          case_id: id,
          joining: 'first',
          joined_at: created_at,
        })),
      )
      .execute()
  }
}

/** The case gets the ID of its only transfer, so that existing ledger events lead to it. */
function caseOf(transfer: Before['transfers'], code: string): Before['cases'] {
  const state = STATES[transfer.state] ?? 'waiting'
  const isClaimed = state === 'waiting' && transfer.claimed_by !== null
  return {
    id: transfer.id,
    code,
    facility: transfer.facility,
    group_id: transfer.group_id,
    priority: transfer.priority,
    state: isClaimed ? 'claimed' : state,
    report: null,
    modality: null,
    patient: transfer.patient,
    created_at: transfer.created_at,
    available_at: transfer.available_at,
    claimed_by: isClaimed ? transfer.claimed_by : null,
    claimed_at: isClaimed ? transfer.claimed_at : null,
    // Claims did not expire before; the next gateway that expires claims sets a time on its first
    // pass.
    claim_until: null,
    reported_by: null,
    reported_at: null,
    closed_at: transfer.acknowledged_at,
    closed_for: state === 'closed' ? 'acknowledged' : null,
  }
}
