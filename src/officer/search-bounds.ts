/**
 * Bounds on searches for a patient: how many patients an officer may ask for, and, where the site
 * asks for it, a second officer who agrees. Both are read from the ledger, so they hold across
 * gateways and restarts.
 */
import type { SiteConfig } from '../config/index.js'
import type { Actor, EventQuery, Ledger, LedgerEntry } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import { handlesIn } from '../lib/ids.js'
import { rowsOf, textOf } from './rows.js'

export interface SearchParts {
  readonly ledger: Pick<Ledger, 'note' | 'query' | 'record' | 'proof'>
  readonly config: Pick<SiteConfig, 'officers'>
  readonly now: () => number
  readonly admissions: Admissions
}

/**
 * Searches that were admitted a moment ago, by officer and handle, with the time: the ledger has
 * those that were recorded, and of many at the same moment none is.
 */
export type Admissions = Map<string, Map<string, number>>

/** Long after an admitted search is in the ledger. */
const ADMITTED_MS = 60_000

const HOUR_MS = 3_600_000
/** An approval covers the search it was given for, with all its pages, for this long. */
const APPROVED_MS = 24 * HOUR_MS

/**
 * Call before a search for patients is recorded and answered.
 *
 * @param patients one keyed handle per patient
 * @throws NocturneError `too_many_searches`; `second_officer_needed` with the ID of the proposal
 * that   another officer approves
 */
export async function admitSearch(
  parts: SearchParts,
  actor: Actor,
  patients: readonly string[],
): Promise<void> {
  if (patients.length === 0) return
  await expectFew(parts, actor, patients)
  if (parts.config.officers.patientSearch === 'one') return
  for (const patient of patients) await expectApproved(parts, actor, patient)
}

/** Pages of one search, and the same patient again, count once. */
async function expectFew(
  { ledger, config, now, admissions }: SearchParts,
  actor: Actor,
  patients: readonly string[],
): Promise<void> {
  const before = new Set<string>()
  const recent: EventQuery = {
    ...{ types: ['ledger.read', 'ledger.exported'], actor: actor.id, from: now() - HOUR_MS },
  }
  for await (const { entry } of rowsOf(ledger, recent))
    for (const handle of askedIn(entry)) before.add(handle)
  // From here to the end nothing is awaited.
  const admitted = admissions.get(actor.id) ?? new Map<string, number>()
  for (const [handle, at] of admitted)
    if (at + ADMITTED_MS > now()) before.add(handle)
    else admitted.delete(handle)
  const further = patients.filter((handle) => !before.has(handle))
  if (further.length === 0) return
  if (before.size + further.length > config.officers.searchesPerHour)
    throw new NocturneError('too_many_searches')
  for (const handle of further) admitted.set(handle, now())
  admissions.set(actor.id, admitted)
}

/**
 * The proposal is recorded once, however often the officer asks before it is approved; its ID comes
 * with the error.
 */
async function expectApproved(parts: SearchParts, actor: Actor, handle: string): Promise<void> {
  const { ledger, now } = parts
  const from = now() - APPROVED_MS
  let pending: string | undefined
  const approvals = new Set<string>()
  for await (const { entry } of rowsOf(ledger, { types: ['search.approved'], from }))
    if (entry.actor.id !== actor.id && entry.related !== undefined) approvals.add(entry.related)
  const mine: EventQuery = { types: ['search.proposed'], actor: actor.id, from }
  for await (const { entry } of rowsOf(ledger, mine)) {
    if (textOf(entry.detail?.handle) !== handle) continue
    if (approvals.has(entry.id)) return
    pending = entry.id
  }
  pending ??= (
    await ledger.note({ type: 'search.proposed', outcome: 0, actor, detail: { handle } })
  ).id
  throw new NocturneError('second_officer_needed', { subject: pending })
}

/**
 * Another officer agrees to a search that was proposed within the last day.
 *
 * @throws NocturneError `not_found` for an unknown, old or approved proposal;
 * `second_officer_needed`   for one's own
 */
export async function approveSearch(
  { ledger, now }: SearchParts,
  actor: Actor,
  id: string,
): Promise<{ readonly id: string; readonly receipt: string }> {
  const from = now() - APPROVED_MS
  let proposed: LedgerEntry | undefined
  for await (const { entry } of rowsOf(ledger, { types: ['search.proposed'], from }))
    if (entry.id === id) proposed = entry
  if (!proposed) throw new NocturneError('not_found')
  if (proposed.actor.id === actor.id)
    throw new NocturneError('second_officer_needed', { subject: id })
  const { index } = await ledger.note({
    ...{ type: 'search.approved', outcome: 0, actor, related: id },
    detail: { handle: textOf(proposed.detail?.handle) ?? '', principal: proposed.actor.id },
  })
  return { id, receipt: await ledger.proof(index) }
}

/** The patients that a recorded read of the ledger asked for. */
const askedIn = ({ detail, patient }: LedgerEntry): readonly string[] => [
  ...handlesIn(detail?.query),
  ...(patient === undefined ? [] : [patient]),
]
