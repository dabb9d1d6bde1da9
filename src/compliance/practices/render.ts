/** The twelve months of recognised practices as CSV and in print. */
import { csvRecord } from '../../lib/csv.js'
import { pdfOf } from '../../lib/pdf/document.js'
import type { ReportSource } from '../report-source.js'
import type { PracticeReport, ShownPractice } from './evidence.js'

const COLUMNS = ['practice', 'title', 'evidence', 'since', 'last', 'times', 'ledger entries']

export const practicesCsv = ({ practices }: PracticeReport): string =>
  [
    COLUMNS,
    ...practices.flatMap(({ number, title, evidence, rest }) => [
      ...evidence.map((one) => [
        ...[String(number), title, one.what, one.since ?? '', one.last ?? '', String(one.count)],
        one.entries.join(' '),
      ]),
      ...(rest === '' ? [] : [[String(number), title, rest, '', '', '', '']]),
    ]),
  ]
    .map(csvRecord)
    .join('')

const stateOf = ({ since, evidence, isTwelveMonths }: ShownPractice): string =>
  evidence.length === 0
    ? 'not shown by the gateway'
    : since === undefined
      ? 'not in place without a gap'
      : isTwelveMonths
        ? `in place for twelve months, since ${since.slice(0, 10)}`
        : `in place since ${since.slice(0, 10)}`

export function practicesPdf(
  report: PracticeReport,
  { ledgerKey, event, madeFor }: ReportSource,
): AsyncIterable<Uint8Array> {
  const title = 'Recognised security practices'
  const subtitle = `${report.gateway}, ${report.at.slice(0, 10)}`
  return pdfOf(title, subtitle, `${title}, ${subtitle} - ledger entry ${event}`, (page) => {
    page.paragraph(
      'Public Law 116-321 lets HHS consider practices that were in place for the previous 12 months. This report uses the ten practices of HICP 2023 and says since when the log shows each without a gap. It does not make anyone compliant.',
    )
    page.heading('The practices')
    page.table(
      [
        { title: 'No.', share: 0.06 },
        { title: 'Practice', share: 0.3 },
        { title: 'Shown by the log', share: 0.26 },
        { title: 'For a person to show', share: 0.38 },
      ],
      report.practices.map((one) => [String(one.number), one.title, stateOf(one), one.rest]),
    )
    page.heading('The evidence')
    page.table(
      [
        { title: 'No.', share: 0.06 },
        { title: 'Evidence', share: 0.42 },
        { title: 'Since', share: 0.12 },
        { title: 'Last', share: 0.12 },
        { title: 'Times', share: 0.1 },
        { title: 'Ledger entries', share: 0.18 },
      ],
      report.practices.flatMap(({ number, evidence }) =>
        evidence.map(({ what, since = '', last = '', count, entries }) => [
          ...[String(number), what, since.slice(0, 10) || 'no', last.slice(0, 10) || 'never'],
          ...[String(count), entries.join(' ')],
        ]),
      ),
    )
    page.heading('Source')
    page.facts([
      ['Made for', `${madeFor}; this report is entry ${event} of the log`],
      ['Key of the log', ledgerKey],
    ])
    page.paragraph(
      'A check counts from the first of an unbroken series of assessments in which it was satisfied, no two of them more than a year apart. verify.html in the pack checks the named entries without a network.',
    )
  })
}
