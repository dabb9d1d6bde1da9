/** Hand-overs: what one reader leaves to the next, accepted in one step. */
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import type { Actor, EventInput, Ledger } from '../../ledger/log/index.js'
import type { HandoverItem } from '../../protocol/http/handovers.js'
import type { Db, State, Tx } from '../../state/index.js'
import type { HandoverTable } from '../../state/night/index.js'

export interface HandoverParts {
  readonly state: State
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  readonly reads: (person: string, group: string) => boolean
  /** Ends the giver's claims in the group, so that the next reader can take them. */
  readonly endClaims: (
    tx: Tx,
    giver: string,
    group: string,
    actor: Actor,
  ) => Promise<readonly EventInput[]>
  readonly now: () => number
}

export interface NewHandover {
  readonly group: string
  readonly giver: string
  readonly items: readonly HandoverItem[]
  readonly note: string | undefined
  readonly certificate: string
}

export interface Handed {
  readonly row: HandoverTable
  readonly receipt: string
}

/** @throws NocturneError `not_a_reader` */
export async function giveHandover(
  { ledger, reads, now }: HandoverParts,
  actor: Actor,
  { group, giver, items, note, certificate }: NewHandover,
): Promise<Handed> {
  if (!reads(giver, group)) throw new NocturneError('not_a_reader', { subject: group })
  const row: HandoverTable = {
    id: newId(now()),
    group_id: group,
    giver,
    items: JSON.stringify(items),
    note: note ?? null,
    certificate,
    given_at: now(),
    accepted_by: null,
    accepted_at: null,
  }
  const { receipts } = await ledger.record(async (tx) => {
    await tx.insertInto('handovers').values(row).execute()
    const detail = { handover: row.id, ...countsOf(items), hasNote: note !== undefined }
    const event = { type: 'handover.given', outcome: 0, actor, group, detail } as const
    return { value: undefined, events: [event] }
  })
  return { row, receipt: await ledger.proof(receipts[0].index) }
}

/**
 * The claims of the giver end in the same transaction; their cases wait, and are escalated, until
 * the next reader has claimed them with a proof of their own.
 *
 * @throws NocturneError `not_a_reader`, `handover_done`
 */
export async function acceptHandover(
  { ledger, reads, endClaims, now }: HandoverParts,
  taker: { readonly id: string; readonly actor: Actor },
  row: HandoverTable,
): Promise<Handed> {
  const { group_id: group, giver } = row
  if (!reads(taker.id, group)) throw new NocturneError('not_a_reader', { subject: group })
  if (taker.id === giver) throw new NocturneError('handover_done', { subject: giver })
  const accepted = { accepted_by: taker.id, accepted_at: now() }
  const { receipts } = await ledger.record(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('handovers')
      .set(accepted)
      .where('id', '=', row.id)
      .where('accepted_by', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new NocturneError('handover_done')
    const detail = { handover: row.id, from: giver, ...countsOf(itemsOf(row)) }
    const { actor } = taker
    const event = { type: 'handover.accepted', outcome: 0, actor, group, detail } as const
    return { value: undefined, events: [event, ...(await endClaims(tx, giver, group, actor))] }
  })
  return { row: { ...row, ...accepted }, receipt: await ledger.proof(receipts[0].index) }
}

export const itemsOf = ({ items }: HandoverTable): readonly HandoverItem[] =>
  JSON.parse(items) as readonly HandoverItem[]

/** Numbers for the ledger, by kind. */
function countsOf(items: readonly HandoverItem[]): Record<HandoverItem['kind'], number> {
  const counts = { claimed: 0, waiting: 0, preliminary: 0, critical: 0 }
  for (const { kind } of items) counts[kind] += 1
  return counts
}

const MAX_LISTED = 100

/** The newest hand-overs of these groups, or of all. */
export const listHandovers = (
  { state: { db } }: Pick<HandoverParts, 'state'>,
  groups: readonly string[] | undefined,
): Promise<HandoverTable[]> =>
  db
    .selectFrom('handovers')
    .selectAll()
    .$if(groups !== undefined, (q) => q.where('group_id', 'in', [...(groups ?? [])]))
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute()

export const findHandover = (
  { state: { db } }: Pick<HandoverParts, 'state'>,
  id: string,
): Promise<HandoverTable | undefined> =>
  db.selectFrom('handovers').selectAll().where('id', '=', id).executeTakeFirst()

const EXPIRED_AT_ONCE = 200

/** How the notes of hand-overs expire; what was open then stays. */
export const handoverExpiry = {
  noted: (db: Db, before: number): Promise<Pick<HandoverTable, 'id' | 'given_at'>[]> =>
    db
      .selectFrom('handovers')
      .select(['id', 'given_at'])
      .where('note', 'is not', null)
      .where('given_at', '<=', before)
      .orderBy('id')
      .limit(EXPIRED_AT_ONCE)
      .execute(),
  expire: async (tx: Tx, ids: readonly string[]): Promise<number> => {
    const { numUpdatedRows } = await tx
      .updateTable('handovers')
      .set({ note: null })
      .where('id', 'in', ids)
      .where('note', 'is not', null)
      .executeTakeFirst()
    return Number(numUpdatedRows)
  },
}
