/** The safeguards printed: one section per facility, group and store. */
import { pdfOf } from '../../lib/pdf/document.js'
import type { Page } from '../../lib/pdf/document.js'
import type { ReportSource } from '../report-source.js'
import type { SafeguardMap, SafeguardPage } from './map.js'

const ROLES = { origin: 'Origin', medium: 'Medium', distant: 'Distant site' } as const
const KINDS = { facility: 'Facility', group: 'Reading group', store: 'Store' } as const

export function safeguardsPdf(
  map: SafeguardMap,
  { ledgerKey, event, madeFor }: ReportSource,
): AsyncIterable<Uint8Array> {
  const title = 'Safeguards from origin to distant site'
  const subtitle = `${map.gateway}, ${map.at.slice(0, 10)}`
  return pdfOf(title, subtitle, `${title}, ${subtitle} - ledger entry ${event}`, (page) => {
    page.heading('Doors, as found by connecting')
    page.table(
      [
        { title: 'Door', share: 0.2 },
        { title: 'Address', share: 0.3 },
        { title: 'Configured', share: 0.15 },
        { title: 'Found', share: 0.35 },
      ],
      map.doors.map(({ door, address, wants, found }) => [door, address, wants, found]),
    )
    for (const one of map.pages) drawPage(page, one)
    page.heading('Source')
    page.facts([
      ['Made for', `${madeFor}; this is entry ${event} of the log`],
      ['Key of the log', ledgerKey],
    ])
    page.paragraph(
      'Found by reading the configuration, the ledger and the registers, and by connecting to the doors of the gateway. What a door does beyond a proxy, and what people entered in registers, was not examined.',
    )
  })
}

function drawPage(page: Page, { kind, id, stations }: SafeguardPage): void {
  page.heading(`${KINDS[kind]} ${id}`)
  page.table(
    [
      { title: 'Station', share: 0.22 },
      { title: 'What protects it', share: 0.3 },
      { title: 'Found', share: 0.48 },
    ],
    stations.flatMap(({ role, title, facts }) =>
      facts.map(([name, value], i) => [i === 0 ? `${ROLES[role]}: ${title}` : '', name, value]),
    ),
  )
  page.table(
    [
      { title: 'Weak point at', share: 0.18 },
      { title: 'What', share: 0.36 },
      { title: 'Next step', share: 0.46 },
    ],
    stations.flatMap(({ title, weak }) => weak.map(({ problem, hint }) => [title, problem, hint])),
    'No weak point was found.',
  )
}
