/**
 * A site with cases, a clock that a test moves, and transfers as rows: only what this room needs.
 */
import { createCases } from '../../src/cases/index.js'
import { isAnyArriving } from '../../src/transfer/stored/expiry.js'
import { reportExpiry } from '../../src/reports/index.js'
import { countOutcomes, hasUnopened } from '../../src/transfer/outcomes.js'
import type { Asker, CaseNotice, Cases, CaseView, GroupRules } from '../../src/cases/index.js'
import { newId } from '../../src/lib/ids.js'
import type { Actor } from '../../src/ledger/log/events.js'
import type { Priority, Tx } from '../../src/state/index.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

export const CLAIM_MS = 60 * 60_000
export const SYSTEM: Actor = { id: 'system', role: 'system' }
export const SENDER: Actor = { id: 'facility-a', role: 'sender' }
export const reader = (id: string): Asker => ({ id, actor: { id, role: 'reader' } })

export interface Night extends TestSite {
  readonly cases: Cases
  /** The notices that people would have received, in order. */
  readonly notices: CaseNotice[]
  /** The readers of the group `nights`. */
  readonly readers: Set<string>
  /**
   * A transfer that became available.
   *
   * @returns the ID of its case.
   */
  send(more?: Partial<Sent>): Promise<string>
  transfer(id: string): Promise<{ claimed_by: string | null; claimed_at: number | null }>
}

interface Sent {
  readonly id: string
  readonly priority: Priority
  readonly modalities: readonly string[]
  readonly facility: string
  readonly joins: string
  readonly isAvailable: boolean
  readonly patient: string
}

export async function openNight(
  rules: Partial<GroupRules> = {},
  shared?: Parameters<typeof openTestSite>[0],
  tell?: (tx: Tx, notice: CaseNotice) => Promise<void>,
): Promise<Night> {
  const site = await openTestSite(shared)
  const notices: CaseNotice[] = []
  const readers = new Set(['reader-1', 'reader-2'])
  const cases = createCases({
    state: site.state,
    ledger: site.ledger,
    holdTransfers: async (tx, ids, holder) => {
      await tx
        .updateTable('transfers')
        .set({ claimed_by: holder?.id ?? null, claimed_at: holder?.at ?? null })
        .where('id', 'in', ids)
        .where('state', '=', 'available')
        .execute()
    },
    countOutcomes: (ids) => countOutcomes(site.state.db, ids),
    hasUnopened,
    isAnyArriving,
    hasUnreadReport: (tx, id) => reportExpiry.isAnyUnread(tx, id),
    openCriticals: () => Promise.resolve(new Map()),
    priorsOf: () => Promise.resolve(new Map()),
    rulesOf: () => ({ clock: [], escalate: [], ...rules }),
    reads: (person, group) => group === 'nights' && readers.has(person),
    announce: async (tx, notice) => {
      notices.push(notice)
      await tell?.(tx, notice)
      return [
        {
          type: 'escalation.step',
          outcome: 0,
          actor: SYSTEM,
          detail: { case: notice.row.id, what: notice.what },
        },
      ]
    },
    withdraw: () => Promise.resolve(),
    system: SYSTEM,
    claimMs: CLAIM_MS,
    now: site.clock.now,
  })
  const send = async (more: Partial<Sent> = {}) => {
    const { id = newId(site.clock.now()), priority = 'stat', isAvailable = true } = more
    const { facility = 'facility-a' } = more
    await site.ledger.record(async (tx) => {
      await tx
        .insertInto('transfers')
        .values({ ...transferRow(id, priority, isAvailable, site.clock.now()), facility })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet({ state: isAvailable ? 'available' : 'open' }),
        )
        .execute()
      const opened = await cases.arrive(tx, SENDER, {
        id,
        facility,
        group: 'nights',
        priority,
        isAvailable,
        patient: more.patient,
        modalities: more.modalities ?? ['CT'],
        ...(more.joins !== undefined && { joins: { case: more.joins, joining: 'late' } }),
      })
      const last = { type: 'transfer.available', outcome: 0, actor: SENDER, transfer: id } as const
      return { value: undefined, events: [last, ...opened] }
    })
    const found = await cases.find(id)
    if (!found) throw new Error('a transfer without a case')
    return found.id
  }
  return {
    ...site,
    cases,
    notices,
    readers,
    send,
    transfer: (id) =>
      site.state.db
        .selectFrom('transfers')
        .innerJoin('case_transfers', 'case_transfers.transfer', 'transfers.id')
        .select(['claimed_by', 'claimed_at'])
        .where('case_id', '=', id)
        .executeTakeFirstOrThrow(),
  }
}

const transferRow = (id: string, priority: Priority, isAvailable: boolean, now: number) => ({
  id,
  facility: 'facility-a',
  group_id: 'nights',
  sender: 'facility-a',
  priority,
  state: isAvailable ? ('available' as const) : ('open' as const),
  created_at: now,
  available_at: now,
  claimed_by: null,
  claimed_at: null,
  acknowledged_by: null,
  acknowledged_at: null,
  item_count: 1,
  byte_count: 1,
  next_index: 2,
  manifest_digest: null,
  manifest_object: null,
  manifest_size: null,
  manifest_envelope: null,
  missing: 0,
  patient: null,
})

/** The view of a case as clients receive it. */
export async function viewOf({ cases }: Pick<Night, 'cases'>, id: string): Promise<CaseView> {
  const row = await cases.find(id)
  const [view] = row ? await cases.views([row]) : []
  if (!view) throw new Error('no such case')
  return view
}
