import type { Actor, EventInput } from '../ledger/log/index.js'
import type { Db, Priority, Tx } from '../state/index.js'
import type { Figure } from '../protocol/http/figures.js'
import type { CaseState, CaseTable } from '../state/night/index.js'
import { arrive, opened, renewForFetch } from './arrive.js'
import {
  closeCase,
  noteExport,
  raiseCase,
  recallCase,
  reprioritizeCase,
  rerouteCase,
} from './change.js'
import { joinCases, splitCase } from './regroup.js'
import type { UnclaimReason } from './claim.js'
import type { CloseReason, ExportRequest, OverrideReason } from '../protocol/case-requests.js'
import { runDue } from './due.js'
import { endedCases, hasEnded, markExpired } from './expiry.js'
import type { EndedCase, EndedPage, ExpiryStage } from './expiry.js'
import { startEscalation, stopEscalation } from './escalate.js'
import type { EscalationStep } from './escalate.js'
import { figures } from './figures.js'
import type { FigureRange, ReportTimesOf } from './figures.js'
import { casesOfTransfers, countCases, findCase, listCases, worklist } from './find.js'
import { endClaimsOf, openMatters } from './handover.js'
import type { OpenMatters } from './handover.js'
import { claimCase, expectClaimable, reassignCase, releaseCase, renewCase } from './hold.js'
import type { ArrivingTransfer } from './open.js'
import type { Asker, CasesParts } from './parts.js'
import type { CaseAnswer } from './recorded.js'
import { expectReportable, reportAcknowledged, reported } from './report.js'
import type { ArrivedReport } from './report.js'
import { shareCase } from './share.js'
import type { Sharing } from './share.js'
import { caseViews } from './views.js'
import type { CaseView } from './views.js'

export interface Cases {
  /**
   * Call inside the transaction that makes the transfer visible.
   *
   * @throws NocturneError `case_mismatch`, `case_state`
   */
  arrive(tx: Tx, actor: Actor, transfer: ArrivingTransfer): Promise<readonly EventInput[]>
  /**
   * Call inside the transaction that records that a reader opened the transfer; `closesCase` is set
   * where the site closes cases on opening.
   */
  opened(
    tx: Tx,
    reader: Asker,
    transfer: string,
    closesCase: boolean,
  ): Promise<readonly EventInput[]>
  /**
   * Call inside the transaction that records that a reader fetches part of the transfer.
   *
   * @throws NocturneError `transfer_not_available`
   */
  renewForFetch(tx: Tx, reader: string, transfer: string): Promise<void>
  /**
   * Call inside the transaction that finds that a case's files were sent again with a higher
   * priority: a case is never less urgent than any sender requested. Causes no events if the case
   * is already urgent enough, or has ended.
   */
  raise(tx: Tx, actor: Actor, id: string, priority: Priority): Promise<readonly EventInput[]>
  /** The case of each of these transfers, if it has one. */
  ofTransfers(db: Db | Tx, transfers: readonly string[]): Promise<ReadonlyMap<string, CaseTable>>
  /** By case ID, case code or transfer ID. */
  find(text: string): Promise<CaseTable | undefined>
  /**
   * Cases on which the readers of these groups have work to do, by urgency, then age; at most
   * 1,000.
   */
  worklist(groups: readonly string[]): Promise<readonly CaseView[]>
  /** Cases of one facility, or of all, newest first; at most 1,000. */
  list(facility: string | undefined): Promise<readonly CaseView[]>
  views(rows: readonly CaseTable[]): Promise<readonly CaseView[]>
  /**
   * Checks that no other reader holds the case, before asking for a proof.
   *
   * @throws NocturneError `already_claimed`
   */
  expectClaimable(row: CaseTable, override: OverrideReason | undefined): void
  /**
   * The caller must have checked the proof.
   *
   * @throws NocturneError `already_claimed`, `case_state`, `not_a_reader`
   */
  claim(reader: Asker, id: string, override?: OverrideReason): Promise<CaseAnswer>
  /** @throws NocturneError `not_claimed` */
  renew(reader: Asker, id: string): Promise<{ readonly claimUntil: string }>
  /** @throws NocturneError `not_claimed` */
  release(reader: Asker, id: string, reason: UnclaimReason): Promise<CaseAnswer>
  /**
   * Call before a report is stored.
   *
   * @throws NocturneError `already_claimed`, `report_out_of_turn`, `case_state`
   */
  expectReportable(
    row: CaseTable,
    author: string,
    report: Pick<ArrivedReport, 'status' | 'agreement'>,
  ): void
  /**
   * Call inside the transaction that makes the report visible.
   *
   * @throws NocturneError as `expectReportable`
   */
  reported(
    tx: Tx,
    author: Asker,
    report: ArrivedReport,
  ): Promise<readonly [EventInput, ...EventInput[]]>
  /** Call inside the transaction that records the facility's acknowledgement. */
  reportAcknowledged(
    tx: Tx,
    facility: Asker,
    report: ArrivedReport,
  ): Promise<readonly [EventInput, ...EventInput[]]>
  /** @throws NocturneError `not_a_reader`, `case_state` */
  reassign(actor: Actor, id: string, to: string): Promise<CaseAnswer>
  /** @throws NocturneError `case_state` */
  close(actor: Actor, id: string, reason: CloseReason): Promise<CaseAnswer>
  /** @throws NocturneError `case_state` */
  recall(actor: Actor, id: string): Promise<CaseAnswer>
  /**
   * Records that a reader makes a de-identified copy of a case.
   * @throws NocturneError `case_state` for a recalled case
   */
  noteExport(actor: Actor, id: string, copy: ExportRequest): Promise<CaseAnswer>
  /** @throws NocturneError `case_state` */
  reprioritize(actor: Actor, id: string, priority: Priority): Promise<CaseAnswer>
  /**
   * Withdraws the case because the same studies were sent to another group, as case `to`.
   *
   * @throws NocturneError `case_mismatch`, `case_other_patient`, `case_state`
   */
  reroute(actor: Actor, id: string, to: string): Promise<CaseAnswer>
  /**
   * The transfers of `from` join the case, and `from` is closed.
   *
   * @throws NocturneError `case_mismatch`, `case_other_patient`, `already_claimed`, `case_state`,
   *   `transfer_not_available`
   */
  join(asker: Asker, id: string, from: string): Promise<CaseAnswer>
  /**
   * The transfers become a case of their own, which is returned.
   *
   * @throws NocturneError `case_mismatch`, `already_claimed`, `case_state`,
   *   `transfer_not_available`
   */
  split(asker: Asker, id: string, transfers: readonly string[]): Promise<CaseAnswer>
  /**
   * A body region becomes a part for another reader, which is returned.
   *
   * @throws NocturneError `not_a_reader`, `region_shared`, `case_shared`, `already_claimed`,
   *   `case_state`
   */
  share(asker: Asker, id: string, sharing: Sharing): Promise<CaseAnswer>
  /**
   * @param reportTimesOf implemented by the reports room
   */
  figures(range: FigureRange, reportTimesOf: ReportTimesOf): Promise<readonly Figure[]>
  /** Number of cases by state. */
  counts(): Promise<Readonly<Record<CaseState, number>>>
  /** What is open in a group, and what a reader holds there. */
  openMatters(group: string, reader: string): Promise<OpenMatters>
  /** Call inside the transaction that records the hand-over. */
  endClaimsOf(
    tx: Tx,
    of: { readonly reader: string; readonly group: string; readonly actor: Actor },
  ): Promise<readonly EventInput[]>
  /**
   * Starts the escalation of a critical result, or restarts it with another chain. It runs whatever
   * becomes of the case.
   */
  escalate(tx: Tx, about: CriticalOfCase, chain: readonly EscalationStep[]): Promise<void>
  /** Ends it: somebody has acted. */
  calm(tx: Tx, about: CriticalOfCase): Promise<void>
  /** Removal of contents under the retention of the site. */
  readonly expiry: {
    /** Cases that ended by then and whose contents are still there, by ID. */
    ended(stage: ExpiryStage, page: EndedPage): Promise<readonly EndedCase[]>
    readonly mark: typeof markExpired
    readonly hasEnded: typeof hasEnded
  }
  /**
   * Does everything that is due now: ends claims, reports approaching and missed targets, and
   * escalates.
   *
   * @returns the number of events recorded.
   */
  runDue(): Promise<number>
}

