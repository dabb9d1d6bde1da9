/** The map of safeguards as files: data, drawing, inventory, print, and the proof of when. */
import type {
  inventoryCsv,
  mapOf,
  MapSources,
  mapSvg,
  safeguardsPdf,
} from '../compliance/safeguards/index.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import { once } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import type { Actor, EventType } from '../ledger/log/index.js'
import { proofMembers, recordDocument } from './ledger-package.js'
import type { PackageParts } from './ledger-package.js'

export interface SafeguardParts extends PackageParts {
  readonly safeguards: {
    /** @param url where the gateway answers */
    sources(url: string): Promise<MapSources>
    readonly mapOf: typeof mapOf
    readonly mapSvg: typeof mapSvg
    readonly inventoryCsv: typeof inventoryCsv
    readonly safeguardsPdf: typeof safeguardsPdf
  }
}

const PROVING: readonly EventType[] = [
  'certificate.changed',
  'key.checked',
  'config.changed',
  'register.added',
  'register.ended',
  'backup.made',
  'drill.run',
  'ledger.exported',
]

/** Records the map, and returns its files. */
export async function exportSafeguards(
  parts: SafeguardParts,
  actor: Actor,
  url: string,
): Promise<readonly ZipMember[]> {
  const { ledger, safeguards } = parts
  const sources = await safeguards.sources(url)
  const map = safeguards.mapOf(sources)
  const document = canonicalJson(map as unknown as Json)
  const index = await recordDocument(ledger, actor, document, { detail: { what: 'safeguards' } })
  const context = { ledgerKey: ledger.verifierKey, event: index, madeFor: actor.id }
  return [
    { name: 'README.txt', content: once(readme(index)) },
    { name: 'safeguards.pdf', content: safeguards.safeguardsPdf(map, context) },
    { name: 'safeguards.svg', content: once(safeguards.mapSvg(map)) },
    { name: 'safeguards.json', content: once(document) },
    { name: 'inventory.csv', content: once(safeguards.inventoryCsv(map, sources)) },
    ...(await proofMembers(parts, actor, PROVING)),
  ]
}

const readme = (event: number): string =>
  [
    'These are the safeguards of the site from origin to distant site: the network map and the asset inventory.',
    '',
    `safeguards.json has the facts; its SHA-256 is in entry ${event} of the audit log. safeguards.svg is the map,`,
    'safeguards.pdf has a section for each facility, group and store, with weak points and next steps, inventory.csv a line',
    'for each asset. Open verify.html in a browser and give it ledger.zip: it checks, without a network, that the entries',
    'were recorded in the log and have not been changed since.',
    '',
  ].join('\r\n')
