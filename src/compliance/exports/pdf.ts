/**
 * Renders an assessment as a PDF for management: where the site stands, what is missing, and the
 * evidence for each row.
 */
import { pdfOf } from '../../lib/pdf/document.js'
import type { Page } from '../../lib/pdf/document.js'
import { countStates } from '../run.js'
import type { Assessment, Difference, Finding } from '../run.js'
import { STATE_WORDS } from './rows.js'

export interface PdfContext {
  /** The log's verifier key. */
  readonly ledgerKey: string
  /** Index of the event that records the assessment. */
  readonly event: number
  readonly madeBy: string
  /** Changes since the previous assessment, which was made at `since`. */
  readonly differences?: { readonly since: string; readonly rows: readonly Difference[] }
}

const AUDITS = { security: 'Security', breach: 'Breach notification', privacy: 'Privacy' } as const

export function assessmentPdf(
  assessment: Assessment,
  context: PdfContext,
): AsyncIterable<Uint8Array> {
  const { gateway, at, profile } = assessment
  const isProposed = profile === 'proposed-2025'
  const title = isProposed
    ? 'Assessment against the proposed Security Rule'
    : 'HIPAA self-assessment'
  const subtitle = `${gateway}, ${at.slice(0, 10)}`
  const foot = `${title}, ${subtitle} - ledger entry ${context.event}`
  return pdfOf(title, subtitle, foot, (page) => {
    drawStanding(page, assessment, isProposed)
    drawChanges(page, context)
    drawGaps(page, assessment)
    drawActions(page, assessment)
    drawRows(page, assessment)
    drawEvidence(page, assessment)
    drawOrigin(page, context)
  })
}

function drawStanding(page: Page, { findings }: Assessment, isProposed: boolean): void {
  page.heading('Summary')
  page.table(
    [
      { title: 'Audit', share: 0.2 },
      { title: 'Rows', share: 0.1 },
      { title: 'Satisfied', share: 0.12 },
      { title: 'By state', share: 0.58 },
    ],
    Object.entries(AUDITS).flatMap(([audit, name]) => {
      const rows = findings.filter((one) => one.audit === audit)
      if (rows.length === 0) return []
      const satisfied = rows.filter(({ isSatisfied }) => isSatisfied).length
      return [[name, String(rows.length), String(satisfied), statesOf(rows)]]
    }),
  )
  page.bullets([
    ...(isProposed
      ? [
          'This assessment uses a rule that was proposed on 2025-01-06 (90 FR 898, RIN 0945-AA22). It is not in force.',
        ]
      : []),
    'This is a self-assessment. It shows what was found on this day and what people stated; it does not make anyone compliant and does not replace legal advice.',
    'A row is satisfied when every check of the row is satisfied, a policy in force covers it, and a person has stated what no check can see. Rows that could not be checked are not satisfied.',
  ])
}

const statesOf = (rows: readonly Finding[]): string =>
  Object.entries(countStates(rows))
    .map(([state, count]) => `${count} ${STATE_WORDS[state as Finding['state']]}`)
    .join(', ')

function drawChanges(page: Page, { differences }: PdfContext): void {
  if (!differences) return
  page.heading(`What changed since ${differences.since.slice(0, 10)}`)
  page.table(
    [
      { title: 'Row', share: 0.1 },
      { title: 'Before', share: 0.2 },
      { title: 'Now', share: 0.7 },
    ],
    differences.rows.map(({ row, before, after }) => [
      row,
      before === 'absent' ? 'not included' : STATE_WORDS[before],
      STATE_WORDS[after],
    ]),
    'No row has changed its state.',
  )
}

function drawGaps(page: Page, { findings }: Assessment): void {
  const gaps = Object.keys(AUDITS).flatMap((audit) =>
    findings.filter(
      (one) => one.audit === audit && (one.state === 'gap' || one.state === 'unknown'),
    ),
  )
  page.heading('Gaps and next steps')
  page.table(
    [
      { title: 'Row', share: 0.06 },
      { title: 'Citation', share: 0.14 },
      { title: 'What was found', share: 0.36 },
      { title: 'Next', share: 0.44 },
    ],
    gaps.map(({ row, cites, reason, next }) => [row, cites.join(', '), reason, next.join('\n')]),
    'There are no gaps.',
  )
}

function drawActions(page: Page, { actions }: Assessment): void {
  page.heading('Action plan')
  page.table(
    [
      { title: 'Row', share: 0.06 },
      { title: 'What', share: 0.44 },
      { title: 'Owner', share: 0.16 },
      { title: 'Due', share: 0.12 },
      { title: 'Done', share: 0.22 },
    ],
    actions.map(({ row, text, owner, due, doneAt, evidence }) => [
      ...[row, text, owner, due],
      doneAt === undefined
        ? 'open'
        : `${new Date(doneAt).toISOString().slice(0, 10)}: ${evidence ?? ''}`,
    ]),
    'No action has been planned.',
  )
}

function drawRows(page: Page, { findings }: Assessment): void {
  for (const [audit, name] of Object.entries(AUDITS)) {
    const rows = findings.filter((one) => one.audit === audit)
    if (rows.length === 0) continue
    page.heading(`${name}: every row`)
    page.table(
      [
        { title: 'Row', share: 0.06 },
        { title: 'Citation', share: 0.15 },
        { title: 'R/A', share: 0.04 },
        { title: 'Key activity', share: 0.23 },
        { title: 'State', share: 0.12 },
        { title: 'Basis', share: 0.4 },
      ],
      rows.map(({ row, cites, ra, keyActivity, state, reason }) => [
        ...[row, cites.join(', '), ra, keyActivity, STATE_WORDS[state], reason],
      ]),
    )
  }
}

function drawEvidence(page: Page, { observations }: Assessment): void {
  page.heading('Evidence')
  page.table(
    [
      { title: 'Check', share: 0.2 },
      { title: 'Source', share: 0.1 },
      { title: 'Found', share: 0.12 },
      { title: 'SHA-256 of the facts', share: 0.34, isCode: true },
      { title: 'Valid until', share: 0.1 },
      { title: 'Ledger entries', share: 0.14 },
    ],
    observations.map(({ check, source, verdict, evidence }) => [
      ...[check, source, verdict, evidence.sha256, evidence.expires.slice(0, 10)],
      evidence.entries.join(' '),
    ]),
  )
}

function drawOrigin(page: Page, { event, ledgerKey, madeBy }: PdfContext): void {
  page.heading('Source')
  page.facts([
    ['Made by', `${madeBy}; entry ${event} of the log contains the digest of this assessment`],
    ['Key of the log', ledgerKey],
  ])
  page.paragraph(
    'This page is not signed. "nocturne assess export --format pack" exports the assessment with proofs of the entries it names, which can be verified without the gateway. Times are by the gateway\'s clock.',
  )
}
