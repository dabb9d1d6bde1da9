/** Exports of the ledger, for the server and for a command on the site's own files. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SiteConfig } from '../config/index.js'
import type {
  exportLedger,
  ExportQuery,
  packageMembers,
  PackageFormat,
} from '../ledger/export/index.js'
import type { Actor, EventInput, EventType, Ledger } from '../ledger/log/index.js'
import type { formatPolicy } from '../ledger/witness/index.js'
import { once, zipOf } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import { recordable } from './recordable.js'
import type { RecordableParts } from './recordable.js'

/**
 * Witnesses are asked within seconds of an event; one that does not answer delays evidence no
 * longer than this.
 */
const WITNESS_MS = 8_000

/** Built into a folder next to this file's; it needs no other file. */
const VERIFY_PAGE = new URL('../web/pages/verify.html', import.meta.url)

export interface PackageParts extends RecordableParts {
  readonly ledger: Ledger
  readonly config: Pick<SiteConfig, 'gateway' | 'witnesses'>
  readonly packaging: {
    readonly exportLedger: typeof exportLedger
    readonly packageMembers: typeof packageMembers
    readonly formatPolicy: typeof formatPolicy
  }
}

export async function exportEvents(
  parts: PackageParts,
  actor: Actor,
  query: ExportQuery,
): Promise<AsyncIterable<string>> {
  const { ledger, packaging } = parts
  await ledger.note({
    type: 'ledger.exported',
    outcome: 0,
    actor,
    detail: { what: 'events', query: recordable(query, parts) },
  })
  return packaging.exportLedger(ledger, query)
}

export async function exportPackage(
  parts: PackageParts,
  actor: Actor,
  query: ExportQuery,
  format: PackageFormat,
): Promise<AsyncIterable<Uint8Array>> {
  const { ledger, config, packaging } = parts
  const page = await readFile(VERIFY_PAGE)
  const receipt = await ledger.note({
    type: 'ledger.exported',
    outcome: 0,
    actor,
    detail: { what: 'events', format, query: recordable(query, parts) },
  })
  const { gateway, witnesses } = config
  const policy = packaging.formatPolicy(ledger.verifierKey, witnesses)
  const witnessMs = witnesses.length > 0 ? WITNESS_MS : 0
  return zipOf(
    await packaging.packageMembers(ledger, {
      ...{ query, format, actor, receipt, policy, page, witnessMs },
      source: { origin: gateway.origin ?? `https://${gateway.name}` },
    }),
  )
}

/** What proves a pack: the page that verifies events, and the events of these types. */
export const proofMembers = async (
  parts: PackageParts,
  actor: Actor,
  types: readonly EventType[],
): Promise<readonly ZipMember[]> => proofsOf(parts, actor, { types })

/** The same with every event from this index on. */
export const proofMembersFrom = async (
  parts: PackageParts,
  actor: Actor,
  start: number,
): Promise<readonly ZipMember[]> => proofsOf(parts, actor, { start })

const proofsOf = async (
  parts: PackageParts,
  actor: Actor,
  query: ExportQuery,
): Promise<readonly ZipMember[]> => [
  { name: 'verify.html', content: once(await readFile(VERIFY_PAGE)) },
  { name: 'ledger.zip', content: await exportPackage(parts, actor, query, 'csv') },
]

/**
 * Records that a document is given out, with its SHA-256, and returns the index of the event, which
 * the pack names.
 */
export async function recordDocument(
  ledger: Pick<Ledger, 'note'>,
  actor: Actor,
  document: string,
  { detail, ...about }: Pick<EventInput, 'group' | 'detail'>,
): Promise<number> {
  const digest = createHash('sha256').update(document).digest('hex')
  const { index } = await ledger.note({
    ...{ type: 'ledger.exported', outcome: 0, actor, ...about },
    detail: { ...detail, digest },
  })
  return index
}
