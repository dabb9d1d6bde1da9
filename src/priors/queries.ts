/**
 * The queries for prior studies of new ones. A query is written down before its study is completed,
 * and its lease is renewed while a gateway works on it: what is left after a crash becomes `lost`,
 * with an event, because the identity that it was made with is gone.
 */
import type { EventInput, Ledger } from '../ledger/log/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { Code } from '../lib/errors.js'
import type { Db, State, Tx } from '../state/index.js'
import type { PRIOR_STATES } from '../protocol/words.js'

export interface PriorParts {
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record' | 'recordAny'>
  readonly now: () => number
}

/** The new study that a query is for. */
export interface AskedStudy {
  readonly transfer: string
  readonly facility: string
  readonly group: string
}

export interface PriorView {
  readonly state: (typeof PRIOR_STATES)[number]
  readonly found: number
  readonly chosen: number
  readonly retrieved: number
}

export interface Priors {
  /** Returns false for a study that has had its query. */
  begin(study: AskedStudy): Promise<boolean>
  /** Takes back what `begin` wrote: the study was not completed. */
  drop(study: AskedStudy): Promise<void>
  /** Extends the leases of the queries that this gateway works on. */
  renew(transfers: readonly string[]): Promise<void>
  /** @param chosen keyed handles of the studies that the PACS is asked to send */
  asked(study: AskedStudy, found: number, chosen: readonly string[]): Promise<void>
  /** The PACS could not be asked. */
  failed(study: AskedStudy, code: Code): Promise<void>
  /** @param retrieved how many of the chosen studies the PACS has sent */
  ended(study: AskedStudy, retrieved: number): Promise<void>
  /** The identity that the query needs is no longer in memory. */
  lost(study: AskedStudy): Promise<void>
  /** Records queries as lost that no gateway works on any more. Returns how many. */
  expire(): Promise<number>
  /** The query that expects this study as a prior one. */
  expected(
    facility: string,
    study: string,
  ): Promise<{ readonly priorOf: string; readonly group: string } | undefined>
  /** By the transfer of the new study, where there is one. */
  of(transfers: readonly string[]): Promise<ReadonlyMap<string, PriorView>>
}

/** A gateway that lives renews every 30 seconds. */
export const LEASE_MS = 120_000

export function createPriors(parts: PriorParts): Priors {
  const { state, now } = parts
  return {
    begin: (study) => begin(parts, study),
    drop: async ({ transfer }) => {
      await state.transaction((tx) =>
        tx.deleteFrom('prior_queries').where('transfer', '=', transfer).execute(),
      )
    },
    renew: async (transfers) => {
      if (transfers.length === 0) return
      await state.transaction((tx) =>
        tx
          .updateTable('prior_queries')
          .set({ lease_until: now() + LEASE_MS })
          .where('transfer', 'in', transfers)
          .where('lease_until', 'is not', null)
          .execute(),
      )
    },
    asked: (study, found, chosen) => asked(parts, study, found, chosen),
    failed: (study, code) => end(parts, study, 'failed', { code }),
    ended: (study, retrieved) => ended(parts, study, retrieved),
    lost: (study) => end(parts, study, 'lost'),
    expire: () => expire(parts),
    expected: (facility, study) => expected(parts, facility, study),
    of: (transfers) => of(parts, transfers),
  }
}

async function begin({ state, now }: PriorParts, study: AskedStudy): Promise<boolean> {
  const { transfer, facility, group: group_id } = study
  const counts = { found: 0, chosen: 0, retrieved: 0 }
  const row = await state.transaction((tx) =>
    tx
      .insertInto('prior_queries')
      .values({
        ...{ transfer, facility, group_id, ...counts },
        state: 'asking',
        lease_until: now() + LEASE_MS,
      })
      .onConflict((conflict) => conflict.column('transfer').doNothing())
      .returning('transfer')
      .executeTakeFirst(),
  )
  return row !== undefined
}