export interface CriticalOfCase {
  readonly case: string
  readonly critical: string
}

export function createCases(parts: CasesParts): Cases {
  const { db } = parts.state
  return {
    arrive: (tx, actor, transfer) => arrive(parts, tx, actor, transfer),
    opened: (tx, reader, transfer, closesCase) => opened(parts, tx, reader, transfer, closesCase),
    renewForFetch: (tx, reader, transfer) => renewForFetch(parts, tx, reader, transfer),
    raise: (tx, actor, id, priority) => raiseCase(parts, tx, actor, id, priority),
    ofTransfers: casesOfTransfers,
    find: (text) => findCase(db, text),
    worklist: (groups) => worklist(parts, groups),
    list: (facility) => listCases(parts, facility),
    views: (rows) => caseViews(parts, rows),
    expectClaimable: (row, override) => expectClaimable(parts, row, override),
    claim: (reader, id, override) => claimCase(parts, reader, id, override),
    renew: (reader, id) => renewCase(parts, reader, id),
    release: (reader, id, reason) => releaseCase(parts, reader, id, reason),
    expectReportable: (row, author, report) => expectReportable(row, author, report, parts.now()),
    reported: (tx, author, report) => reported(parts, tx, author, report),
    reportAcknowledged: (tx, facility, report) => reportAcknowledged(parts, tx, facility, report),
    reassign: (actor, id, to) => reassignCase(parts, actor, id, to),
    close: (actor, id, reason) => closeCase(parts, actor, id, reason),
    recall: (actor, id) => recallCase(parts, actor, id),
    reroute: (actor, id, to) => rerouteCase(parts, actor, id, to),
    join: (asker, id, from) => joinCases(parts, asker, id, from),
    split: (asker, id, transfers) => splitCase(parts, asker, id, transfers),
    share: (asker, id, sharing) => shareCase(parts, asker, id, sharing),
    noteExport: (actor, id, copy) => noteExport(parts, actor, id, copy),
    reprioritize: (actor, id, priority) => reprioritizeCase(parts, actor, id, priority),
    figures: (range, reportTimesOf) => figures(db, range, reportTimesOf),
    counts: () => countCases(db),
    openMatters: (group, reader) => openMatters(db, group, reader),
    endClaimsOf: (tx, of) => endClaimsOf(parts, tx, of),
    escalate: async (tx, about, chain) => {
      await startEscalation(tx, about, chain, parts.now())
    },
    calm: (tx, about) => stopEscalation(tx, about, parts.now()),
    expiry: {
      ended: (stage, page) => endedCases(db, stage, page),
      mark: markExpired,
      hasEnded,
    },
    runDue: () => runDue(parts),
  }
}
