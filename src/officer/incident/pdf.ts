/** The facts of an incident and its assessment, printed. */
import { pdfOf } from '../../lib/pdf/document.js'
import type { Page } from '../../lib/pdf/document.js'
import { instant, listed, plural, short } from '../report.js'
import { countLines, individualsOf, POSSIBILITIES } from './collect.js'
import type { IncidentFacts, IncidentLine } from './collect.js'
import { MEANING } from './files.js'

export interface IncidentContext {
  readonly gateway: string
  readonly ledgerKey: string
  /** Index of the event that records this report. */
  readonly event: number
  readonly askedBy: string
  readonly incident: string
  readonly kind: string
  readonly discovered: string
  /** Empty until it is decided. */
  readonly decision: string
  readonly isSigned: boolean
  readonly deadlines: readonly {
    readonly cite: string
    readonly what: string
    readonly when?: string
    readonly dueAt: number
    readonly state: string
  }[]
  /** The officer's reasoning about each factor; empty where there is none yet. */
  readonly factors: Readonly<Record<'nature' | 'recipient' | 'viewed' | 'mitigation', string>>
}

export function incidentPdf(
  facts: IncidentFacts,
  context: IncidentContext,
): AsyncIterable<Uint8Array> {
  const { incident, gateway, event } = context
  const title = `Incident ${incident}`
  const subtitle = `${gateway}, discovered on ${context.discovered}`
  const foot = `${title}, ${subtitle} - ledger entry ${event}`
  return pdfOf(title, subtitle, foot, (page) => {
    drawSummary(page, facts, context)
    drawDeadlines(page, context)
    drawFactors(page, facts, context)
    drawViewed(page, facts)
    drawPossible(page, facts)
    drawKeys(page, facts)
    drawSource(page, facts, context)
  })
}

function drawSummary(page: Page, facts: IncidentFacts, context: IncidentContext): void {
  const { scope, readers } = facts
  const individuals = individualsOf(facts)
  page.facts([
    ['Kind', context.kind],
    [
      'Decision',
      context.decision === ''
        ? 'not decided: presumed to be a breach (164.402(2))'
        : `${context.decision}${context.isSigned ? ', signed by an officer' : ', not signed'}`,
    ],
    ['Readers concerned', readers.join(', ')],
    ['Period', `from ${instant(scope.from)} up to, but not including, ${instant(scope.until)}`],
    [
      'Individuals',
      POSSIBILITIES.map(
        (one) => `${individuals.filter(({ possibility }) => possibility === one).length} ${one}`,
      ).join(', '),
    ],
  ])
  page.heading('What is known, and what was possible')
  page.table(
    [
      { title: 'Reader', share: 0.2 },
      ...POSSIBILITIES.map((one) => ({ title: `Transfers: ${one}`, share: 0.2 })),
    ],
    readers.map((reader) => {
      const counts = countLines(facts, reader)
      return [reader, ...POSSIBILITIES.map((one) => String(counts[one]))]
    }),
  )
  page.bullets(POSSIBILITIES.map((one) => `${one}: ${MEANING[one].replace(/^viewed: /, '')}`))
}

function drawDeadlines(page: Page, { deadlines }: IncidentContext): void {
  page.heading('Deadlines')
  page.table(
    [
      { title: 'Rule', share: 0.1 },
      { title: 'What', share: 0.32 },
      { title: 'When', share: 0.34 },
      { title: 'Last day', share: 0.12 },
      { title: 'State', share: 0.12 },
    ],
    deadlines.map(({ cite, what, when = 'without unreasonable delay', dueAt, state }) => [
      ...[cite, what, when, new Date(dueAt).toISOString().slice(0, 10), state],
    ]),
  )
}

