/** The report on recognised practices as files, with the proofs of what it names. */
import type {
  PRACTICES,
  PracticeReport,
  practicesCsv,
  practicesOf,
  practicesPdf,
} from '../compliance/practices/index.js'
import type { Compliance } from '../compliance/index.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import { once } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import type { Actor, EventType, LedgerRow } from '../ledger/log/index.js'
import { proofMembers, recordDocument } from './ledger-package.js'
import type { PackageParts } from './ledger-package.js'
import { rowsOf } from './rows.js'

export interface PracticeParts extends PackageParts {
  readonly desk: Pick<Compliance['desk'], 'assessments'>
  readonly now: () => number
  readonly practices: {
    readonly PRACTICES: typeof PRACTICES
    readonly practicesOf: typeof practicesOf
    readonly practicesCsv: typeof practicesCsv
    readonly practicesPdf: typeof practicesPdf
  }
}

/** More than two years of weekly assessments. */
const MOST_ASSESSMENTS = 120

/** Records the report, and returns its files. */
export async function exportPractices(
  parts: PracticeParts,
  actor: Actor,
): Promise<readonly ZipMember[]> {
  const { ledger, practices } = parts
  const types = [
    ...new Set<EventType>([
      'assessment.made',
      ...practices.PRACTICES.flatMap(({ signals }) => signals.flatMap((one) => one.types)),
    ]),
  ]
  const report = await reportOf(parts, types)
  const document = canonicalJson(report as unknown as Json)
  const index = await recordDocument(ledger, actor, document, { detail: { what: 'practices' } })
  const context = { ledgerKey: ledger.verifierKey, event: index, madeFor: actor.id }
  return [
    { name: 'README.txt', content: once(readme(index)) },
    { name: 'practices.pdf', content: practices.practicesPdf(report, context) },
    { name: 'practices.csv', content: once(practices.practicesCsv(report)) },
    { name: 'practices.json', content: once(document) },
    ...(await proofMembers(parts, actor, types)),
  ]
}

async function reportOf(
  { ledger, desk, config, practices, now }: PracticeParts,
  types: readonly EventType[],
): Promise<PracticeReport> {
  const rows: LedgerRow[] = []
  for await (const row of rowsOf(ledger, { types })) rows.push(row)
  const kept = await desk.assessments(MOST_ASSESSMENTS)
  return practices.practicesOf({
    ...{ gateway: config.gateway.name, now: now() },
    events: (wanted) => rows.filter(({ entry }) => wanted.includes(entry.type)),
    assessments: kept
      .filter(({ profile }) => profile === 'hipaa')
      .toReversed()
      .flatMap(({ id, assessment }) => {
        const made = rows.find(({ entry }) => entry.related === id)
        return made ? [{ assessment, index: made.index }] : []
      }),
  })
}

const readme = (event: number): string =>
  [
    'This report says since when each recognised security practice (Public Law 116-321, HICP 2023) has been in place without',
    'a gap, by the audit log and by the self-assessments.',
    '',
    `practices.json has the facts; its SHA-256 is in entry ${event} of the audit log. practices.csv has a line for each piece of`,
    'evidence, with the entries that show it. Open verify.html in a browser and give it ledger.zip: it checks, without a',
    'network, that the entries were recorded in the log and have not been changed since.',
    '',
  ].join('\r\n')
