/**
 * What is unusual since the last review, as files, with the entries that show it and their proofs.
 */
import { csvRecord } from '../../lib/csv.js'
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { once } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'
import type { Actor } from '../../ledger/log/index.js'
import { proofMembersFrom, recordDocument } from '../ledger-package.js'
import type { PackageParts } from '../ledger-package.js'
import type { ShownAnomalies } from './anomalies.js'

/** Records that the anomalies were read and given out, and returns the files. */
export async function exportAnomalies(
  parts: PackageParts,
  keeping: { anomalies(actor: Actor): Promise<ShownAnomalies> },
  actor: Actor,
): Promise<readonly ZipMember[]> {
  const shown = await keeping.anomalies(actor)
  const document = canonicalJson(shown as unknown as Json)
  const detail = { what: 'anomalies', anomalies: shown.anomalies.length }
  const event = await recordDocument(parts.ledger, actor, document, { detail })
  // A rule may name an entry from before the last review.
  const start = Math.min(shown.reviewed, ...shown.anomalies.flatMap(({ entries }) => entries))
  return [
    { name: 'README.txt', content: once(readme(shown, event)) },
    { name: 'anomalies.csv', content: once(anomaliesCsv(shown)) },
    { name: 'anomalies.json', content: once(document) },
    ...(await proofMembersFrom(parts, actor, start)),
  ]
}

function anomaliesCsv({ anomalies }: ShownAnomalies): string {
  const head = ['rule', 'subject', 'reason', 'count', 'ledger_entries']
  const rows = anomalies.map(({ rule, subject, reason, count, entries }) => [
    ...[rule, subject, reason, String(count), entries.join(' ')],
  ])
  return [head, ...rows].map(csvRecord).join('')
}

const readme = ({ reviewed, end, anomalies }: ShownAnomalies, event: number): string =>
  [
    `What was unusual in entries ${reviewed} to ${end - 1} of the audit log (45 CFR 164.308(a)(1)(ii)(D)): ${anomalies.length} findings, each`,
    'with the reason it was picked. They are where a review begins, not its result.',
    '',
    `anomalies.json has the findings; its SHA-256 is in entry ${event} of the audit log. anomalies.csv has a line for each. Open`,
    'verify.html in a browser and give it ledger.zip: it checks, without a network, that the entries were recorded in the',
    'log and have not been changed since.',
    '',
  ].join('\r\n')
