/** Changes to a case made by a sender, an officer or a coordinator. */
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Priority, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { CloseReason, ExportRequest } from '../protocol/case-requests.js'
import { quiet } from './arrive.js'
import { startClock, stopClock } from './clock.js'
import { startEscalation } from './escalate.js'
import type { CasesParts } from './parts.js'
import { recorded } from './recorded.js'
import type { CaseAnswer } from './recorded.js'
import { markHeld } from './claim.js'
import { moreUrgent } from './open.js'
import { expectWhole, openPartsOf, partEnded } from './share.js'
import { OPEN_STATES } from './states.js'
import { NO_CLAIM, aboutCase, expectSamePatient, readCase, stepCase, transfersOf } from './rows.js'

/**
 * A case is closed with its parts. The region of a part that is closed is read with the whole case
 * again, unless it was reported elsewhere.
 *
 * @throws NocturneError `case_state`
 */
export const closeCase = (
  parts: CasesParts,
  actor: Actor,
  id: string,
  reason: CloseReason,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const ending = { step: 'close', type: 'case.closed', reason } as const
    const { row, events } = await endIn(parts, tx, actor, id, ending)
    return { row, events: [...events, ...(await partEnded(parts, tx, row, actor))] }
  })

/**
 * The facility withdraws the case, with its parts: it must no longer be read.
 *
 * @throws NocturneError `case_state`; `case_shared` for a part
 */
export const recallCase = (parts: CasesParts, actor: Actor, id: string): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    expectWhole(await readCase(tx, id))
    const ending = { step: 'recall', type: 'case.recalled', reason: 'recalled' } as const
    return endIn(parts, tx, actor, id, ending)
  })

/**
 * The facility sent the same studies to another group, where they are sealed to its readers: this
 * case must no longer be read.
 *
 * @throws NocturneError `case_mismatch` unless the other case is of the same facility and another
 *   group; `case_other_patient`, `case_state`, also when the other case cannot be read
 */
export const rerouteCase = (
  parts: CasesParts,
  actor: Actor,
  id: string,
  to: string,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    expectWhole(await readCase(tx, id))
    const other = await expectTaken(tx, id, to)
    const more = { to: other.code, group: other.group_id }
    const ending = { step: 'recall', type: 'case.recalled', reason: 'rerouted', more } as const
    return endIn(parts, tx, actor, id, ending)
  })

/** The case that is read in place of the first, in the transaction that withdraws that one. */
async function expectTaken(tx: Tx, id: string, to: string): Promise<CaseTable> {
  const [from, other] = [await readCase(tx, id), await readCase(tx, to)]
  if (from.facility !== other.facility || from.group_id === other.group_id)
    throw new NocturneError('case_mismatch')
  expectSamePatient(from, other)
  const canBeRead = OPEN_STATES.some((one) => one === other.state) || other.state === 'final'
  if (!canBeRead) throw new NocturneError('case_state', { subject: other.state })
  return other
}

interface Ending {
  readonly step: 'close' | 'recall'
  readonly type: EventInput['type']
  readonly reason: string
  readonly more?: Readonly<Record<string, string>>
}

async function endIn(
  parts: CasesParts,
  tx: Tx,
  actor: Actor,
  id: string,
  ending: Ending,
): Promise<{ row: CaseTable; events: [EventInput, ...EventInput[]] }> {
  const before = await readCase(tx, id)
  const change = { ...NO_CLAIM, closed_at: parts.now(), closed_for: ending.reason }
  const row = await stepCase(tx, before, ending.step, change)
  const transfers = await transfersOf(tx, id)
  await markHeld(parts, tx, row, transfers, undefined)
  await stopClock(tx, id)
  await quiet(parts, tx, id)
  const holder = before.claimed_by
  const detail = { reason: ending.reason, ...ending.more, ...(holder !== null && { holder }) }
  const events: EventInput[] = []
  for (const part of await openPartsOf(tx, id))
    events.push(...(await endIn(parts, tx, actor, part.id, ending)).events)
  return { row, events: [eventOf(row, transfers, actor, ending.type, detail), ...events] }
}

/** @throws NocturneError `case_state` for a recalled case */
export const noteExport = (
  parts: CasesParts,
  actor: Actor,
  id: string,
  { profile, items }: ExportRequest,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const row = await readCase(tx, id)
    if (row.state === 'recalled') throw new NocturneError('case_state', { subject: row.state })
    const transfers = await transfersOf(tx, id)
    return {
      row,
      events: [eventOf(row, transfers, actor, 'case.exported', { profile, items })],
    }
  })

/**
 * The clock restarts from when the case became available, so a case that becomes more urgent does
 * not exceed its new targets unnoticed.
 */
export const reprioritizeCase = (
  parts: CasesParts,
  actor: Actor,
  id: string,
  priority: Priority,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const before = await readCase(tx, id)
    expectWhole(before)
    if (isOver(before)) throw new NocturneError('case_state', { subject: before.state })
    return prioritize(parts, tx, actor, before, priority)
  })

export async function raiseCase(
  parts: CasesParts,
  tx: Tx,
  actor: Actor,
  id: string,
  priority: Priority,
): Promise<readonly EventInput[]> {
  const before = await readCase(tx, id)
  if (isOver(before) || moreUrgent(before.priority, priority) === before.priority) return []
  return (await prioritize(parts, tx, actor, before, priority)).events
}

async function prioritize(
  parts: CasesParts,
  tx: Tx,
  actor: Actor,
  before: CaseTable,
  priority: Priority,
): Promise<{ row: CaseTable; events: [EventInput, ...EventInput[]] }> {
  const { id } = before
  const row = await set(tx, id, { priority })
  const { clock, escalate } = parts.rulesOf(row.group_id)
  await startClock(tx, row, clock, row.available_at ?? parts.now())
  if (row.claimed_by === null) await startEscalation(tx, { case: id }, escalate, parts.now())
  const detail = { priority, from: before.priority }
  const transfers = await transfersOf(tx, id)
  const events: EventInput[] = []
  for (const part of await openPartsOf(tx, id))
    events.push(...(await prioritize(parts, tx, actor, part, priority)).events)
  return { row, events: [eventOf(row, transfers, actor, 'case.changed', detail), ...events] }
}

const isOver = ({ state }: CaseTable): boolean =>
  state === 'final' || state === 'closed' || state === 'recalled'

const set = (tx: Tx, id: string, change: { readonly priority: Priority }): Promise<CaseTable> =>
  tx.updateTable('cases').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()

const eventOf = (
  row: CaseTable,
  transfers: readonly string[],
  actor: Actor,
  type: EventInput['type'],
  detail: NonNullable<EventInput['detail']>,
): EventInput => ({ type, outcome: 0, actor, ...aboutCase(row, transfers[0], detail) })