/** The handles are durable before the PACS is asked to send anything. */
async function asked(
  { ledger, now }: PriorParts,
  study: AskedStudy,
  found: number,
  chosen: readonly string[],
): Promise<void> {
  const { transfer, facility } = study
  await ledger.record(async (tx) => {
    const isOver = chosen.length === 0
    await tx
      .updateTable('prior_queries')
      .set({
        state: isOver ? 'complete' : 'arriving',
        ...{ found, chosen: chosen.length },
        lease_until: isOver ? null : now() + LEASE_MS,
      })
      .where('transfer', '=', transfer)
      .execute()
    const rows = chosen.map((one) => ({ facility, study: one, transfer }))
    if (rows.length > 0) await tx.insertInto('prior_studies').values(rows).execute()
    const detail = { found, chosen: chosen.length }
    return { value: undefined, events: [aboutQuery('priors.asked', 0, study, detail)] }
  })
}

async function ended(parts: PriorParts, study: AskedStudy, retrieved: number): Promise<void> {
  await parts.ledger.record(async (tx) => {
    const row = await tx
      .selectFrom('prior_queries')
      .select('chosen')
      .where('transfer', '=', study.transfer)
      .executeTakeFirst()
    const chosen = row?.chosen ?? retrieved
    const isWhole = retrieved >= chosen
    await close(tx, study.transfer, { state: isWhole ? 'complete' : 'incomplete', retrieved })
    const outcome = isWhole ? 0 : 4
    const event = aboutQuery('priors.retrieved', outcome, study, { chosen, retrieved })
    return { value: undefined, events: [event] }
  })
}

async function end(
  { ledger }: PriorParts,
  study: AskedStudy,
  state: 'failed' | 'lost',
  detail?: { readonly code: Code },
): Promise<void> {
  await ledger.record(async (tx) => {
    await close(tx, study.transfer, { state })
    const type = state === 'failed' ? 'priors.asked' : 'priors.lost'
    return { value: undefined, events: [aboutQuery(type, 8, study, detail)] }
  })
}

async function expire({ state, ledger, now }: PriorParts): Promise<number> {
  const due = (db: Db | Tx) =>
    db
      .selectFrom('prior_queries')
      .select(['transfer', 'facility', 'group_id as group'])
      .where('lease_until', '<', now())
      .limit(AT_ONCE)
      .execute()
  if ((await due(state.db)).length === 0) return 0
  return ledger.recordAny(async (tx) => {
    const rows = await due(tx)
    for (const { transfer } of rows) await close(tx, transfer, { state: 'lost' })
    return rows.map((study) => aboutQuery('priors.lost', 8, study))
  })
}

const AT_ONCE = 100

/** What arrives from now on is not expected: it is a study of its own. */
async function close(
  tx: Tx,
  transfer: string,
  change: { readonly state: PriorView['state']; readonly retrieved?: number },
): Promise<void> {
  await tx.deleteFrom('prior_studies').where('transfer', '=', transfer).execute()
  await tx
    .updateTable('prior_queries')
    .set({ ...change, lease_until: null })
    .where('transfer', '=', transfer)
    .execute()
}

const aboutQuery = (
  type: 'priors.asked' | 'priors.retrieved' | 'priors.lost',
  outcome: 0 | 4 | 8,
  { transfer, facility, group }: AskedStudy,
  detail?: EventInput['detail'],
): EventInput => ({
  ...{ type, outcome, actor: SYSTEM, facility, group, transfer },
  ...(detail && { detail }),
})

async function expected({ state }: PriorParts, facility: string, study: string) {
  const row = await state.db
    .selectFrom('prior_studies')
    .innerJoin('prior_queries', 'prior_queries.transfer', 'prior_studies.transfer')
    .select(['prior_queries.transfer', 'prior_queries.group_id'])
    .where('prior_studies.facility', '=', facility)
    .where('prior_studies.study', '=', study)
    .orderBy('prior_queries.transfer', 'desc')
    .executeTakeFirst()
  return row && { priorOf: row.transfer, group: row.group_id }
}

async function of(
  { state }: PriorParts,
  transfers: readonly string[],
): Promise<ReadonlyMap<string, PriorView>> {
  const views = new Map<string, PriorView>()
  for (let at = 0; at < transfers.length; at += IDS_AT_ONCE) {
    const rows = await state.db
      .selectFrom('prior_queries')
      .select(['transfer', 'state', 'found', 'chosen', 'retrieved'])
      .where('transfer', 'in', transfers.slice(at, at + IDS_AT_ONCE))
      .execute()
    for (const { transfer, ...view } of rows) views.set(transfer, view)
  }
  return views
}

/** Each is a parameter of one statement. */
const IDS_AT_ONCE = 500
