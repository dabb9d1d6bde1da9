/**
 * Exports the ledger as a ZIP, for the server and for a command that works on the site's own files.
 */
import { readFile } from 'node:fs/promises'
import { formatPolicy } from '../ledger/witness/index.js'
import { packageMembers } from '../ledger/export/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { ExportQuery, PackageFormat } from '../ledger/export/index.js'
import { zipOf } from '../lib/zip.js'
import type { SiteConfig } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import { recordable } from './recordable.js'

/**
 * Witnesses are normally asked within seconds of an event; an export waits no longer than this for
 * one that does not answer.
 */
const WITNESS_MS = 8_000

/** Built next to this file's folder; the page is self-contained. */
export const VERIFY_PAGE = new URL('../web/pages/verify.html', import.meta.url)

export interface PackageRooms {
  readonly ledger: Ledger
  readonly directory: Pick<Directory, 'principal'>
  readonly site: { readonly config: Pick<SiteConfig, 'gateway' | 'witnesses'> }
}

/**
 * Records the export, then returns the ZIP as a stream while it is written.
 *
 * @throws NocturneError `ledger_unavailable`, `database_unavailable`, `ledger_broken`
 */
export async function exportPackage(
  { ledger, directory, site }: PackageRooms,
  actor: Actor,
  query: ExportQuery,
  format: PackageFormat,
): Promise<AsyncIterable<Uint8Array>> {
  const page = await readFile(VERIFY_PAGE)
  const receipt = await ledger.note({
    type: 'ledger.exported',
    outcome: 0,
    actor,
    detail: { what: 'events', format, query: recordable(query, directory) },
  })
  const { gateway, witnesses } = site.config
  const policy = formatPolicy(ledger.verifierKey, witnesses)
  const witnessMs = witnesses.length > 0 ? WITNESS_MS : 0
  return zipOf(
    await packageMembers(ledger, {
      ...{ query, format, actor, receipt, policy, page, witnessMs },
      source: { origin: gateway.origin ?? `https://${gateway.name}` },
    }),
  )
}
