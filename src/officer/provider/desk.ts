/** Audits of contracted reading groups: one PDF and one pack per group and year. */
import type { SiteConfig } from '../../config/index.js'
import { canonicalJson } from '../../lib/json.js'
import { once } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'
import type { Actor, EventType } from '../../ledger/log/index.js'
import { proofMembers, recordDocument } from '../ledger-package.js'
import type { PackageParts } from '../ledger-package.js'
import { READ } from './activity.js'
import { collectProvider } from './collect.js'
import type { ProviderFacts, ProviderSources } from './collect.js'
import { documentOf, readersCsv, sampleCsv } from './files.js'
import { providerPdf } from './pdf.js'

export interface ProviderParts extends PackageParts {
  readonly config: Pick<SiteConfig, 'gateway' | 'groups' | 'witnesses'>
  readonly provider: Omit<ProviderSources, 'ledger'>
  readonly now: () => number
}

/**
 * Records the audit, and returns its files. The current year is audited up to now.
 *
 * @throws NocturneError `not_found` for an unknown group or a year to come, `report_too_large`
 */
export async function auditProvider(
  parts: ProviderParts,
  actor: Actor,
  { group, year }: { readonly group: string; readonly year: number },
): Promise<readonly ZipMember[]> {
  const { ledger, config, provider, now } = parts
  const from = Date.UTC(year, 0, 1)
  const until = Math.max(from, Math.min(Date.UTC(year + 1, 0, 1), now()))
  const members = config.groups.find(({ id }) => id === group)?.readers
  const facts = await collectProvider({ ...provider, ledger }, { group, from, until }, members)
  const document = canonicalJson(documentOf(facts))
  const detail = { what: 'provider', year }
  const index = await recordDocument(ledger, actor, document, { group, detail })
  const context = {
    ...{ gateway: config.gateway.name, ledgerKey: ledger.verifierKey, event: index },
    askedBy: actor.id,
  }
  return [
    { name: 'README.txt', content: once(readme(facts, index)) },
    { name: 'provider.pdf', content: providerPdf(facts, context) },
    { name: 'provider.json', content: once(document) },
    { name: 'readers.csv', content: once(readersCsv(facts)) },
    { name: 'sample.csv', content: once(sampleCsv(facts)) },
    ...(await proofMembers(parts, actor, PROVING)),
  ]
}

/** What proves the facts: without a start, because keys and claims may be older than the year. */
const PROVING: readonly EventType[] = [
  ...READ,
  'certificate.changed',
  'key.checked',
  'register.added',
  'register.ended',
  'ledger.exported',
]

const readme = ({ scope }: ProviderFacts, event: number): string =>
  [
    `This is the audit of the reading group ${scope.group}, from ${new Date(scope.from).toISOString()} up to, but not`,
    `including, ${new Date(scope.until).toISOString()}.`,
    '',
    `provider.json has the facts; its SHA-256 is in entry ${event} of the audit log. provider.pdf shows the same in print,`,
    'readers.csv has a line for each reader, sample.csv one for each sampled transfer, with the entries that show its way.',
    '',
    'Open verify.html in a browser and give it ledger.zip: it checks, without a network, that the entries were recorded in',
    'the log and have not been changed since. ledger.zip also contains events of other groups: give a group only the PDF',
    'and the CSV files.',
    '',
  ].join('\r\n')
