/** How a report affects its case: the state, the claim, the clock, and the notices. */
import { NocturneError } from '../lib/errors.js'
import type { EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { CaseTable, ReportStatus } from '../state/night/index.js'
import { quiet } from './arrive.js'
import { holderOf, markHeld } from './claim.js'
import { meetTargets, stopClock } from './clock.js'
import type { Asker, CasesParts } from './parts.js'
import { NO_CLAIM, aboutCase, isHeldAt, readCase, stepCase, transfersOf } from './rows.js'
import type { CaseChange } from './rows.js'
import { closeWhole, openPartsOf, partsOf, settle } from './share.js'
import { nextCaseState } from './states.js'
import type { CaseStep } from './states.js'

/** A report that was checked and stored. */
export interface ArrivedReport {
  readonly id: string
  readonly case: string
  readonly status: ReportStatus
  readonly agreement: 'agree' | 'minor' | 'major' | undefined
  /** Of the sealed message, in hexadecimal. */
  readonly sha256: string
}

/**
 * Call before anything is stored.
 *
 * @throws NocturneError `already_claimed` while a colleague holds the case; `report_out_of_turn`
 *   for a report that cannot follow the existing ones; `case_state`
 */
export function expectReportable(
  row: CaseTable,
  author: string,
  { status, agreement }: Pick<ArrivedReport, 'status' | 'agreement'>,
  now: number,
): void {
  if (isHeldAt(row, now) && row.claimed_by !== author)
    throw new NocturneError('already_claimed', { subject: holderOf(row) })
  // A final report must state whether it agrees with the preliminary one, and no other report may
  // (ACR Practice Parameter for Communication, II.C.2).
  const agrees = status === 'final' && row.report === 'preliminary'
  if (agrees !== (agreement !== undefined))
    throw new NocturneError('report_out_of_turn', { field: 'agreement' })
  if (status === 'addendum' && row.report === null)
    throw new NocturneError('report_out_of_turn', { field: 'status' })
  if (nextCaseState(row.state, status) !== undefined) return
  const isOutOfTurn = ['preliminary', 'partial', 'final'].includes(row.state)
  throw isOutOfTurn
    ? new NocturneError('report_out_of_turn', { field: 'status' })
    : new NocturneError('case_state', { subject: row.state })
}

/**
 * Call inside the transaction that makes the report visible. A report ends the claim, because its
 * work is done. Escalations stop, and the facility is notified.
 *
 * @throws NocturneError as `expectReportable`
 */
export async function reported(
  parts: CasesParts,
  tx: Tx,
  { id: author, actor }: Asker,
  report: ArrivedReport,
): Promise<readonly [EventInput, ...EventInput[]]> {
  const now = parts.now()
  const before = await readCase(tx, report.case)
  expectReportable(before, author, report, now)
  const { status, agreement, sha256 } = report
  const change: CaseChange =
    status === 'addendum'
      ? NO_CLAIM
      : { ...NO_CLAIM, report: status, reported_by: author, reported_at: now }
  const row = await stepCase(tx, before, await stepOf(tx, before, status), change)
  const transfers = await transfersOf(tx, row.id)
  await markHeld(parts, tx, row, transfers, undefined)
  if (status !== 'addendum') await meetOwn(tx, row, status, now)
  await quiet(parts, tx, row.id)
  const detail = {
    report: report.id,
    status,
    sha256,
    ...(agreement !== undefined && { agreement }),
  }
  const told = await parts.announce(tx, { what: 'reported', row, report: report.id })
  const about = aboutCase(row, transfers[0], detail)
  const settled = status === 'addendum' ? [] : await settle(tx, row, actor, now)
  return [{ type: 'report.sent', outcome: 0, actor, ...about }, ...told, ...settled]
}

/** The final report on a case is awaited by nobody else only if none of its parts is open. */
async function stepOf(tx: Tx, row: CaseTable, status: ReportStatus): Promise<CaseStep> {
  const isAwaiting = status === 'final' && nextCaseState(row.state, 'await') !== undefined
  return isAwaiting && (await openPartsOf(tx, row.id)).length > 0 ? 'await' : status
}

/** The targets of a case that is shared are met with those of its parts: see `settle`. */
async function meetOwn(
  tx: Tx,
  row: CaseTable,
  status: 'preliminary' | 'final',
  now: number,
): Promise<void> {
  const isShared = (await openPartsOf(tx, row.id)).length > 0
  await meetTargets(tx, row.id, isShared ? 'claim' : status, now)
}

/**
 * Call inside the transaction that records the facility's acknowledgement. It meets the target for
 * acknowledgement, and a case with a final report has nothing left to do.
 */
export async function reportAcknowledged(
  parts: CasesParts,
  tx: Tx,
  { actor }: Asker,
  report: ArrivedReport,
): Promise<readonly [EventInput, ...EventInput[]]> {
  const now = parts.now()
  const row = await readCase(tx, report.case)
  const [transfer] = await transfersOf(tx, row.id)
  const { status, sha256 } = report
  const detail = { report: report.id, status, sha256 }
  const acknowledged: EventInput = {
    type: 'report.acknowledged',
    outcome: 0,
    actor,
    ...aboutCase(row, transfer, detail),
  }
  if (status !== 'final') return [acknowledged]
  if (row.part_of === null && (await partsOf(tx, row.id)).length > 0)
    return [acknowledged, ...(await closeWhole(parts, tx, row.id, actor))]
  await meetTargets(tx, row.id, 'acknowledged', now)
  if (row.state !== 'final') return [acknowledged]
  const closed = await stepCase(tx, row, 'close', { closed_at: now, closed_for: 'reported' })
  await stopClock(tx, row.id)
  const closedEvent: EventInput = {
    type: 'case.closed',
    outcome: 0,
    actor,
    ...aboutCase(closed, transfer, { reason: 'reported' }),
  }
  const whole = row.part_of === null ? [] : await closeWhole(parts, tx, row.part_of, actor)
  return [acknowledged, closedEvent, ...whole]
}
