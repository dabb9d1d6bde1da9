/** What is past its period, and what prevents its removal. */
import type { Db, Tx } from '../state/index.js'
import type { BlockReason, Candidate, RetentionParts, RetentionTime, Stage } from './contract.js'

export const STAGES = ['closed', 'quarantine', 'reports'] as const satisfies readonly Stage[]

/** Rows per query, so that a site with many of them is read piece by piece. */
const PAGE = 200

/** @throws NocturneError `database_unavailable` */
export async function readTime(
  { timekeeping, explain, now }: RetentionParts,
  compare: 'doubt' | 'observe',
): Promise<RetentionTime> {
  const doubt = await timekeeping[compare]()
  return {
    now: doubt?.shown ?? now(),
    begun: await timekeeping.beginnings(),
    clock: doubt && explain(doubt),
  }
}

/** By ID; `blockedBy` as of when it was read. */
export async function* candidates(
  parts: RetentionParts,
  stage: Stage,
  { now, begun, clock }: RetentionTime,
): AsyncGenerator<Candidate, void> {
  const term = parts.terms[stage]
  if (term === undefined) return
  const before = now - term
  for (let after = ''; ;) {
    const page = await pageOf(parts, stage, { before, after, limit: PAGE })
    for (const one of page) {
      if (begun(one.since) > before) continue
      const blockedBy = (await blockOf(parts, parts.state.db, one)) ?? (clock && 'clock')
      yield { ...one, ...(blockedBy && { blockedBy }) }
    }
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = last.id
  }
}

type Page = Record<'before' | 'limit', number> & { readonly after: string }

async function pageOf(
  { cases, transfers }: RetentionParts,
  stage: Stage,
  page: Page,
): Promise<readonly Candidate[]> {
  if (stage === 'quarantine')
    return (await transfers.heldSince(page)).map((held) => ({
      ...{ stage, id: held.id, facility: held.facility, since: held.created_at },
      transfers: [held.transfer],
      object: held.object,
    }))
  const ended = await cases.ended(stage === 'closed' ? 'contents' : 'reports', page)
  return ended.map(({ row, transfers: ids }) => ({
    ...{ stage, id: row.id, code: row.code, facility: row.facility },
    since: row.closed_at ?? 0,
    transfers: ids,
  }))
}

/**
 * Read again in the transaction that removes it, because a hold may have been placed, or a report
 * sent, in the meantime.
 */
export async function blockOf(
  { cases, transfers, reports, critical, areHeld }: RetentionParts,
  tx: Db | Tx,
  { stage, id, transfers: ids }: Candidate,
): Promise<BlockReason | undefined> {
  if (await areHeld(tx, ids)) return 'hold'
  if (stage === 'quarantine') {
    for (const transfer of ids) if (!(await cases.hasEnded(tx, transfer))) return 'open'
    return undefined
  }
  if (await transfers.isAnyArriving(tx, ids)) return 'arriving'
  if (await reports.isAnyUnread(tx, id)) return 'report'
  return (await critical.openOf([id], tx)).has(id) ? 'critical' : undefined
}
