/**
 * Writes `nocturne-ledger-package/v1` (see README.md): an export as a self-explanatory ZIP that can
 * serve as evidence.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { once } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'
import { VERSION } from '../../lib/version.js'
import { parseCheckpoint } from '../verify/checkpoint.js'
import type { Actor, LedgerRow } from '../log/events.js'
import { filtersOf } from './export.js'
import type { ExportQuery } from './export.js'
import { PACKAGE_FILES, PACKAGE_FORMAT } from '../verify/format.js'
import type { Ledger } from '../log/ledger.js'
import type { Receipt } from '../log/contract.js'
import { parseNote } from '../verify/note.js'
import { parseProof } from '../verify/proof.js'
import { createShownSet, prunedTree } from '../verify/pruned-tree.js'
import type { ShownSet } from '../verify/pruned-tree.js'
import { RENDERINGS } from './renderings.js'
import type { EntryJson, PackageFormat, Rendering } from './renderings.js'
import type { RecordSource } from '../records/objects.js'
import { exportedRows } from './rows.js'

export interface PackageRequest {
  readonly query: ExportQuery
  readonly format: PackageFormat
  readonly actor: Actor
  /** Receipt of the `ledger.exported` event that records this export. */
  readonly receipt: Receipt
  /** The gateway's address, which the renderings refer to. */
  readonly source: RecordSource
  /** The c2sp.org/tlog-policy of the log. */
  readonly policy: string
  /** The content of verify.html. */
  readonly page: Uint8Array
  /**
   * How long to wait for witnesses to cosign a checkpoint that includes the export's own event; 0
   * to skip.
   */
  readonly witnessMs: number
}

const POLL_MS = 200
/**
 * An entry never takes more than 4 KiB on average in any form, so exports below this size fit in 4
 * GiB; larger ones use Zip64.
 */
const LARGE_ROWS = 1_000_000

/**
 * The members of the ZIP, to be read once each and in order: the proof covers the entries seen
 * while reading the events. Memory holds one page of rows, and one bit per entry of the log.
 *
 * @throws NocturneError `database_unavailable`, `ledger_broken`; also while a member is being read
 */
export async function packageMembers(
  ledger: Ledger,
  request: PackageRequest,
): Promise<readonly ZipMember[]> {
  const { query, format, policy, page, source } = request
  const receipt = await witnessedReceipt(ledger, request)
  const signed = parseProof(receipt)?.checkpoint ?? ''
  const checkpoint = parseCheckpoint(parseNote(signed)?.text ?? '')
  if (!checkpoint) throw new TypeError('the ledger signs checkpoints')
  const { size, origin } = checkpoint
  const count = await ledger.count(query, size)
  const [exported] = (await ledger.query({ start: request.receipt.index, limit: 1 })).rows
  const rendering = RENDERINGS[format]
  const about: Json = {
    format: PACKAGE_FORMAT,
    rendering: format,
    origin,
    query: filtersOf(query),
    count,
    asked: {
      by: request.actor.id,
      role: request.actor.role,
      at: exported?.entry.time ?? '',
      event: request.receipt.index,
    },
    source: source.origin,
    versions: { nocturne: VERSION, entry: 1, ...(rendering && { rendering: rendering.version }) },
  }
  const shown = createShownSet(size)
  const mayBeLarge = count > LARGE_ROWS
  const rows = () => exportedRows(ledger, query, size)
  return [
    { name: 'verify.html', content: once(page) },
    { name: 'README.txt', content: once(readme(origin)) },
    { name: PACKAGE_FILES.query, content: once(`${canonicalJson(about)}\n`) },
    { name: PACKAGE_FILES.key, content: once(`${ledger.verifierKey}\n`) },
    { name: PACKAGE_FILES.policy, content: once(policy) },
    { name: PACKAGE_FILES.checkpoint, content: once(signed) },
    { name: PACKAGE_FILES.receipt, content: once(receipt) },
    { name: PACKAGE_FILES.events, content: eventLines(rows(), shown), mayBeLarge },
    ...(rendering
      ? [{ name: rendering.file, content: rendered(rows(), rendering, count, source), mayBeLarge }]
      : []),
    {
      name: PACKAGE_FILES.proof,
      content: prunedTree(size, shown, (height, index) => ledger.node(height, index, size)),
      mayBeLarge,
    },
  ]
}

/**
 * The receipt of the export's own event, under a checkpoint with cosignatures if witnesses sign in
 * time. It places who asked for what and when in the same signed log as the events.
 */
async function witnessedReceipt(
  ledger: Ledger,
  { receipt, witnessMs }: PackageRequest,
): Promise<string> {
  for (let waited = 0; ; waited += POLL_MS) {
    const proof = await ledger.proof(receipt.index)
    const signatures = parseNote(parseProof(proof)?.checkpoint ?? '')?.signatures.length ?? 0
    if (signatures > 1 || waited >= witnessMs) return proof
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function* eventLines(
  rows: AsyncIterable<LedgerRow>,
  shown: ShownSet,
): AsyncGenerator<string> {
  for await (const { index, entry } of rows) {
    shown.add(index)
    yield `${canonicalJson({ entry: asJson(entry), index })}\n`
  }
}

async function* rendered(
  rows: AsyncIterable<LedgerRow>,
  rendering: Rendering,
  count: number,
  source: RecordSource,
): AsyncGenerator<string> {
  yield rendering.head(count)
  let isFirst = true
  for await (const { index, entry } of rows) {
    const text = rendering.event(index, asJson(entry), source)
    yield isFirst ? text : `${rendering.between}${text}`
    isFirst = false
  }
  yield rendering.tail(count)
}

const asJson = (entry: LedgerRow['entry']): EntryJson => ({
  ...(entry as Omit<typeof entry, 'actor'>),
  actor: { ...entry.actor },
})

const readme = (origin: string): string =>
  [
    `This is an export of the audit log ${origin}.`,
    '',
    'Open verify.html in a browser and give it this ZIP. It checks, without a network, that every event in it was',
    'recorded in the log and has not been changed since, and shows the events.',
    '',
    'Or use a copy of nocturne from another source, with the key of the log that you were given:',
    '',
    '    nocturne audit verify THIS.zip --ledger-key KEY',
    '',
    'The page and the key are in the same ZIP as the events they check. Compare the key with the one you received when the',
    'gateway was set up: anyone who can forge a log can also forge a page and a key for it.',
    '',
  ].join('\r\n')