function drawFactors(page: Page, facts: IncidentFacts, { factors }: IncidentContext): void {
  const { lines } = facts
  const items = lines.flatMap(({ transfer }) => transfer.items)
  const documents = items.filter(({ kind }) => kind !== 'instance').length
  const atRisk = items.filter(({ pixelsAtRisk }) => pixelsAtRisk).length
  const viewed = lines.filter(({ possibility }) => possibility === 'viewed').length
  const ended = facts.keys.filter(({ until }) => until !== undefined)
  page.heading('The four factors of 164.402(2)')
  page.table(
    [
      { title: 'Factor', share: 0.16 },
      { title: 'Evidence in the log', share: 0.42 },
      { title: 'Reasoning of the officer', share: 0.42 },
    ],
    [
      [
        '(i) nature and extent',
        `Headers of instances were de-identified. Not de-identified: ${plural(documents, 'document')}. Images that may show text: ${atRisk}.`,
        factors.nature,
      ],
      ['(ii) who', `Keys of ${facts.readers.join(', ')}.`, factors.recipient],
      [
        '(iii) acquired or viewed',
        `Viewed: ${plural(viewed, 'transfer')} of ${lines.length}. Sent, sealed, without a statement of having been opened: ${lines.filter(({ possibility }) => possibility === 'fetched').length}.`,
        factors.viewed,
      ],
      [
        '(iv) mitigation',
        ended.length === 0
          ? 'No key concerned was replaced or removed.'
          : `Keys that are no longer in effect: ${ended.map(({ fingerprint, until = '' }) => `${short(fingerprint)} since ${instant(until)}`).join('; ')}.`,
        factors.mitigation,
      ],
    ].map((row) => row.map((cell) => (cell === '' ? 'not written yet' : cell))),
  )
}

const named = ({ transfer }: IncidentLine): string => transfer.code ?? short(transfer.transfer)

function drawViewed(page: Page, { lines }: IncidentFacts): void {
  page.heading('Viewed')
  page.table(
    [
      { title: 'Case', share: 0.14, isCode: true },
      { title: 'Transfer', share: 0.36, isCode: true },
      { title: 'Facility', share: 0.16 },
      { title: 'Reader', share: 0.14 },
      { title: 'Opened (UTC)', share: 0.14 },
      { title: 'Entry', share: 0.06 },
    ],
    lines
      .filter(({ possibility }) => possibility === 'viewed')
      .map((line) => [
        ...[named(line), line.transfer.transfer, line.facility, line.reader],
        ...[instant(line.viewed?.at ?? 0), String(line.viewed?.index ?? '')],
      ]),
    'Nothing is known to have been opened.',
  )
}

/** By what was possible and by reader; transfers.csv has each transfer on a line of its own. */
function drawPossible(page: Page, { lines, readers }: IncidentFacts): void {
  page.heading('Not known to have been viewed, by what was possible')
  const rows = POSSIBILITIES.filter((one) => one !== 'viewed').flatMap((possibility) =>
    readers.flatMap((reader) => {
      const mine = lines.filter((one) => one.reader === reader && one.possibility === possibility)
      if (mine.length === 0) return []
      return [[MEANING[possibility], reader, String(mine.length), listed(mine.map(named), ', ')]]
    }),
  )
  page.table(
    [
      { title: 'What was possible', share: 0.26 },
      { title: 'Reader', share: 0.12 },
      { title: 'Transfers', share: 0.08 },
      { title: 'Cases', share: 0.54, isCode: true },
    ],
    rows,
    'There is nothing else.',
  )
}

function drawKeys(page: Page, { keys, sessions }: IncidentFacts): void {
  page.heading('Keys')
  page.table(
    [
      { title: 'Whose', share: 0.14 },
      { title: 'Fingerprint', share: 0.42, isCode: true },
      { title: 'From (UTC)', share: 0.18 },
      { title: 'Until (UTC)', share: 0.18 },
      { title: 'Entry', share: 0.08 },
    ],
    keys.map(({ principal, fingerprint, from, until, index }) => [
      ...[principal, fingerprint, instant(from)],
      ...[until === undefined ? 'in effect' : instant(until), String(index)],
    ]),
  )
  page.heading('Sessions in the period')
  page.table(
    [
      { title: 'Reader', share: 0.16 },
      { title: 'From (UTC)', share: 0.2 },
      { title: 'Until (UTC)', share: 0.2 },
      { title: 'Address', share: 0.24 },
      { title: 'Entry', share: 0.2 },
    ],
    sessions.map((one) => [
      ...[one.reader, instant(one.from), instant(one.until), one.address ?? ''],
      String(one.index),
    ]),
    'There was none.',
  )
}

function drawSource(page: Page, facts: IncidentFacts, context: IncidentContext): void {
  page.heading('Source')
  page.facts([
    ['Made for', `${context.askedBy}; this request is entry ${context.event} of the log`],
    ['Log', `${context.gateway}/audit, ${facts.size} entries long`],
    ['Key of the log', context.ledgerKey],
  ])
  page.paragraph(
    'This page contains facts, and the reasoning that officers wrote. Whether it is a breach is decided by the covered entity, which bears the burden of proof and keeps the assessment for six years (164.414(b), 164.530(j)). What a reader did with data after opening it, on their own machine, is not in the log.',
  )
}
